import type { CircuitBreaker } from '../cluster/circuit-breaker.ts';
import type { ConnectionOptions } from '../cluster/model.ts';
import type { Clock, TimerHandle } from '../common/clock.ts';
import type { ResetReason } from '../route/retry-policy.ts';
import type { ClusterStats } from '../telemetry/cluster-stats.ts';
import type { Connection, ConnectionOwner } from './connection.ts';
import type { WireProtocol } from './wire.ts';

/** A request that wants a connection. Exactly one of the two is called, perhaps at once. */
export interface PoolWaiter {
  onConnection(connection: Connection): void;
  onPoolFailure(reason: ResetReason, error?: Error): void;
}

/** What the pools of one cluster share. */
export interface PoolContext {
  readonly breaker: CircuitBreaker;
  readonly stats: ClusterStats;
  readonly clock: Clock;
  /** Read anew each time, since a config change may replace it. */
  connectionOptions(): ConnectionOptions;
}

/**
 * The connections to one endpoint, and the requests that wait for one. HTTP/1.1 has one request at a time on each, HTTP/2 many.
 *
 * A request takes a connection with room, else it waits; a connection is opened while more requests wait than those under way
 * will have room for, if the cluster's limit allows or this endpoint has none at all. Whatever becomes ready first serves whoever
 * waits longest. Source: Envoy `ConnPoolImplBase`.
 */
export class HostPool implements ConnectionOwner {
  /** Connections with room for a request, the most recently used last. */
  readonly #ready: Connection[] = [];
  readonly #open = new Set<Connection>();
  readonly #waiting: PoolWaiter[] = [];
  readonly #context: PoolContext;
  readonly #protocol: WireProtocol;
  readonly #openConnection: (owner: ConnectionOwner) => Connection;
  #connecting = 0;
  #idleTimer: TimerHandle | undefined;
  #draining = false;
  #destroyed: Error | undefined;

  /** @param open - begins to open a connection to this pool's endpoint */
  constructor(context: PoolContext, open: (owner: ConnectionOwner) => Connection, protocol: WireProtocol = 'http1') {
    this.#context = context;
    this.#protocol = protocol;
    this.#openConnection = open;
  }

