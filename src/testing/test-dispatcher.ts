import type { Dispatcher } from 'undici';
import type { MeshError } from '../common/errors.ts';
import { egressOf } from '../engine/egress.ts';
import { parseOrigin } from '../engine/target.ts';
import type { Snapshot } from '../config/snapshot.ts';
import { MeshDispatcher, type DoorContext, type MeshCallOptions } from '../mesh-dispatcher.ts';
import { WatchedCall, type CallWatcher } from './watched-call.ts';

/** What the door of a test mesh needs of it. */
export interface TestDoor {
  readonly inner: MeshDispatcher;
  snapshot(): Snapshot;
  /** A call begins; called before anything of it is decided. */
  begin(): CallWatcher & { readonly touch: () => void; /** What began is under way. */ readonly begun: () => void };
  /** What a call that would leave the mesh gets; `undefined`: it may. */
  refusal(origin: string): MeshError | undefined;
}

/** The dispatcher of a test mesh: nothing gets past the mesh into the network, and every call is watched. */
export class TestDispatcher extends MeshDispatcher {
  readonly #door: TestDoor;

  constructor(door: TestDoor) {
    // Whoever asks whether a dispatcher is a mesh's has to hear yes; what that needs of a mesh is the inner one's.
    super(undefined as unknown as DoorContext);
    this.#door = door;
  }

  override dispatch(options: Dispatcher.DispatchOptions & MeshCallOptions, handler: Dispatcher.DispatchHandler): boolean {
    const { inner } = this.#door;
    const watcher = this.#door.begin();
    try {
      const target = parseOrigin(options.origin ?? '');
      const leaves = egressOf(this.#door.snapshot(), target, options).kind === 'passthrough';
      const refused = leaves ? this.#door.refusal(`${target.scheme}://${target.authority}`) : undefined;
      if (refused !== undefined) {
        void Promise.resolve().then(() => {
          watcher.onOver(undefined);
          handler.onResponseError?.(NO_CONTROLLER, refused);
        });
        return true;
      }
      const more = inner.dispatch(options, new WatchedCall(handler, watcher, watcher.touch));
      watcher.begun();
      return more;
    } catch (error) {
      watcher.onOver(undefined);
      throw error;
    }
  }

  override refusal(origin: string): MeshError | undefined {
    return this.#door.inner.refusal(origin);
  }

  override close(): Promise<void>;
  override close(callback: () => void): void;
  override close(callback?: () => void): Promise<void> | void {
    return callback === undefined ? this.#door.inner.close() : this.#door.inner.close(callback);
  }
}

const NO_CONTROLLER: Dispatcher.DispatchController = { aborted: true, paused: false, reason: null, abort: () => {}, pause: () => {}, resume: () => {} };
