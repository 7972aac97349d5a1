import type { PickContext } from '../cluster/balancers/balancer.ts';
import { CircuitBreaker } from '../cluster/circuit-breaker.ts';
import { HostSet, type HostSetSpec } from '../cluster/host-set.ts';
import { Host, HostHealth, hostKey } from '../cluster/host.ts';
import type { ClusterSpec, ConnectionOptions, Endpoint } from '../cluster/model.ts';
import { OutlierDetector, type OutlierEvent } from '../cluster/outlier-detector.ts';
import type { Clock, TimerHandle } from '../common/clock.ts';
import type { Hash64 } from '../common/hash64.ts';
import { getHeader, type HeaderList } from '../common/headers.ts';
import type { Random } from '../common/random.ts';
import { sameData } from '../config/same-content.ts';
import { portStart } from '../route/authority.ts';
import { grpcToHttpStatus, parseGrpcStatus } from '../route/grpc.ts';
import type { ResetReason } from '../route/retry-policy.ts';
import type { ClusterStats } from '../telemetry/cluster-stats.ts';
import { AskedNames } from './asked-names.ts';
import type { ClientTls, Handshake } from './client-tls.ts';
import { Connection, type ConnectionOwner, type Transport } from './connection.ts';
import { dial, type Connect, type ConnectTarget, type DialSettings, type DialWaiter } from './dial.ts';
import { DnsMembers, type Lookup } from './dns-members.ts';
import { HostPool, type PoolContext } from './host-pool.ts';
import { HostPools, type PoolKind } from './host-pools.ts';
import type { ResponseHeaders } from './local-reply.ts';
import { splitAddress, withoutBrackets } from './target.ts';
import type { WireProtocol } from './wire.ts';

/** What every cluster of a mesh shares. */
export interface ClusterEnvironment {
  readonly clock: Clock;
  readonly random: Random;
  readonly connect: Connect;
  readonly transport?: Transport | undefined;
  readonly lookup: Lookup;
  readonly tls: ClientTls;
  readonly onEjection?: ((event: EjectionEvent) => void) | undefined;
}

/** A host left the balancer's choice, or came back. */
export interface EjectionEvent {
  readonly kind: 'ejected' | 'unejected';
  readonly cluster: string;
  /** `ip:port` */
  readonly endpoint: string;
}

/** Where a request may go besides a cluster's own hosts. */
export interface Dialled {
  /** `ip:port` that the caller dialled; `null`: it has none. */
  readonly originalDst?: string | null | undefined;
  /** Where the call's URL points; what it asks for, where that is looked up. */
  readonly dialled?: { readonly hostname: string; readonly port: number } | undefined;
}

/** What of a request decides which connections may carry it. */
export interface PooledRequest {
  /** With `host`. */
  readonly headers: HeaderList;
  /** Whether the caller speaks HTTP/2, which clusters that follow their callers then speak too. */
  readonly http2?: boolean | undefined;
  /** Whether it was a call to an `https://` URL, which goes to no port that speaks TLS in the clear. */
  readonly https?: boolean | undefined;
  /** The Host that a TLS handshake names, where that in `headers` is nobody's name. */
  readonly serverName?: string | undefined;
}

/** What the tries before mean for the choice of the next host. */
export type TriedHosts = Pick<PickContext, 'priorities'> & { readonly triedHosts: readonly Host[] };

/** Dialled addresses that are remembered with their connections. */
const MAX_DIALLED = 256;

/**
 * A cluster at run time: its hosts with their health, its limits, its connections, its counters. It outlives
 * configurations: a change that leaves a host alone leaves its connections, counts and ejection alone.
 */
export class UpstreamCluster implements PoolContext {
  readonly name: string;
  readonly clock: Clock;
  readonly stats: ClusterStats;
  readonly breaker: CircuitBreaker;
  readonly hosts: HostSet;
  detector: OutlierDetector | undefined;
  #spec: ClusterSpec;
  readonly #environment: ClusterEnvironment;
  readonly #pools = new HostPools((host, kind) => this.#createPool(host, kind));
  /** Hosts of a cluster that goes wherever the caller dialled, by `ip:port`. Most clusters don't. */
  #dialled: Map<string, Host> | undefined;
  #dns: DnsMembers | undefined;
  /** Of a cluster that looks up what callers ask for. */
  #asked: AskedNames | undefined;
  #sweepTimer: TimerHandle | undefined;
  /** What becomes of its pools, once it is no longer in use. */
  #ended: ((pool: HostPool) => void) | undefined;

