import { isIP, type Socket } from 'node:net';
import type { Host } from '../cluster/host.ts';
import { MeshError } from '../common/errors.ts';
import type { Explanation } from '../common/explanation.ts';
import { formatOrigin } from '../common/origin.ts';
import { xxHash64 } from '../common/xxhash64.ts';
import type { Snapshot } from '../config/snapshot.ts';
import type { FilterChain } from '../route/filter-chains.ts';
import type { AccessRecord } from '../telemetry/access-log.ts';
import { FLAG, formatConnectionFlags } from '../telemetry/response-flags.ts';
import { plainVariable } from './call-variables.ts';
import type { ConnectionInfo, LoggedConnection } from './connection-info.ts';
import { ConnectionLifetime } from './connection-lifetime.ts';
import type { DialWaiter } from './dial.ts';
import type { Downstream } from './downstream.ts';
import type { Lookup } from './dns-members.ts';
import type { EngineContext } from './engine-context.ts';
import { explainConnection } from './explain.ts';
import { dialledHost, listenerFor } from './listener-for.ts';
import { isByAddress, mayTake } from './registered.ts';
import type { Dialled, UpstreamCluster } from './upstream-cluster.ts';

/** A connection that somebody asks for. */
export interface ConnectRequest {
  /** Name or IP address, without brackets. */
  readonly host: string;
  readonly port: number;
  /** SNI of the TLS handshake that the caller is going to make; absent: the bytes are not TLS. */
  readonly servername?: string | undefined;
  /** `ip:port` that the caller dialled, where that is known; default: whatever `host` leads to. */
  readonly originalDst?: string | null | undefined;
  /** The caller's own address, for balancing by source. */
  readonly sourceAddress?: string | undefined;
  /** Whether the outbound policy has refused it already, so that it is only counted and told. */
  readonly refused?: boolean;
  /** The chain that it was given on a listener of its own. Default: the one that host, port and servername lead to. */
  readonly chain?: FilterChain;
  /** Absent in process. */
  readonly downstream?: Downstream | undefined;
  /** Default `connect`. */
  readonly openedFor?: ConnectionInfo['openedFor'];
  /** Tells the decisions of the call that it is for. Default: those of the connection. */
  readonly explain?: () => Explanation;
}

/** What a connection on its way needs of the engine. */
export interface ConnectionContext extends EngineContext {
  readonly lookup: Lookup;
  /** Called by each connection once, when it is refused or over. */
  connectionOver(connection: TcpWalk): void;
}

/**
 * One connection that is not HTTP on its way: listener → filter chain → weighted destination → cluster → endpoint, tried
 * once. Source: Envoy `tcp_proxy`.
 */
export class TcpWalk implements DialWaiter, LoggedConnection {
  readonly #engine: ConnectionContext;
  readonly #snapshot: Snapshot;
  readonly #request: ConnectRequest;
  readonly #startedAtMs: number;
  #chain: FilterChain | undefined;
  #inspected = false;
  #address: string | undefined;
  #clusterName = '';
  #cluster: UpstreamCluster | undefined;
  #where: Dialled = {};
  #host: Host | undefined;
  #socket: Socket | undefined;
  #localAddress: string | undefined;
  #lifetime: ConnectionLifetime | undefined;
  #flags = 0;
  #failure: MeshError | undefined;
  #giveUp: (() => void) | undefined;
  #settle: (() => void) | undefined;
  #over = false;

  constructor(engine: ConnectionContext, snapshot: Snapshot, request: ConnectRequest) {
    this.#engine = engine;
    this.#snapshot = snapshot;
    this.#request = request;
    this.#startedAtMs = engine.clock.now();
  }

