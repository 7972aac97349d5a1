import type { PickContext } from '../cluster/balancers/balancer.ts';
import { CircuitBreaker } from '../cluster/circuit-breaker.ts';
import { HostSet, type HostSetSpec } from '../cluster/host-set.ts';
import { Host, hostKey } from '../cluster/host.ts';
import type { ClusterSpec, ConnectionOptions, Endpoint } from '../cluster/model.ts';
import { OutlierDetector, type OutlierEvent } from '../cluster/outlier-detector.ts';
import type { Clock, TimerHandle } from '../common/clock.ts';
import type { Hash64 } from '../common/hash64.ts';
import type { Random } from '../common/random.ts';
import { grpcToHttpStatus, parseGrpcStatus } from '../route/grpc.ts';
import type { ResetReason } from '../route/retry-policy.ts';
import type { ClusterStats } from '../telemetry/cluster-stats.ts';
import { Connection, type ConnectionOwner, type Transport } from './connection.ts';
import { dial, type Connect, type ConnectTarget, type DialSettings, type DialWaiter } from './dial.ts';
import { DnsMembers, type Lookup } from './dns-members.ts';
import { HostPool, type PoolContext } from './host-pool.ts';
import type { ResponseHeaders } from './local-reply.ts';

/** What every cluster of a mesh shares. */
export interface ClusterEnvironment {
  readonly clock: Clock;
  readonly random: Random;
  readonly connect: Connect;
  readonly transport?: Transport | undefined;
  readonly lookup: Lookup;
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
  /** Where the call's URL points. */
  readonly dialled?: { readonly hostname: string; readonly port: number } | undefined;
}

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
  readonly #pools = new Map<Host, HostPool>();
  /** Hosts of a cluster that goes wherever the caller dialled, by `ip:port`. */
  readonly #dialled = new Map<string, Host>();
  #dns: DnsMembers | undefined;
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

  /** Whether its hosts are known; a DNS cluster first has to look them up. */
  get ready(): boolean {
    return this.#dns?.resolved ?? true;
  }

  /** Calls `listener` once its hosts are known, or can't be. */
  whenReady(listener: () => void): void {
    this.#dns!.whenResolved(listener);
  }

  update(spec: ClusterSpec): void {
    if (spec === this.#spec) return;
    this.#spec = spec;
    const now = this.clock.now();
    const dns = this.#dns;
    this.breaker.update(spec.circuitBreaker);
    this.#lookUp();
    this.#takeOver(this.hosts.update(this.#hostSpec(), now));
    this.#detect(now);
    if (this.ready) dns?.release();
  }

  /** The host for one try, or `undefined` when there is none to use. */
  pick(request: Dialled, avoid: readonly Host[] | undefined, random: Random, hash?: Hash64): Host | undefined {
    const now = this.clock.now();
    if (this.#spec.discovery === 'original-dst') return this.#dialledHost(request, now);
    this.#dns?.refreshIfDue();
    this.#sweep(now);
    const context: PickContext = avoid === undefined || avoid.length === 0 ? { random, hash } : { random, hash, skip: (host) => avoid.includes(host) };
    return this.hosts.pick(now, context);
  }

  pool(host: Host): HostPool {
    let pool = this.#pools.get(host);
    if (pool === undefined) {
      pool = new HostPool(this, (owner) => this.#open(host, owner));
      // A straggler may still come to a cluster that is gone: its connections must not stay.
      if (this.#ended !== undefined) this.#ended(pool);
      this.#pools.set(host, pool);
    }
    return pool;
  }

  connectionOptions(): ConnectionOptions {
    return this.#spec.connection;
  }

  // ---- what attempts tell

  recordConnected(host: Host): void {
    this.#record(host, 'connect-success');
  }

  /** A connection that is not HTTP was opened: all there is to know of such a host's health. Source: Envoy `LocalOriginConnectSuccessFinal`. */
  recordTcpConnected(host: Host): void {
    this.#record(host, 'connect-success');
    this.#record(host, 200);
  }

  recordResponse(host: Host, status: number, headers: ResponseHeaders): void {
    const grpc = headers['grpc-status'];
    const grpcStatus = grpc === undefined ? undefined : parseGrpcStatus(String(grpc));
    this.#record(host, grpcStatus === undefined ? status : grpcToHttpStatus(grpcStatus));
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
    for (const pool of this.#pools.values()) each(pool);
    if (this.#sweepTimer !== undefined) this.clock.clearTimeout(this.#sweepTimer);
    this.#sweepTimer = undefined;
  }

  #detect(now: number): void {
    const { outlierDetection } = this.#spec;
    if (outlierDetection === undefined) {
      for (const host of this.hosts.hosts) host.health.ejected = false;
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

  #lookUp(): void {
    const { discovery, endpoints } = this.#spec;
    if (!discovery.endsWith('-dns')) {
      this.#dns = undefined;
      return;
    }
    this.#dns ??= new DnsMembers(this.#environment, () => this.#takeOver(this.hosts.update(this.#hostSpec(), this.clock.now())));
    this.#dns.declare(endpoints, discovery);
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
      this.#pools.get(host)?.drain();
      this.#pools.delete(host);
    }
  }

  #dialledHost({ originalDst, dialled }: Dialled, now: number): Host | undefined {
    if (originalDst === null) return undefined;
    const target = originalDst === undefined ? dialled : splitAddress(originalDst);
    if (target === undefined) return undefined;
    const endpoint: Endpoint = { address: target.hostname, port: target.port, labels: {}, weight: 1, locality: { region: '', zone: '', subzone: '' } };
    const key = hostKey(endpoint);
    let host = this.#dialled.get(key);
    if (host === undefined) {
      this.#forgetUnused();
      host = new Host(endpoint, now);
      this.#dialled.set(key, host);
    }
    return host;
  }

  /** Dialled addresses come from callers, so they must not pile up: the oldest that nobody uses just now go. */
  #forgetUnused(): void {
    for (const [key, host] of this.#dialled) {
      if (this.#dialled.size < MAX_DIALLED) return;
      const pool = this.#pools.get(host);
      if (host.activeRequests > 0 || (pool?.waiting ?? 0) > 0) continue;
      pool?.drain();
      this.#dialled.delete(key);
      this.#pools.delete(host);
    }
  }

  #open(host: Host, owner: ConnectionOwner): Connection {
    const { transport, clock } = this.#environment;
    return new Connection(this.#target(host), this.#dialSettings(), owner, clock, this.#connect(), transport);
  }

  /** Opens a bare socket to `host`, outside the pools. Limits and counters are the caller's business. @returns gives up */
  dial(host: Host, waiter: DialWaiter): () => void {
    return dial(this.#target(host), this.#dialSettings(), waiter, this.clock, this.#connect());
  }

  #target({ endpoint: { address, port } }: Host): ConnectTarget {
    return { address, port, cluster: this.name };
  }

  #dialSettings(): DialSettings {
    const { connectTimeoutMs, tcpKeepalive } = this.#spec.connection;
    return { connectTimeoutMs, keepAliveDelayMs: tcpKeepalive === undefined ? undefined : (tcpKeepalive.timeMs ?? 7_200_000) };
  }

  #connect(): Connect {
    return this.#spec.tls === undefined ? this.#environment.connect : refuseTls(this.#spec.tls.mode);
  }
}

/** Rules that ask for TLS must never be met by plain text. */
function refuseTls(mode: string): Connect {
  const error = new Error(`TLS origination (tls.mode ${mode}) is not built yet, and plain text would not be what the DestinationRule asks for`);
  return (_target, callback) => callback(error);
}

function splitAddress(address: string): { hostname: string; port: number } {
  const colon = address.lastIndexOf(':');
  return { hostname: address.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(address.slice(colon + 1)) };
}
