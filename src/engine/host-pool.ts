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
  /** @param connection - there was one, but the request may not use it */
  onPoolFailure(reason: ResetReason, error?: Error, connection?: Connection): void;
}

/** What the pools of one cluster share. */
export interface PoolContext {
  readonly breaker: CircuitBreaker;
  readonly stats: ClusterStats;
  readonly clock: Clock;
  /** Read anew each time, since a config change may replace it. */
  connectionOptions(): ConnectionOptions;
}

/** Where nothing is configured: the streams of HTTP/2 are numbered, and the numbers come to an end. Source: Envoy `DEFAULT_MAX_STREAMS`. */
const MAX_REQUESTS = 2 ** 29;

/** However many requests wait. Source: Envoy `tryCreateNewConnections`. */
const MAX_OPENED_AT_ONCE = 3;

/**
 * The connections to one endpoint, and the requests that wait for one. HTTP/1.1 has one request at a time on each, HTTP/2 many.
 *
 * A request takes a connection with room, else it waits; a connection is opened while more requests wait than those under way
 * will have room for, if the cluster's limit allows or this endpoint has none at all. Whatever becomes ready first serves whoever
 * waits longest. Source: Envoy `ConnPoolImplBase`.
 */
export class HostPool implements ConnectionOwner {
  /** Connections with room for a request, the one that came to have it last at the end. */
  readonly #ready: Connection[] = [];
  /** Those under way too. */
  readonly #open = new Set<Connection>();
  readonly #waiting: PoolWaiter[] = [];
  readonly #context: PoolContext;
  readonly #protocol: WireProtocol;
  readonly #openConnection: (owner: ConnectionOwner) => Connection;
  #connecting = 0;
  #timer: TimerHandle | undefined;
  #timerDueAtMs = Infinity;
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
    // The timer may be a little late.
    if (this.#isOver(connection)) this.#expire(connection);
    if (connection.usable && !connection.retired) this.#offer(connection);
    else if (connection.streams === 0) this.discard(connection);
    else this.#withdraw(connection);
  }

  /**
   * The request on `connection` was cut short, by `by` if anybody. Over HTTP/1.1 the connection is lost with it; over HTTP/2 the others
   * go on, unless the connection is what was cut.
   */
  abandon(connection: Connection, by?: 'local' | 'remote'): void {
    if (connection.protocol === 'http2' && connection.alive) this.release(connection);
    else this.discard(connection, by);
  }

