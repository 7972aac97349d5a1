import type { Dispatcher } from 'undici';
import type { Clock } from '../common/clock.ts';
import type { Random } from '../common/random.ts';
import type { Snapshot } from '../config/snapshot.ts';
import { StatsRegistry, type NamePattern } from '../telemetry/stats-registry.ts';
import { ClusterManager, type ClusterManagerOptions } from './cluster-manager.ts';
import { MirrorSender } from './mirror-sender.ts';
import { RequestWalk, type MeshRequest } from './request-walk.ts';

export interface EngineOptions extends ClusterManagerOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Makes an `x-request-id`. */
  readonly uuid: () => string;
  /** Whether B3 trace headers are added to calls that have no trace context. */
  readonly tracing: boolean;
  /** Whether mirrored copies get `-shadow` in their Host, as Istio did before 1.28. */
  readonly shadowHosts: boolean;
  /** The workload's own address, for `x-forwarded-for` of copies and access logs. */
  readonly workloadAddress: string;
  /** Called once for each request when it is over. */
  readonly onFinished?: ((walk: RequestWalk) => void) | undefined;
}

/**
 * Everything that lives longer than a request: the snapshot in force, the clusters with their connections and health,
 * the statistics. Doors give it requests.
 */
export class Engine {
  readonly options: EngineOptions;
  readonly clock: Clock;
  readonly random: Random;
  readonly stats = new StatsRegistry();
  readonly clusters: ClusterManager;
  readonly mirrors: MirrorSender;
  /** Requests that are not over. */
  active = 0;
  #snapshot: Snapshot;
  #onIdle: (() => void)[] = [];

  constructor(options: EngineOptions, snapshot: Snapshot) {
    this.options = options;
    this.clock = options.clock;
    this.random = options.random;
    this.#snapshot = snapshot;
    this.clusters = new ClusterManager(options, this.stats);
    this.clusters.update(snapshot);
    this.mirrors = new MirrorSender(this);
  }

  get snapshot(): Snapshot {
    return this.#snapshot;
  }

  /** One assignment; requests under way keep the snapshot they started with. */
  use(snapshot: Snapshot): void {
    this.#snapshot = snapshot;
    this.clusters.update(snapshot);
  }

  /** Sends `request` on its walk. `handler` hears of it as of a request on a connection. */
  dispatch(request: MeshRequest, handler: Dispatcher.DispatchHandler): void {
    this.active++;
    new RequestWalk(this, this.#snapshot, request, handler).run();
  }

  /** All statistics as they are now, under Envoy's names. */
  collect(pattern?: NamePattern): Map<string, number> {
    for (const cluster of this.clusters.live()) cluster.settle();
    for (const { port } of this.#snapshot.routes.configurations) this.stats.faults(port);
    return this.stats.collect(pattern, this.clusters.unused(this.#snapshot));
  }

  /** Called by each walk once. */
  finished(walk: RequestWalk): void {
    this.active--;
    this.options.onFinished?.(walk);
    if (this.active === 0) for (const listener of this.#onIdle.splice(0)) listener();
  }

  /** Resolves when no request is under way. */
  idle(): Promise<void> {
    return this.active === 0 ? Promise.resolve() : new Promise((resolve) => this.#onIdle.push(resolve));
  }

  close(error: Error): void {
    this.clusters.close(error);
  }
}
