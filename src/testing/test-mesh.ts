import type { Dispatcher } from 'undici';
import type { MeshError } from '../common/errors.ts';
import type { ConfigChange } from '../mesh-config.ts';
import type { MeshDispatcher } from '../mesh-dispatcher.ts';
import { createFetch } from '../mesh-fetch.ts';
import type { ConfigSource, MeshOptions } from '../mesh-options.ts';
import { Mesh, partsOf, type MeshRequestOptions } from '../mesh.ts';
import { requestUrl } from '../request/lean-request.ts';
import type { CallList } from './call-log.ts';
import type { CoverageReport } from './coverage.ts';
import type { TestFault } from './fault.ts';
import type { Furniture } from './furnish.ts';
import { AutoClock, type TestClock } from './test-clock.ts';
import { TestDispatcher } from './test-dispatcher.ts';
import type { TestWorld } from './test-world.ts';

/** As it was before mocks began to listen, so that calls to services of the mesh are not theirs. */
const nativeFetch = globalThis.fetch;

/** Reads the first configuration of a test mesh; set below, where its parts are at hand. */
export let begin: (mesh: TestMesh, config: ConfigSource | undefined) => Promise<void>;

/**
 * A mesh for tests: its services are in this process, its time is virtual, its chance seeded, and nothing of it reaches the network. Everything
 * else is the mesh that runs in production. Make one with {@link createTestMesh}.
 */
export class TestMesh extends Mesh {
  /** The mesh's time. */
  readonly clock: TestClock;
  /** What chance is made of: the same seed gives the same run. Failures of the kit's own assertions name it. */
  readonly seed: number;
  /** Of the caller: short names of services are of it. */
  readonly namespace: string;
  readonly #world: TestWorld;
  readonly #furniture: Furniture;

  /** @internal Use `createTestMesh`. */
  constructor(options: MeshOptions & { readonly seed: number }, world: TestWorld, furniture: Furniture) {
    super(options);
    this.clock = world.clock;
    this.seed = options.seed;
    this.namespace = options.workload?.namespace ?? 'default';
    this.#world = world;
    this.#furniture = furniture;
    const inner = this.dispatcher as MeshDispatcher;
    const dispatcher = new TestDispatcher(world.door(inner, () => this.snapshot));
    const refusal = (origin: string): MeshError | undefined => inner.refusal(origin);
    const fetch = createFetch({ dispatch: (request, handler) => dispatcher.dispatch(request, handler), refusal, native: nativeFetch });
    // All doors are that one, so that nothing gets past it.
    Object.assign(this, { dispatcher, fetch });
  }

  override request(url: string | URL, options: MeshRequestOptions = {}): Promise<Dispatcher.ResponseData> {
    return requestUrl(this.dispatcher, url, options);
  }

  /** As of a `Mesh`; services that come without endpoints get some. */
  override async apply(source: ConfigSource, options: { readonly strict?: boolean } = {}): Promise<ConfigChange> {
    await this.#furniture.furnishFor(source, this.snapshot.resources, partsOf(this).compile);
    const change = await super.apply(source, options);
    this.#world.coverage.declare(this.snapshot);
    return change;
  }

  override async delete(reference: string): Promise<ConfigChange> {
    const change = await super.delete(reference);
    this.#world.coverage.declare(this.snapshot);
    return change;
  }

  /** As of a `Mesh`; time goes on by itself then, also one that was taken in hand. */
  override async close(options: { readonly drainMs?: number } = {}): Promise<void> {
    const { clock } = this;
    if (!(clock instanceof AutoClock)) return super.close(options);
    clock.auto = true;
    const end = clock.waits();
    await super.close(options);
    end();
  }

  /**
   * What arrived at services, and what was answered before it could: each try and each mirrored copy is one record. `calls.for('reviews')` are
   * those of one service, `calls.for('reviews/v2')` those of one subset. The list is live; {@link reset} empties it.
   */
  get calls(): CallList {
    return this.#world.log.list;
  }

  /**
   * Lets something go wrong at a service (`ratings`) or one of its subsets (`reviews/v2`). Of several faults for one request the one made last
   * counts.
   *
   * @returns takes it away: `using fault = mesh.fault(…)`
   * @throws {MeshError} `ERR_INVALID_ARGUMENT` for a service that there is not, and for faults that mean nothing.
   */
  fault(service: string, fault: TestFault): Disposable {
    return this.#world.faults.add(service, fault, this.snapshot);
  }

  /** Takes all faults away. */
  clearFaults(): void {
    this.#world.faults.clear();
  }

  /** Forgets the calls so far and takes all faults away, for the next test. Ejections, connections, statistics and time stay as they are. */
  reset(): void {
    this.forgetCalls();
    this.clearFaults();
  }

  /** Empties {@link calls}. */
  forgetCalls(): void {
    this.#world.log.clear();
  }

  /** Which rules calls have reached, so far, through this mesh and all that share its {@link RouteCoverage}. */
  coverage(): CoverageReport {
    return this.#world.coverage.report();
  }

  static {
    begin = async (mesh, config) => {
      if (config !== undefined) await mesh.apply(config);
      mesh.#furniture.check(mesh.snapshot);
    };
  }
}