  /** @param sinceMs - when the cluster came into force; outlier sweeps are counted from then. */
  constructor(spec: ClusterSpec, stats: ClusterStats, environment: ClusterEnvironment, sinceMs = environment.clock.now()) {
    this.name = spec.name;
    this.#spec = spec;
    this.#environment = environment;
    this.clock = environment.clock;
    this.stats = stats;
    this.breaker = new CircuitBreaker(spec.circuitBreaker);
    this.#lookUp();
    this.hosts = new HostSet(this.#hostSpec(), sinceMs);
    this.#detect(sinceMs);
  }

  get spec(): ClusterSpec {
    return this.#spec;
  }

  /** Where a call to the Host `authority` may go, which is `request` unless the cluster looks up what callers ask for. */
  where(request: Dialled, authority: string): Dialled {
    return this.#asked === undefined ? request : { dialled: { hostname: serverName(authority).toLowerCase(), port: this.#spec.dialledPort! } };
  }

  /** Whether the hosts for calls to `where` are known; a DNS cluster first has to look them up. */
  isReady({ dialled }: Dialled): boolean {
    if (this.#asked !== undefined) return this.#asked.isKnown(dialled?.hostname ?? '');
    return this.#dns?.resolved ?? true;
  }

  /** Calls `listener` once its hosts are known, or can't be. */
  whenReady({ dialled }: Dialled, listener: () => void): void {
    if (this.#asked !== undefined) this.#asked.whenKnown(dialled!.hostname, listener);
    else if (this.#dns !== undefined) this.#dns.whenResolved(listener);
    else listener();
  }

  update(spec: ClusterSpec): void {
    if (spec === this.#spec) return;
    const now = this.clock.now();
    // Sweeps that are due are due under the old interval.
    this.#sweep(now);
    const before = this.#spec;
    this.#spec = spec;
    const dns = this.#dns;
    this.breaker.update(spec.circuitBreaker);
    this.#lookUp(before);
    this.#takeOver(this.hosts.update(this.#hostSpec(), now));
    this.#detect(now);
    // What was opened under other rules for TLS must not carry another request.
    if (!sameData(spec.tls, before.tls) || !sameData(spec.httpsTls, before.httpsTls)) this.#pools.dropAll();
    for (const pool of this.#pools.all()) pool.optionsChanged();
    if (this.#dns?.resolved !== false) dns?.release();
  }

  /** The host for one try, or `undefined` when there is none to use. */
  pick(request: Dialled, retries: TriedHosts | undefined, random: Random, hash?: Hash64): Host | undefined {
    const now = this.clock.now();
    if (this.#spec.discovery === 'original-dst') return this.#dialledHost(request, now);
    if (this.#asked !== undefined) return this.#asked.host(request.dialled?.hostname ?? '');
    this.#dns?.refreshIfDue();
    this.#sweep(now);
    // Nothing but chance decides for most, and the environment has that.
    if (retries === undefined) return this.hosts.pick(now, hash === undefined ? this.#environment : { random, hash });
    const { triedHosts, priorities } = retries;
    const context: PickContext = { random, hash, priorities, ...(triedHosts.length > 0 && { skip: (host: Host) => triedHosts.includes(host) }) };
    return this.hosts.pick(now, context);
  }

  /** Connections to `host` that may carry `request`. */
  pool(host: Host, { headers, http2, https, serverName: named }: PooledRequest): HostPool {
    const { protocol: spoken } = this.#spec;
    const tls = this.#spec.tls ?? (https === true ? this.#spec.httpsTls : undefined);
    const protocol = spoken === 'downstream' ? (http2 === true ? 'http2' : 'http1') : spoken;
    if (tls === undefined) return this.#pools.get(host, PLAIN[protocol]);
    const authority = tls.sni === undefined ? serverName(named ?? getHeader(headers, 'host') ?? '') : undefined;
    return this.#pools.get(host, { protocol, authority });
  }

  #createPool(host: Host, kind: PoolKind): HostPool {
    const pool = new HostPool(this, (owner) => this.#open(host, owner, kind), kind.protocol);
    // A straggler may still come to a cluster that is gone: its connections must not stay.
    if (this.#ended !== undefined) this.#ended(pool);
    return pool;
  }

  connectionOptions(): ConnectionOptions {
    return this.#spec.connection;
  }

  // ---- what attempts tell

  recordConnected(host: Host): void {
    if (this.detector?.splits === true) this.#record(host, 'connect-success');
  }

  /** A connection that is not HTTP was opened: all there is to know of such a host's health. Source: Envoy `LocalOriginConnectSuccessFinal`. */
  recordTcpConnected(host: Host): void {
    this.#record(host, 'connect-success');
    this.#record(host, 200);
  }

  /** @param isGrpc - whether the request was a gRPC call: to others a gRPC status means nothing. */
  recordResponse(host: Host, status: number, headers: ResponseHeaders, isGrpc: boolean): void {
    const grpcStatus = isGrpc ? headers['grpc-status'] : undefined;
    this.#record(host, grpcStatus === undefined || grpcStatus === '' ? status : grpcToHttpStatus(parseGrpcStatus(String(grpcStatus))));
  }

  recordReset(host: Host, reason: ResetReason): void {
    this.#record(host, reason === 'per-try-timeout' || reason === 'connection-timeout' ? 'timeout' : 'connect-failure');
  }

  #record(host: Host, event: OutlierEvent): void {
    if (this.detector === undefined) return;
    const now = this.clock.now();
    this.#sweep(now);
    if (this.detector.record(host, event, now) === undefined) return;
    this.hosts.healthChanged(now);
    // Its connections are not used again, also not once it is back. Source: Envoy `ClusterManagerImpl::…::onHostHealthFailure`.
    this.#pools.drop(host);
    this.#tell('ejected', host);
    this.#sweepLater();
  }

  /** Ejections end at sweeps. They are made up for whenever someone looks, and a timer looks while a host is out. */
  #sweep(now: number): void {
    if (this.detector === undefined || now < this.detector.nextSweepAt) return;
    const back = this.detector.sweep(now);
    if (back.length === 0) return;
    this.hosts.healthChanged(now);
    for (const host of back) this.#tell('unejected', host);
  }

  #sweepLater(): void {
    if (this.#sweepTimer !== undefined || this.detector === undefined || this.#ended !== undefined) return;
    const wait = Math.max(1, this.detector.nextSweepAt - this.clock.now());
    this.#sweepTimer = this.clock.setTimeout(
      () => {
        this.#sweepTimer = undefined;
        this.#sweep(this.clock.now());
        if ((this.detector?.stats.ejections_active ?? 0) > 0) this.#sweepLater();
      },
      wait,
      true,
    );
  }

  #tell(kind: EjectionEvent['kind'], host: Host): void {
    this.#environment.onEjection?.({ kind, cluster: this.name, endpoint: host.key });
  }

  /** Brings gauges up to date before someone reads them. */
  settle(): void {
    const now = this.clock.now();
    this.#sweep(now);
    this.hosts.applyDue(now);
  }

  /** Lets requests under way end, and closes connections as they become idle. */
  drain(): void {
    this.#end((pool) => pool.drain());
  }

  destroy(error: Error): void {
    this.#end((pool) => pool.destroy(error));
  }

  #end(each: (pool: HostPool) => void): void {
    this.#ended = each;
    for (const pool of this.#pools.all()) each(pool);
    if (this.#sweepTimer !== undefined) this.clock.clearTimeout(this.#sweepTimer);
    this.#sweepTimer = undefined;
  }

  #detect(now: number): void {
    const { outlierDetection } = this.#spec;
    if (outlierDetection === undefined) {
      for (const host of this.hosts.hosts) host.health = new HostHealth();
      if (this.detector !== undefined) this.hosts.healthChanged(now);
      this.detector = undefined;
    } else if (this.detector === undefined) {
      this.detector = new OutlierDetector(outlierDetection, now);
      for (const host of this.hosts.hosts) this.detector.add(host);
    } else {
      this.detector.update(outlierDetection, now);
    }
    this.stats.readFrom({ outlierDetection: this.detector?.stats, circuitBreaker: this.breaker, hosts: this.hosts });
  }

  #lookUp(before?: ClusterSpec): void {
    const { discovery, endpoints, dnsRefreshMs, dialledPort: port } = this.#spec;
    const isSame = before !== undefined && before.discovery === discovery && before.dialledPort === port && before.dnsRefreshMs === dnsRefreshMs;
    if (!isSame) {
      this.#asked?.clear();
      const options = { port: port!, dnsRefreshMs, isBusy: (host: Host) => this.#isBusy(host), onGone: (host: Host) => this.#pools.drop(host) };
      this.#asked = discovery === 'dynamic-dns' ? new AskedNames(this.#environment, options) : undefined;
    }
    if (discovery !== 'strict-dns' && discovery !== 'logical-dns') {
      this.#dns = undefined;
      return;
    }
    this.#dns ??= new DnsMembers(this.#environment, () => this.#takeOver(this.hosts.update(this.#hostSpec(), this.clock.now())));
    this.#dns.declare(endpoints, discovery, dnsRefreshMs);
  }

  /** The spec, with the addresses that DNS gave in place of names. */
  #hostSpec(): HostSetSpec {
    if (this.#dns === undefined) return this.#spec;
    const { members, declaredAt } = this.#dns;
    const { priorities, localityWeights } = this.#spec;
    return {
      ...this.#spec,
      endpoints: members,
      ...(priorities === undefined ? {} : { priorities: declaredAt.map((i) => priorities[i]!) }),
      ...(localityWeights === undefined ? {} : { localityWeights: declaredAt.map((i) => localityWeights[i]!) }),
    };
  }

  #takeOver({ added, removed }: { readonly added: readonly Host[]; readonly removed: readonly Host[] }): void {
    for (const host of added) this.detector?.add(host);
    for (const host of removed) {
      this.detector?.remove(host);
      this.#pools.drop(host);
    }
  }

  #dialledHost({ originalDst, dialled }: Dialled, now: number): Host | undefined {
    if (originalDst === null) return undefined;
    const target = originalDst === undefined ? dialled : splitAddress(originalDst);
    if (target === undefined) return undefined;
    const port = this.#spec.dialledPort ?? target.port;
    const endpoint: Endpoint = { address: target.hostname, port, labels: {}, weight: 1, locality: { region: '', zone: '', subzone: '' } };
    const key = hostKey(endpoint);
    const known = (this.#dialled ??= new Map());
    let host = known.get(key);
    if (host === undefined) {
      this.#forgetUnused(known);
      host = new Host(endpoint, now);
      known.set(key, host);
    }
    return host;
  }

  /** Dialled addresses come from callers, so they must not pile up: the oldest that nobody uses just now go. */
  #forgetUnused(known: Map<string, Host>): void {
    for (const [key, host] of known) {
      if (known.size < MAX_DIALLED) return;
      if (this.#isBusy(host)) continue;
      this.#pools.drop(host);
      known.delete(key);
    }
  }

  #isBusy(host: Host): boolean {
    return host.activeRequests > 0 || this.#pools.of(host).some(({ waiting }) => waiting > 0);
  }

  #open(host: Host, owner: ConnectionOwner, kind: PoolKind): Connection {
    const settings = { ...this.#dialSettings(), protocol: kind.protocol, http2Keepalive: this.#spec.connection.http2Keepalive };
    return new Connection(this.#target(host), settings, owner, { ...this.#environment, connect: this.#connect(kind) });
  }

  /** Opens a bare socket to `host`, outside the pools. Limits and counters are the caller's business. @returns gives up */
  dial(host: Host, waiter: DialWaiter): () => void {
    return dial(this.#target(host), this.#dialSettings(), waiter, this.clock, this.#connect({}));
  }

  #target({ endpoint: { address, port, alternatives } }: Host): ConnectTarget {
    return { address, port, cluster: this.name, ...(alternatives && { alternatives }) };
  }

  #dialSettings(): DialSettings {
    const { connectTimeoutMs, tcpKeepalive } = this.#spec.connection;
    return { connectTimeoutMs, keepAliveDelayMs: tcpKeepalive === undefined ? undefined : (tcpKeepalive.timeMs ?? 7_200_000) };
  }

  #connect(handshake: Handshake): Connect {
    const { connect, tls } = this.#environment;
    // Where no rule asks for TLS, only the pools of https calls have a name.
    const options = this.#spec.tls ?? (handshake.authority === undefined ? undefined : this.#spec.httpsTls);
    return options === undefined ? connect : tls.over(connect, options, handshake);
  }
}

const PLAIN: Readonly<Record<WireProtocol, PoolKind>> = { http1: { protocol: 'http1', authority: undefined }, http2: { protocol: 'http2', authority: undefined } };

/** A Host without its port, as a TLS handshake names it. */
function serverName(authority: string): string {
  const port = portStart(authority);
  return withoutBrackets(port === -1 ? authority : authority.slice(0, port));
}
