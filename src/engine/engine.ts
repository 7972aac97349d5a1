import type { Socket } from 'node:net';
import type { Dispatcher } from 'undici';
import type { Clock } from '../common/clock.ts';
import type { Random } from '../common/random.ts';
import type { Snapshot } from '../config/snapshot.ts';
import type { RouteConfigurationSpec } from '../route/model.ts';
import { StatsRegistry, type NamePattern, type RouteStatKey } from '../telemetry/stats-registry.ts';
import { ActiveCalls } from './active-calls.ts';
import type { LoggedCall } from './call-info.ts';
import { boundedLookup } from './bounded-lookup.ts';
import type { BlockedAttempt } from './egress.ts';
import type { CallSettings, EngineContext } from './engine-context.ts';
import { ClusterManager, type ClusterManagerOptions } from './cluster-manager.ts';
import type { HttpsOptions } from './client-tls.ts';
import { ConnectionCalls, type CallerAddresses } from './connection-calls.ts';
import type { LoggedConnection } from './connection-info.ts';
import { assertAddress } from './listener-for.ts';
import { MirrorSender } from './mirror-sender.ts';
import type { Lookup } from './dns-members.ts';
import type { MeshRequest } from './mesh-request.ts';
import { requestBody } from './request-body.ts';
import { RequestWalk } from './request-walk.ts';
import { TcpWalk, type ConnectionContext, type ConnectRequest } from './tcp-walk.ts';
import { UpgradeHandler } from './upgraded-stream.ts';

export interface EngineOptions extends ClusterManagerOptions, CallSettings {
  readonly clock: Clock;
  readonly random: Random;
  /** For https calls. */
  readonly https?: HttpsOptions | undefined;
  /** Called once for each request when it is over. */
  readonly onFinished?: ((call: LoggedCall) => void) | undefined;
  /** Called when the outbound policy refuses a call or a connection. */
  readonly onBlocked?: ((attempt: BlockedAttempt) => void) | undefined;
  /** Called once for each connection that is not HTTP, when it is refused or over. */
  readonly onConnectionOver?: ((connection: LoggedConnection) => void) | undefined;
}

/**
 * Everything that lives longer than a request: the snapshot in force, the clusters with their connections and health,
 * the statistics. Doors give it requests.
 */
export class Engine implements EngineContext, ConnectionContext {
  readonly options: EngineOptions;
  readonly clock: Clock;
  readonly random: Random;
  readonly stats = new StatsRegistry();
  readonly clusters: ClusterManager;
  readonly mirrors: MirrorSender;
  /** Requests that are not over. */
  readonly #active = new ActiveCalls<RequestWalk>();
  readonly #connections = new Set<TcpWalk>();
  readonly #connectionCalls: ConnectionCalls;
  #snapshot: Snapshot;
  #onIdle: (() => void)[] = [];

  constructor(options: EngineOptions, snapshot: Snapshot) {
    this.options = { ...options, lookup: boundedLookup(options.lookup, options.clock) };
    this.clock = options.clock;
    this.random = options.random;
    this.#snapshot = snapshot;
    this.clusters = new ClusterManager(this.options, this.stats);
    this.clusters.update(snapshot);
    this.stats.keepRoutes(countedRoutes(snapshot));
    this.mirrors = new MirrorSender(this);
    this.#connectionCalls = new ConnectionCalls((request) => this.connect(request).opened, options.https);
  }

  get snapshot(): Snapshot {
    return this.#snapshot;
  }

  /** One assignment; requests under way keep the snapshot they started with. */
  use(snapshot: Snapshot): void {
    this.#snapshot = snapshot;
    this.clusters.update(snapshot);
    this.stats.keepRoutes(countedRoutes(snapshot));
    // They may have been opened to what is no longer registered.
    if (snapshot.settings.outboundTrafficPolicy === 'REGISTRY_ONLY') this.#connectionCalls.renew();
  }