  /**
   * Closes a connection that can't be used again.
   *
   * @param cutBy - who ended it when that cut a request short
   */
  discard(connection: Connection, cutBy?: 'local' | 'remote'): void {
    connection.close();
    if (!this.#remove(connection, cutBy ?? 'local')) return;
    if (cutBy !== undefined) {
      const { stats } = this.#context;
      stats.upstream_cx_destroy_with_active_rq++;
      if (cutBy === 'remote') stats.upstream_cx_destroy_remote_with_active_rq++;
      else stats.upstream_cx_destroy_local_with_active_rq++;
    }
    this.#connectIfNeeded();
  }

  /** Other options or limits are in force: takes another look at every connection and at who waits. */
  optionsChanged(): void {
    for (const connection of this.#open) {
      if (connection.openedAtMs === Infinity) continue;
      if (connection.requests >= this.#requestLimit) this.#retire(connection, 'upstream_cx_max_requests');
      else if (this.#isOver(connection)) this.#expire(connection);
      this.#serve(connection);
    }
    this.#connectIfNeeded();
    this.#watchNext();
  }

  /** Closes what is idle now and the rest as it becomes idle. */
  drain(): void {
    this.#draining = true;
    for (const connection of this.#open) if (connection.idleSinceMs !== Infinity) this.discard(connection);
  }

  /** Closes everything at once, and refuses what comes later. */
  destroy(error: Error): void {
    this.#destroyed = error;
    this.#failWaiting('local-reset', error);
    for (const connection of this.#open) this.discard(connection);
  }

  onConnected(connection: Connection): void {
    this.#connecting--;
    this.#watch(connection);
    this.#offer(connection);
  }

  onConnectFailed(connection: Connection, error: Error, timedOut: boolean): void {
    const { stats } = this.#context;
    this.#connecting--;
    stats.upstream_cx_connect_fail++;
    if (timedOut) stats.upstream_cx_connect_timeout++;
    this.#remove(connection, timedOut ? 'local' : 'remote');
    // Envoy fails every request that waits: each may have a better idea (a retry elsewhere) than to wait here.
    stats.upstream_rq_pending_failure_eject += this.#waiting.length;
    this.#failWaiting(timedOut ? 'connection-timeout' : 'connection-failure', error);
  }

  onDisconnected(connection: Connection): void {
    if (this.#remove(connection, 'remote')) this.#connectIfNeeded();
  }

  onCapacityChanged(connection: Connection): void {
    if (this.#hasRoom(connection)) this.#offer(connection);
    else this.#withdraw(connection);
  }

  /** A connection with room; it stays in the list. */
  #findReady(): Connection | undefined {
    for (;;) {
      const connection = this.#ready.at(-1);
      if (connection === undefined) return undefined;
      if (!connection.usable) this.#withdraw(connection);
      else if (this.#isOver(connection)) this.#expire(connection);
      else return connection;
    }
  }

  /** Serves whoever waits, and keeps `connection` for those to come. */
  #offer(connection: Connection): void {
    this.#serve(connection);
    this.#connectIfNeeded();
  }

  #serve(connection: Connection): void {
    while (this.#hasRoom(connection)) {
      const waiter = this.#waiting.shift();
      if (waiter === undefined) break;
      this.#leavePending();
      this.#attach(connection, waiter);
    }
    if (!this.#hasRoom(connection)) this.#withdraw(connection);
    else this.#list(connection);
    if (connection.streams === 0 && connection.idleSinceMs === Infinity) this.#rest(connection);
  }

  #rest(connection: Connection): void {
    if (!this.#open.has(connection)) return;
    if (this.#draining) {
      this.discard(connection);
      return;
    }
    connection.idleSinceMs = this.#context.clock.now();
    this.#watch(connection);
  }

  #hasRoom({ usable, retired, streams, capacity }: Connection): boolean {
    return usable && !retired && streams < Math.min(capacity, this.#streamLimit);
  }

  /** How many requests the configuration allows on one connection at once. */
  get #streamLimit(): number {
    if (this.#protocol === 'http1') return 1;
    return this.#context.connectionOptions().maxConcurrentStreams ?? Infinity;
  }

  /** How many requests one connection may have in its life. */
  get #requestLimit(): number {
    return this.#context.connectionOptions().maxRequestsPerConnection || MAX_REQUESTS;
  }

  #list(connection: Connection): void {
    if (connection.listed) return;
    connection.listed = true;
    this.#ready.push(connection);
  }

  #withdraw(connection: Connection): void {
    if (!connection.listed) return;
    connection.listed = false;
    if (this.#ready.at(-1) === connection) this.#ready.pop();
    else this.#ready.splice(this.#ready.lastIndexOf(connection), 1);
  }

  /** Puts `waiter` on `connection`, or refuses it when too many requests are active in the cluster. */
  #attach(connection: Connection, waiter: PoolWaiter): void {
    const { breaker, stats } = this.#context;
    if (!breaker.tryAcquireRequest()) {
      stats.upstream_rq_active_overflow++;
      waiter.onPoolFailure('overflow', undefined, connection);
      return;
    }
    stats.upstream_rq_total++;
    stats.upstream_rq_active++;
    connection.streams++;
    connection.idleSinceMs = Infinity;
    // Its wire counts the request when it has it.
    if (connection.requests + 1 >= this.#requestLimit) this.#retire(connection, 'upstream_cx_max_requests');
    else if (!this.#hasRoom(connection)) this.#withdraw(connection);
    waiter.onConnection(connection);
  }

  #connectIfNeeded(): void {
    const { breaker, stats } = this.#context;
    // A connection on its way will have room for as many as one of its kind.
    const room = Math.min(this.#streamLimit, this.#requestLimit);
    for (let i = 0; i < MAX_OPENED_AT_ONCE; i++) {
      if (this.#waiting.length <= this.#connecting * room) return;
      const limited = breaker.connectionLimitReached;
      if (limited) stats.upstream_cx_overflow++;
      if (!breaker.tryAcquireConnection(this.#open.size === 0)) return;
      stats.upstream_cx_total++;
      stats.upstream_cx_active++;
      if (this.#protocol === 'http2') stats.upstream_cx_http2_total++;
      else stats.upstream_cx_http1_total++;
      this.#connecting++;
      this.#open.add(this.#openConnection(this));
      if (limited) return;
    }
  }

  /** No further request begins on `connection`, and it is closed with the last that is on it. Source: Envoy's state `Draining`. */
  #retire(connection: Connection, why: 'upstream_cx_max_requests' | 'upstream_cx_max_duration_reached'): void {
    if (connection.retired) return;
    connection.retired = true;
    this.#context.stats[why]++;
    this.#withdraw(connection);
    if (connection.streams === 0) this.discard(connection);
  }

  /** Forgets a connection. @returns `false` when it is forgotten already */
  #remove(connection: Connection, closedBy: 'local' | 'remote'): boolean {
    if (!this.#open.delete(connection)) return false;
    this.#withdraw(connection);
    const { breaker, stats } = this.#context;
    breaker.releaseConnection();
    stats.upstream_cx_active--;
    stats.upstream_cx_destroy++;
    if (closedBy === 'remote') stats.upstream_cx_destroy_remote++;
    else stats.upstream_cx_destroy_local++;
    if (this.#open.size === 0) this.#stopTimer();
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

  /** One timer for the pool, not one for each request: it is set for whichever connection's time is over first. */
  #watch(connection: Connection): void {
    const dueAtMs = this.#expiryOf(connection);
    if (dueAtMs >= this.#timerDueAtMs) return;
    this.#stopTimer();
    const { clock } = this.#context;
    this.#timerDueAtMs = dueAtMs;
    this.#timer = clock.setTimeout(
      () => {
        this.#stopTimer();
        for (const one of this.#open) if (this.#isOver(one)) this.#expire(one);
        this.#watchNext();
      },
      Math.max(1, dueAtMs - clock.now()),
      true,
    );
  }

  #watchNext(): void {
    let next: Connection | undefined;
    for (const connection of this.#open) {
      if (next === undefined || this.#expiryOf(connection) < this.#expiryOf(next)) next = connection;
    }
    if (next !== undefined) this.#watch(next);
  }

  #stopTimer(): void {
    this.#context.clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#timerDueAtMs = Infinity;
  }

  /** When a connection has been idle, or open, for as long as it may. Read anew each time, since a config change may shorten it. */
  #expiryOf({ idleSinceMs, openedAtMs, retired }: Connection): number {
    const { idleTimeoutMs, maxConnectionDurationMs } = this.#context.connectionOptions();
    const idle = idleTimeoutMs > 0 ? idleSinceMs + idleTimeoutMs : Infinity;
    const duration = maxConnectionDurationMs > 0 && !retired ? openedAtMs + maxConnectionDurationMs : Infinity;
    return Math.min(idle, duration);
  }

  #isOver(connection: Connection): boolean {
    const dueAtMs = this.#expiryOf(connection);
    return dueAtMs !== Infinity && dueAtMs <= this.#context.clock.now();
  }

  #expire(connection: Connection): void {
    const { clock, stats } = this.#context;
    const { maxConnectionDurationMs } = this.#context.connectionOptions();
    if (maxConnectionDurationMs > 0 && clock.now() >= connection.openedAtMs + maxConnectionDurationMs) {
      this.#retire(connection, 'upstream_cx_max_duration_reached');
    } else {
      stats.upstream_cx_idle_timeout++;
      this.discard(connection);
    }
  }
}