  /**
   * Resolves with the open socket.
   *
   * @throws {MeshError} `ERR_EGRESS_BLOCKED` when the outbound policy refuses it, `ERR_UPSTREAM` with the response flags otherwise.
   */
  async open(): Promise<Socket> {
    await this.#choose();
    if (!this.#over && this.#reserve()) {
      await new Promise<void>((resolve) => {
        this.#settle = resolve;
        this.#giveUp = this.#cluster!.dial(this.#host!, this);
      });
    }
    if (this.#failure !== undefined) throw this.#failure;
    return this.#socket!;
  }

  /** Ends it, whatever it is doing. */
  abort(error: Error): void {
    if (this.#over) return;
    if (this.#socket !== undefined) {
      this.#socket.destroy();
      // Its `close` event comes when nobody listens to the mesh any more.
      this.#release('local');
      return;
    }
    this.#failure = this.#error(error.message, error);
    this.#giveUp?.();
    if (this.#host === undefined) this.#end();
    else this.#release('local');
    this.#settle?.();
  }

  async #choose(): Promise<void> {
    const { listeners } = this.#snapshot;
    this.#chain = this.#request.chain ?? (await this.#find());
    this.#clusterName = this.#chain?.destinations.pick(this.#engine.random).cluster ?? listeners.fallbackCluster;
    this.#cluster = this.#engine.clusters.get(this.#clusterName, this.#snapshot);
    const cluster = this.#cluster;
    if (cluster === undefined) return;
    const { originalDst, host: hostname, port, servername } = this.#request;
    // The address that the rules saw, not what another look-up might give.
    const dialled = { hostname: (this.#chain && isByAddress(this.#chain) ? this.#address : undefined) ?? hostname, port };
    this.#where = cluster.where({ originalDst, dialled }, servername ?? hostname);
    if (!cluster.isReady(this.#where)) await new Promise<void>((resolve) => cluster.whenReady(this.#where, resolve));
  }

  /** The chain that it may take. */
  async #find(): Promise<FilterChain | undefined> {
    const { listeners } = this.#snapshot;
    const listener = this.#request.refused === true ? undefined : listenerFor(listeners, this.#request);
    if (listener?.chains.needsAddress === true) this.#address = await this.#dialledAddress();
    this.#inspected = listener !== undefined && (listener.chains.needsServerName || listener.spec.http);
    const chain = listener?.chains.match(this.#address, this.#request.servername);
    return chain !== undefined && mayTake(this.#snapshot, chain, this.#request, this.#address) ? chain : undefined;
  }

  /** Takes a place in the cluster and an endpoint, or refuses. */
  #reserve(): boolean {
    const cluster = this.#cluster;
    if (cluster === undefined) return this.#refuse(FLAG.NC, 'there is no such cluster');
    const { breaker, stats } = cluster;
    // A connection that waited for another's end might wait for ever, so nothing queues here.
    if (breaker.connectionLimitReached) {
      stats.upstream_cx_overflow++;
      return this.#refuse(FLAG.UO, 'its connectionPool.tcp.maxConnections are open');
    }
    const { sourceAddress } = this.#request;
    const hash = this.#chain?.spec.hashesSourceIp === true ? xxHash64(sourceAddress ?? this.#engine.options.workloadAddress) : undefined;
    const host = cluster.pick(this.#where, undefined, this.#engine.random, hash);
    if (host === undefined) {
      stats.upstream_cx_none_healthy++;
      return this.#refuse(FLAG.UH, this.#chain === undefined ? 'the outbound policy REGISTRY_ONLY lets only registered hosts through' : 'it has no healthy endpoint');
    }
    breaker.tryAcquireConnection(true);
    this.#host = host;
    host.activeRequests++;
    stats.upstream_cx_total++;
    stats.upstream_cx_active++;
    stats.upstream_rq_pending_total++;
    stats.upstream_rq_pending_active++;
    return true;
  }

  onSocket(socket: Socket): void {
    this.#socket = socket;
    // A closed socket has forgotten it.
    this.#localAddress = `${socket.localAddress}:${socket.localPort}`;
    this.#cluster!.recordTcpConnected(this.#host!);
    const { stats } = this.#cluster!;
    stats.upstream_rq_pending_active--;
    stats.upstream_rq_total++;
    stats.upstream_rq_active++;
    const limits = this.#chain?.spec ?? { idleTimeoutMs: 0, maxConnectionDurationMs: 0 };
    this.#lifetime = new ConnectionLifetime(socket, limits, this.#engine.clock, (why) => {
      if (why === 'duration') this.#flags |= FLAG.DT;
      socket.destroy();
    });
    // Where both sides end their ways, the later end closes it. Source: Envoy `ConnectionImpl::bothSidesHalfClosed`.
    let closedBy: 'local' | 'remote' = 'local';
    socket.once('end', () => {
      if (socket.writableFinished) closedBy = 'remote';
    });
    socket.once('close', (hadError) => this.#release(hadError ? 'remote' : closedBy));
    this.#settle?.();
  }

  onDialFailed(error: Error, timedOut: boolean): void {
    const { stats } = this.#cluster!;
    stats.upstream_cx_connect_fail++;
    // The first attempt is the last.
    stats.upstream_cx_connect_attempts_exceeded++;
    stats.upstream_rq_pending_failure_eject++;
    if (timedOut) stats.upstream_cx_connect_timeout++;
    this.#cluster!.recordReset(this.#host!, timedOut ? 'connection-timeout' : 'connection-failure');
    this.#flags |= FLAG.UF | FLAG.URX;
    this.#failure = this.#error(`endpoint ${this.#host!.key} can't be reached: ${error.message}`, error);
    this.#release(timedOut ? 'local' : 'remote');
    this.#settle?.();
  }

  #release(closedBy: 'local' | 'remote'): void {
    if (this.#over) return;
    const { breaker, stats } = this.#cluster!;
    breaker.releaseConnection();
    this.#host!.activeRequests--;
    stats.upstream_cx_active--;
    stats.upstream_cx_destroy++;
    stats[`upstream_cx_destroy_${closedBy}`]++;
    if (this.#socket === undefined) {
      stats.upstream_rq_pending_active--;
    } else {
      stats.upstream_rq_active--;
      stats.upstream_cx_destroy_with_active_rq++;
      stats[`upstream_cx_destroy_${closedBy}_with_active_rq`]++;
    }
    this.#end();
  }

  #refuse(flag: number, why: string): false {
    this.#flags |= flag;
    this.#failure = this.#error(why);
    if (this.#isBlocked) {
      const { host, port } = this.#request;
      this.#engine.blocked({ target: `${host}:${port}`, host, port, message: this.#failure.message });
    }
    this.#end();
    return false;
  }

  #end(): void {
    this.#over = true;
    this.#lifetime?.stop();
    this.#engine.connectionOver(this);
  }

  #error(why: string, cause?: Error): MeshError {
    const { host, port } = this.#request;
    const hint = this.#isBlocked ? ` (add a ServiceEntry for host ${host}, port ${port})` : '';
    return new MeshError(this.#isBlocked ? 'ERR_EGRESS_BLOCKED' : 'ERR_UPSTREAM', `${host}:${port} by cluster ${this.#clusterName}: ${why}${hint}`, {
      flags: formatConnectionFlags(this.#flags),
      cluster: this.#clusterName,
      rule: this.#rule(),
      attempts: this.#host === undefined ? 0 : 1,
      explain: () => this.explain(),
      cause,
    });
  }

  /** Why it goes where it goes. */
  explain(): Explanation {
    return this.#request.explain?.() ?? explainConnection({ snapshot: this.#snapshot, clusters: this.#engine.clusters }, { ...this.#request, address: this.#address });
  }

  get #isBlocked(): boolean {
    return this.#chain === undefined && this.#clusterName === 'BlackHoleCluster';
  }

  #rule(): string {
    return this.#chain === undefined ? 'no rule' : formatOrigin(this.#chain.spec.origin);
  }

  async #dialledAddress(): Promise<string | undefined> {
    const { originalDst, host } = this.#request;
    const dialled = dialledHost(host, originalDst);
    if (typeof originalDst === 'string' || isIP(host) !== 0) return dialled;
    // A name that nobody resolves belongs to no range of addresses.
    return this.#engine.lookup(host).then(([first]) => first, () => undefined);
  }