  /** Sends `request` on its walk. `handler` hears of it as of a request on a connection. */
  dispatch(request: MeshRequest, handler: Dispatcher.DispatchHandler): void {
    const walk = new RequestWalk(this, this.#snapshot, request, handler);
    this.#active.add(walk);
    try {
      walk.run();
    } catch (error) {
      // A door's handler threw, or a rule can't be carried out: this call ends, and gives back what it holds.
      walk.abort(error as Error);
    }
  }

  /**
   * As {@link dispatch}, for a request to go on with `upgrade`: once the endpoint agrees, `handler` gets the connection by `onRequestUpgrade`.
   * The request's own body does not count.
   */
  dispatchUpgrade(request: Omit<MeshRequest, 'body'> & { readonly upgrade: string }, handler: Dispatcher.DispatchHandler): void {
    const upgrading = new UpgradeHandler(handler);
    // To keep what was said would be of no use: by then nothing is tried again.
    this.dispatch({ ...request, body: requestBody(upgrading.body as never, 0) }, upgrading);
  }

  /** Opens a connection that is not HTTP, to wherever the rules send it. Rejects with a `MeshError` where Envoy would close it. Throws as {@link assertAddress}. */
  connect(request: ConnectRequest): { readonly opened: Promise<Socket>; abort(error: Error): void } {
    assertAddress(request.originalDst);
    const walk = new TcpWalk(this, this.#snapshot, request);
    this.#connections.add(walk);
    return { opened: walk.open(), abort: (error) => walk.abort(error) };
  }

  connectionOver(connection: TcpWalk): void {
    this.#connections.delete(connection);
    this.options.onConnectionOver?.(connection);
  }

  get lookup(): Lookup {
    return this.options.lookup;
  }

  /** An HTTP call that is bytes on a connection, since no service that speaks HTTP is there. */
  dispatchOnConnection(options: Dispatcher.DispatchOptions, addresses: CallerAddresses, handler: Dispatcher.DispatchHandler): void {
    this.#connectionCalls.dispatch(options, addresses, handler);
  }

  /** All statistics as they are now, under Envoy's names. */
  collect(pattern?: NamePattern): Map<string, number> {
    for (const cluster of this.clusters.live()) cluster.settle();
    for (const { port } of configurationsOf(this.#snapshot)) this.stats.faults(port);
    return this.stats.collect(pattern, this.clusters.unused(this.#snapshot));
  }

  finished(call: LoggedCall): void {
    this.#active.remove(call as RequestWalk);
    this.options.onFinished?.(call);
    if (this.#active.size === 0) for (const listener of this.#onIdle.splice(0)) listener();
  }

  blocked(attempt: BlockedAttempt): void {
    this.stats.egressBlocked++;
    this.options.onBlocked?.(attempt);
  }

  /** Resolves when no request is under way. */
  idle(): Promise<void> {
    return this.#active.size === 0 ? Promise.resolve() : new Promise((resolve) => this.#onIdle.push(resolve));
  }

  /** Ends what is under way with `error`, and closes every connection. */
  close(error: Error): void {
    for (const walk of this.#active.list()) walk.abort(error);
    this.#connectionCalls.close(error);
    for (const connection of [...this.#connections]) connection.abort(error);
    this.mirrors.close(error);
    this.clusters.close(error);
  }
}

/** The routes with a `statPrefix`, which are counted by themselves. */
function* countedRoutes({ routes, httpsRoutes }: Snapshot): Generator<RouteStatKey> {
  for (const { name, routes: entries } of [...routes.counted, ...httpsRoutes.counted]) {
    for (const { statPrefix } of entries) if (statPrefix !== undefined) yield { virtualHost: name, statPrefix };
  }
}

function configurationsOf({ routes, httpsRoutes }: Snapshot): readonly RouteConfigurationSpec[] {
  return [...routes.configurations, ...httpsRoutes.configurations];
}
