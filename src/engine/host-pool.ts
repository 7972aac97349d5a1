import type { CircuitBreaker } from '../cluster/circuit-breaker.ts';
import type { ConnectionOptions } from '../cluster/model.ts';
import type { Clock, TimerHandle } from '../common/clock.ts';
import type { ResetReason } from '../route/retry-policy.ts';
import type { ClusterStats } from '../telemetry/cluster-stats.ts';
import type { Connection, ConnectionOwner } from './connection.ts';

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
 * The connections to one endpoint, and the requests that wait for one. HTTP/1.1: one request at a time on each.
 *
 * A request takes a ready connection, else it waits; a connection is opened while more requests wait than connections
 * are under way, if the cluster's limit allows or this endpoint has none at all. Whatever becomes ready first serves
 * whoever waits longest. Source: Envoy `ConnPoolImplBase`.
 */
export class HostPool implements ConnectionOwner {
  /** Ready connections, the most recently used last. */
  readonly #idle: Connection[] = [];
  readonly #open = new Set<Connection>();
  readonly #waiting: PoolWaiter[] = [];
  readonly #context: PoolContext;
  readonly #openConnection: (owner: ConnectionOwner) => Connection;
  #connecting = 0;
  #idleTimer: TimerHandle | undefined;
  #draining = false;
  #destroyed: Error | undefined;

  /** @param open - begins to open a connection to this pool's endpoint */
  constructor(context: PoolContext, open: (owner: ConnectionOwner) => Connection) {
    this.#context = context;
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
    const connection = this.#takeIdle();
    if (connection !== undefined) {
      if (!this.#attach(connection, waiter)) this.#ready(connection);
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
    const { clock, stats } = this.#context;
    const { maxRequestsPerConnection, maxConnectionDurationMs } = this.#context.connectionOptions();
    if (maxRequestsPerConnection > 0 && connection.requests >= maxRequestsPerConnection) {
      stats.upstream_cx_max_requests++;
      this.discard(connection);
    } else if (maxConnectionDurationMs > 0 && clock.now() - connection.openedAtMs >= maxConnectionDurationMs) {
      stats.upstream_cx_max_duration_reached++;
      this.discard(connection);
    } else if (!connection.usable) {
      this.discard(connection);
    } else {
      this.#ready(connection);
    }
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
    for (const connection of [...this.#idle]) this.discard(connection);
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
    this.#ready(connection);
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

  #takeIdle(): Connection | undefined {
    for (;;) {
      const connection = this.#idle.pop();
      if (connection === undefined) return undefined;
      if (!connection.usable) continue;
      // The timer that closes these may come late, when one with more time left has set it.
      if (this.#expiryOf(connection) > this.#context.clock.now()) return connection;
      this.#expire(connection);
    }
  }

  #ready(connection: Connection): void {
    for (;;) {
      const waiter = this.#waiting.shift();
      if (waiter === undefined) break;
      this.#leavePending();
      if (!this.#attach(connection, waiter)) continue;
      this.#connectIfNeeded();
      return;
    }
    if (this.#draining) {
      this.discard(connection);
      return;
    }
    connection.idleSinceMs = this.#context.clock.now();
    this.#idle.push(connection);
    this.#watchIdle();
  }

  /** @returns `false`: too many requests are active, `waiter` has been refused and `connection` is still free. */
  #attach(connection: Connection, waiter: PoolWaiter): boolean {
    const { breaker, stats } = this.#context;
    if (!breaker.tryAcquireRequest()) {
      stats.upstream_rq_active_overflow++;
      waiter.onPoolFailure('overflow');
      return false;
    }
    stats.upstream_rq_total++;
    stats.upstream_rq_active++;
    waiter.onConnection(connection);
    return true;
  }

  #connectIfNeeded(): void {
    const { breaker, stats } = this.#context;
    while (this.#waiting.length > this.#connecting) {
      const limited = breaker.connectionLimitReached;
      if (limited) stats.upstream_cx_overflow++;
      if (!breaker.tryAcquireConnection(this.#open.size === 0)) return;
      stats.upstream_cx_total++;
      stats.upstream_cx_active++;
      stats.upstream_cx_http1_total++;
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
    const at = this.#idle.indexOf(connection);
    if (at >= 0) this.#idle.splice(at, 1);
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
    const dueAtMs = this.#idle.reduce((least, connection) => Math.min(least, this.#expiryOf(connection)), Infinity);
    if (dueAtMs === Infinity) return;
    this.#idleTimer = clock.setTimeout(
      () => {
        this.#idleTimer = undefined;
        for (const connection of this.#idle.filter((one) => this.#expiryOf(one) <= clock.now())) this.#expire(connection);
        this.#watchIdle();
      },
      Math.max(1, dueAtMs - clock.now()),
      true,
    );
  }

  /** When an idle connection is to be closed. Read anew each time, since a config change may shorten it. */
  #expiryOf({ idleSinceMs, openedAtMs }: Connection): number {
    const { idleTimeoutMs, maxConnectionDurationMs } = this.#context.connectionOptions();
    const idle = idleTimeoutMs > 0 ? idleSinceMs + idleTimeoutMs : Infinity;
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