  // Envoy looks into a handshake only where its listener has a use for it. Source: Istio adds `tls_inspector` to those alone.
  get #servername(): string | undefined {
    const { downstream, servername } = this.#request;
    return downstream === undefined ? (this.#inspected ? servername : undefined) : downstream.servername;
  }

  get #elapsedMs(): number {
    return this.#engine.clock.now() - this.#startedAtMs;
  }

  describe(): ConnectionInfo {
    const { host, port, openedFor = 'connect' } = this.#request;
    return {
      flags: formatConnectionFlags(this.#flags),
      details: undefined,
      failure: this.#failure?.message,
      target: `${host}:${port}`,
      openedFor,
      cluster: this.#cluster?.name,
      rule: this.#rule(),
      endpoint: this.#host?.key,
      servername: this.#servername,
      bytesSent: this.#socket?.bytesWritten ?? 0,
      bytesReceived: this.#socket?.bytesRead ?? 0,
      durationMs: this.#elapsedMs,
    };
  }

  accessRecord(): AccessRecord {
    const { host, port, originalDst, sourceAddress, downstream } = this.#request;
    const socket = this.#socket;
    const { clock, options } = this.#engine;
    const startTimeMs = clock.wallNow() - this.#elapsedMs;
    return {
      startTimeMs,
      responseCode: 0,
      flags: this.#flags,
      // From where the mesh stands: what it received of the caller, and sent to it.
      bytesReceived: socket?.bytesWritten ?? 0,
      bytesSent: socket?.bytesRead ?? 0,
      durationMs: this.#elapsedMs,
      transportFailureReason: undefined,
      upstreamHost: this.#host?.key,
      upstreamCluster: this.#cluster?.name,
      upstreamLocalAddress: this.#localAddress,
      downstreamLocalAddress: downstream?.localAddress ?? originalDst ?? `${host}:${port}`,
      downstreamRemoteAddress: downstream?.remoteAddress ?? `${sourceAddress ?? options.workloadAddress}:0`,
      requestedServerName: this.#servername,
      operator: (name, argument) => plainVariable(name, argument, startTimeMs),
    };
  }
}
