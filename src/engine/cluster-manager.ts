import type { ClusterSpec } from '../cluster/model.ts';
import { LayeredMap } from '../common/layered-map.ts';
import type { Snapshot } from '../config/snapshot.ts';
import { ClusterStats } from '../telemetry/cluster-stats.ts';
import type { StatsRegistry } from '../telemetry/stats-registry.ts';
import { UpstreamCluster, type ClusterEnvironment } from './upstream-cluster.ts';

export type ClusterManagerOptions = ClusterEnvironment;

/**
 * The clusters of the snapshot in force, at run time. A cluster comes to life when it is first used, so that thousands of
 * declared ones cost next to nothing, and lives on through every snapshot that still has its name.
 */
export class ClusterManager {
  readonly #environment: ClusterEnvironment;
  readonly #stats: StatsRegistry;
  readonly #live = new Map<string, UpstreamCluster>();
  /** Those of the snapshot in force. */
  #clusters: Snapshot['clusters'] = new Map();
  /** What came to life for requests of earlier snapshots. */
  readonly #stragglers = new Set<string>();
  #inForceSinceMs = 0;

  constructor(environment: ClusterEnvironment, stats: StatsRegistry) {
    this.#environment = environment;
    this.#stats = stats;
  }

  /**
   * The cluster of that name, or `undefined` when the snapshot has none (`NC`).
   *
   * @param snapshot - the one its request started with. A straggler may name a cluster that is gone meanwhile; it comes
   *   back to life until the next change.
   */
  get(name: string, snapshot: Pick<Snapshot, 'clusters'>): UpstreamCluster | undefined {
    const live = this.#live.get(name);
    if (live !== undefined) return live;
    const spec = snapshot.clusters.get(name);
    if (spec === undefined) return undefined;
    const cluster = new UpstreamCluster(spec, this.#stats.cluster(name), this.#environment, this.#inForceSinceMs);
    this.#live.set(name, cluster);
    if (this.#clusters.get(name) !== spec) this.#stragglers.add(name);
    return cluster;
  }

  /** The cluster if it has been used. */
  peek(name: string): UpstreamCluster | undefined {
    return this.#live.get(name);
  }

  /** The statistics of those that have not been used: made for the asking, and kept by no one. */
  *unused({ clusters }: Pick<Snapshot, 'clusters'>): IterableIterator<readonly [name: string, stats: ClusterStats]> {
    for (const [name, spec] of clusters) {
      if (!this.#live.has(name)) yield [name, new UpstreamCluster(spec, new ClusterStats(), this.#environment).stats];
    }
  }

  /** Those that have been used. */
  live(): IterableIterator<UpstreamCluster> {
    return this.#live.values();
  }

  update({ clusters }: Pick<Snapshot, 'clusters'>): void {
    this.#inForceSinceMs = this.#environment.clock.now();
    const differences = clusters instanceof LayeredMap ? (clusters as LayeredMap<string, ClusterSpec>).differences(this.#clusters) : undefined;
    const names = differences === undefined ? [...this.#live.keys()] : [...differences, ...this.#stragglers];
    this.#clusters = clusters;
    this.#stragglers.clear();
    for (const name of names) {
      const cluster = this.#live.get(name);
      if (cluster === undefined) continue;
      const spec = clusters.get(name);
      if (spec !== undefined) {
        cluster.update(spec);
        continue;
      }
      this.#live.delete(name);
      this.#stats.removeCluster(name);
      cluster.drain();
    }
  }

  close(error: Error): void {
    for (const cluster of this.#live.values()) cluster.destroy(error);
  }
}
