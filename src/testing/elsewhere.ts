import { Agent, Dispatcher, getGlobalDispatcher } from 'undici';
import { isMeshDispatcher } from '../mesh-dispatcher.ts';

/** A connection to where nothing may go: every call on it ends with one error. */
export class RefusingDispatcher extends Dispatcher {
  readonly #error: Error;

  constructor(error: Error) {
    super();
    this.#error = error;
  }

  override dispatch(_options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    const controller = { aborted: true, paused: false, reason: this.#error, abort: () => {}, pause: () => {}, resume: () => {} };
    void Promise.resolve().then(() => handler.onResponseError?.(controller, this.#error));
    return true;
  }
}

let network: Agent | undefined;

/** A connection out of the mesh: by the process's dispatcher, which may be a mock, to the network. */
export class OutgoingDispatcher extends Dispatcher {
  readonly #origin: string;

  constructor(origin: string) {
    super();
    this.#origin = origin;
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    const current = getGlobalDispatcher();
    // One that is a mesh's would send the call back.
    const dispatcher = isMeshDispatcher(current) ? (network ??= new Agent()) : current;
    return dispatcher.dispatch({ ...options, origin: this.#origin }, handler);
  }
}