  get connections(): number {
    return this.#open.size;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** Gives `waiter` a connection now, later, or a failure. */
  acquire(waiter: PoolWaiter): void {
    const { breaker, stats } = this.#context;
    if (this.#destroyed !== undefined) {
      waiter.onPoolFailure('local-reset', this.#destroyed);
      return;
    }
    const connection = this.#findReady();
    if (connection !== undefined) {
      this.#attach(connection, waiter);
      return;
    }
    if (!breaker.tryAcquirePending()) {
      stats.upstream_rq_pending_overflow++;
      waiter.onPoolFailure('overflow');
      return;
    }
    stats.upstream_rq_pending_total++;
    stats.upstream_rq_pending_active++;
    this.#waiting.push(waiter);
    this.#connectIfNeeded();
  }

  /** Takes a waiting request back; `false` when it does not wait any more. */
  cancel(waiter: PoolWaiter): boolean {
    const at = this.#waiting.indexOf(waiter);
    if (at < 0) return false;
    this.#waiting.splice(at, 1);
    this.#leavePending();
    return true;
  }

  /** The request on `connection` is over and nothing of it is left on the wire. */
  release(connection: Connection): void {
    connection.streams--;
    if (!this.#open.has(connection)) return;
    const { clock, stats } = this.#context;
    const { maxRequestsPerConnection, maxConnectionDurationMs } = this.#context.connectionOptions();
    const spent = maxRequestsPerConnection > 0 && connection.requests >= maxRequestsPerConnection;
    const aged = maxConnectionDurationMs > 0 && clock.now() - connection.openedAtMs >= maxConnectionDurationMs;
    if (!spent && !aged && connection.usable) {
      this.#offer(connection);
      return;
    }
    this.#withdraw(connection);
    if (connection.streams > 0) return;
    if (spent) stats.upstream_cx_max_requests++;
    else if (aged) stats.upstream_cx_max_duration_reached++;
    this.discard(connection);
  }

  /**
   * The request on `connection` was cut short, by `by` if anybody. Over HTTP/1.1 the connection is lost with it; over HTTP/2 the others go on.
   */
  abandon(connection: Connection, by?: 'local' | 'remote'): void {
    if (connection.protocol === 'http2' && connection.usable) this.release(connection);
    else this.discard(connection, by);
  }

  /**
   * Closes a connection that can't be used again.
   *
   * @param cutBy - who ended it when that cut a request short
   */
  discard(connection: Connection, cutBy?: 'local' | 'remote'): void {
    const { stats } = this.#context;
    connection.close();
    if (!this.#open.has(connection)) return;
    if (cutBy === 'remote') stats.upstream_cx_destroy_remote++;
    else stats.upstream_cx_destroy_local++;
    if (cutBy !== undefined) {
      stats.upstream_cx_destroy_with_active_rq++;
      if (cutBy === 'remote') stats.upstream_cx_destroy_remote_with_active_rq++;
      else stats.upstream_cx_destroy_local_with_active_rq++;
    }
    this.#forget(connection);
  }

  /** Closes what is idle now and the rest as it becomes idle. */
  drain(): void {
    this.#draining = true;
    for (const connection of this.#idle()) this.discard(connection);
    this.#context.clock.clearTimeout(this.#idleTimer);
  }

  /** Closes everything at once, and refuses what comes later. */
  destroy(error: Error): void {
    this.drain();
    this.#destroyed = error;
    this.#failWaiting('local-reset', error);
    for (const connection of [...this.#open]) this.discard(connection);
  }

  onConnected(connection: Connection): void {
    this.#connecting--;
    this.#offer(connection);
  }

  onConnectFailed(connection: Connection, error: Error, timedOut: boolean): void {
    const { stats } = this.#context;
    this.#connecting--;
    stats.upstream_cx_connect_fail++;
    if (timedOut) stats.upstream_cx_connect_timeout++;
    this.#remove(connection);
    // Envoy fails every request that waits: each may have a better idea (a retry elsewhere) than to wait here.
    stats.upstream_rq_pending_failure_eject += this.#waiting.length;
    this.#failWaiting(timedOut ? 'connection-timeout' : 'connection-failure', error);
  }

  onDisconnected(connection: Connection): void {
    this.#context.stats.upstream_cx_destroy_remote++;
    this.#forget(connection);
  }

  /** A connection with room; it stays in the list. */
  #findReady(): Connection | undefined {
    for (;;) {
      const connection = this.#ready.at(-1);
      if (connection === undefined) return undefined;
      if (!connection.usable) this.#ready.pop();
      // The timer that closes these may come late, when one with more time left has set it.
      else if (this.#expiryOf(connection) > this.#context.clock.now()) return connection;
      else if (connection.streams === 0) this.#expire(connection);
      // Too old for another request, but not for those that are on it.
      else this.#ready.pop();
    }
  }

  /** Serves whoever waits, and keeps `connection` for those to come. */
  #offer(connection: Connection): void {
    while (connection.usable && this.#hasRoom(connection)) {
      const waiter = this.#waiting.shift();
      if (waiter === undefined) break;
      this.#leavePending();
      this.#attach(connection, waiter);
    }
    this.#connectIfNeeded();
    if (connection.streams === 0) this.#rest(connection);
    else if (!this.#draining && this.#hasRoom(connection) && !this.#ready.includes(connection)) this.#ready.push(connection);
  }

  #rest(connection: Connection): void {
    if (!this.#open.has(connection)) return;
    if (this.#draining) {
      this.discard(connection);
      return;
    }
    connection.idleSinceMs = this.#context.clock.now();
    if (!this.#ready.includes(connection)) this.#ready.push(connection);
    this.#watchIdle();
  }

  #hasRoom(connection: Connection): boolean {
    const { maxRequestsPerConnection } = this.#context.connectionOptions();
    const spent = maxRequestsPerConnection > 0 && connection.requests >= maxRequestsPerConnection;
    return !spent && connection.streams < Math.min(connection.capacity, this.#streamLimit);
  }

  /** How many requests the configuration allows on one connection at once. */
  get #streamLimit(): number {
    return this.#context.connectionOptions().maxConcurrentStreams ?? Infinity;
  }

  #withdraw(connection: Connection): void {
    const at = this.#ready.indexOf(connection);
    if (at >= 0) this.#ready.splice(at, 1);
  }

  #idle(): Connection[] {
    return this.#ready.filter(({ streams }) => streams === 0);
  }

  /** Puts `waiter` on `connection`, or refuses it when too many requests are active in the cluster. */
  #attach(connection: Connection, waiter: PoolWaiter): void {
    const { breaker, stats } = this.#context;
    if (!breaker.tryAcquireRequest()) {
      stats.upstream_rq_active_overflow++;
      waiter.onPoolFailure('overflow');
      return;
    }
    stats.upstream_rq_total++;
    stats.upstream_rq_active++;
    connection.streams++;
    waiter.onConnection(connection);
    if (!this.#hasRoom(connection)) this.#withdraw(connection);
  }

  #connectIfNeeded(): void {
    const { breaker, stats } = this.#context;
    // A connection on its way will have room for as many as one of its kind.
    const room = this.#protocol === 'http2' ? this.#streamLimit : 1;
    while (this.#waiting.length > (this.#connecting === 0 ? 0 : this.#connecting * room)) {
      const limited = breaker.connectionLimitReached;
      if (limited) stats.upstream_cx_overflow++;
      if (!breaker.tryAcquireConnection(this.#open.size === 0)) return;
      stats.upstream_cx_total++;
      stats.upstream_cx_active++;
      if (this.#protocol === 'http2') stats.upstream_cx_http2_total++;
      else stats.upstream_cx_http1_total++;
      this.#connecting++;
      this.#open.add(this.#openConnection(this));
    }
  }

  /** Forgets a connection, and opens another when requests wait that it would have served. */
  #forget(connection: Connection): void {
    if (!this.#remove(connection)) return;
    this.#connectIfNeeded();
  }

  #remove(connection: Connection): boolean {
    if (!this.#open.delete(connection)) return false;
    this.#withdraw(connection);
    const { breaker, stats } = this.#context;
    breaker.releaseConnection();
    stats.upstream_cx_active--;
    stats.upstream_cx_destroy++;
    return true;
  }

  #failWaiting(reason: ResetReason, error: Error): void {
    for (const waiter of this.#waiting.splice(0)) {
      this.#leavePending();
      waiter.onPoolFailure(reason, error);
    }
  }

  #leavePending(): void {
    this.#context.breaker.releasePending();
    this.#context.stats.upstream_rq_pending_active--;
  }

  /** One timer for the pool, not one for each request: it looks for connections that have been idle, or open, too long. */
  #watchIdle(): void {
    if (this.#idleTimer !== undefined) return;
    const { clock } = this.#context;
    const dueAtMs = this.#idle().reduce((least, connection) => Math.min(least, this.#expiryOf(connection)), Infinity);
    if (dueAtMs === Infinity) return;
    this.#idleTimer = clock.setTimeout(
      () => {
        this.#idleTimer = undefined;
        for (const connection of this.#idle().filter((one) => this.#expiryOf(one) <= clock.now())) this.#expire(connection);
        this.#watchIdle();
      },
      Math.max(1, dueAtMs - clock.now()),
      true,
    );
  }

  /** When an idle connection is to be closed. Read anew each time, since a config change may shorten it. */
  #expiryOf({ idleSinceMs, openedAtMs, streams }: Connection): number {
    const { idleTimeoutMs, maxConnectionDurationMs } = this.#context.connectionOptions();
    const idle = idleTimeoutMs > 0 && streams === 0 ? idleSinceMs + idleTimeoutMs : Infinity;
    const duration = maxConnectionDurationMs > 0 ? openedAtMs + maxConnectionDurationMs : Infinity;
    return Math.min(idle, duration);
  }

  #expire(connection: Connection): void {
    const { clock, stats } = this.#context;
    const { maxConnectionDurationMs } = this.#context.connectionOptions();
    if (maxConnectionDurationMs > 0 && clock.now() >= connection.openedAtMs + maxConnectionDurationMs) stats.upstream_cx_max_duration_reached++;
    else stats.upstream_cx_idle_timeout++;
    this.discard(connection);
  }
}
