import { ClusterStats } from './cluster-stats.ts';
import { RouteStats } from './route-stats.ts';

/** Faults of the requests that came in on one listener. Source: Envoy fault filter statistics. */
export class FaultStats {
  delays_injected = 0;
  aborts_injected = 0;
  /** Requests held back by a delay now, or being aborted; rises and falls. */
  active_faults = 0;
  /** Istio limits neither how many faults are under way nor the rate of an answer: always 0. */
  readonly faults_overflow = 0;
  readonly response_rl_injected = 0;
}

/** The routes of one virtual host that share a `statPrefix`. */
export interface RouteStatKey {
  /** Such as `reviews.default.svc.cluster.local:9080`. */
  readonly virtualHost: string;
  readonly statPrefix: string;
}

/** Anything that says whether a name is wanted: a regular expression (without the `g` flag), or a test of your own. */
export interface NamePattern {
  test(name: string): boolean;
}

/** All statistics of a mesh. Counting is done on the objects it hands out; names are only made when they are read. */
export class StatsRegistry {
  /** Calls and connections that the outbound policy refused. */
  egressBlocked = 0;
  readonly #clusters = new Map<string, ClusterStats>();
  readonly #faults = new Map<number, FaultStats>();
  readonly #routes = new Map<string, { readonly key: RouteStatKey; readonly stats: RouteStats }>();

  /** The statistics of the cluster `name`, new ones at the first call. */
  cluster(name: string): ClusterStats {
    let stats = this.#clusters.get(name);
    if (stats === undefined) this.#clusters.set(name, (stats = new ClusterStats()));
    return stats;
  }

  /** Forgets a cluster that is gone. */
  removeCluster(name: string): void {
    this.#clusters.delete(name);
  }

  /** The fault statistics of the HTTP listener on `port`, new ones at the first call. */
  faults(port: number): FaultStats {
    let stats = this.#faults.get(port);
    if (stats === undefined) this.#faults.set(port, (stats = new FaultStats()));
    return stats;
  }

  /** The statistics of routes with a `statPrefix`, new ones at the first call. */
  route(key: RouteStatKey): RouteStats {
    const name = routeName(key);
    let entry = this.#routes.get(name);
    if (entry === undefined) this.#routes.set(name, (entry = { key, stats: new RouteStats() }));
    return entry.stats;
  }

  /** Forgets every route that is not among `keys`, and begins to count for those that are new. */
  keepRoutes(keys: Iterable<RouteStatKey>): void {
    const kept = new Set<string>();
    for (const key of keys) {
      this.route(key);
      kept.add(routeName(key));
    }
    for (const name of this.#routes.keys()) if (!kept.has(name)) this.#routes.delete(name);
  }

  /** All routes with a `statPrefix` and their statistics. */
  routes(): IterableIterator<{ readonly key: RouteStatKey; readonly stats: RouteStats }> {
    return this.#routes.values();
  }

  /** Every cluster with its statistics. */
  clusters(): IterableIterator<[name: string, stats: ClusterStats]> {
    return this.#clusters.entries();
  }

  /** Every HTTP listener's port with its fault statistics. */
  listeners(): IterableIterator<[port: number, stats: FaultStats]> {
    return this.#faults.entries();
  }

  /**
   * Names and values, sorted by name, as Envoy's admin page lists them under Istio:
   * `cluster.outbound|9080|v1|reviews.default.svc.cluster.local;.upstream_rq_total`.
   *
   * @param pattern only names that pass it.
   * @param unused clusters that exist but were never called, so that nothing has counted for them yet.
   */
  collect(pattern?: NamePattern, unused: Iterable<readonly [name: string, stats: ClusterStats]> = []): Map<string, number> {
    const found: [string, number][] = [];
    const add = (name: string, value: number): void => {
      if (pattern === undefined || pattern.test(name)) found.push([name, value]);
    };
    for (const clusters of [this.#clusters, unused]) {
      for (const [name, stats] of clusters) {
        const prefix = `cluster.${statName(name)};.`;
        stats.visit((stat, value) => add(prefix + stat, value));
      }
    }
    for (const [port, stats] of this.#faults) {
      for (const [stat, value] of Object.entries(stats)) add(`http.outbound_0.0.0.0_${port};.fault.${stat}`, Number(value));
    }
    for (const [name, { stats }] of this.#routes) stats.visit((stat, value) => add(`${name}.${stat}`, value));
    add('ts_mesh.egress_blocked', this.egressBlocked);
    return new Map(found.sort(([a], [b]) => (a < b ? -1 : 1)));
  }
}

/** Unlike in a cluster's name, colons stay. Source: Envoy `RouteStatsContextImpl`, which joins names as they are. */
function routeName({ virtualHost, statPrefix }: RouteStatKey): string {
  return `vhost.${virtualHost}.route.${statPrefix}`;
}

/** Envoy takes colons for separators and replaces them in names. */
function statName(name: string): string {
  return name.replaceAll(':', '_');
}
