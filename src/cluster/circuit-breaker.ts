import type { CircuitBreakerOptions } from './model.ts';

/** Which limits are reached, as Envoy's `circuit_breakers.default.*_open` gauges tell it. */
export interface CircuitBreakerState {
  readonly cxOpen: boolean;
  readonly pendingOpen: boolean;
  readonly requestsOpen: boolean;
  readonly retriesOpen: boolean;
}

/**
 * The limits of one cluster on connections, waiting requests, active requests and retries.
 *
 * Each `tryAcquire…` that answers true takes a permit, to be given back by exactly one `release…`. This is no breaker that
 * opens for a while: a limit refuses while it is reached, and no longer.
 *
 * Source: Istio `connectionPool`; Envoy circuit breakers of the default priority.
 */
export class CircuitBreaker {
  #maxConnections = Infinity;
  #maxPending = Infinity;
  #maxRequests = Infinity;
  #maxRetries = Infinity;
  #budget: CircuitBreakerOptions['retryBudget'];
  #connections = 0;
  #pending = 0;
  #requests = 0;
  #retries = 0;

  constructor(options: CircuitBreakerOptions = {}) {
    this.update(options);
  }

  /** Other limits from now on. Permits that are out stay out, also above a new limit. */
  update(options: CircuitBreakerOptions): void {
    this.#maxConnections = limit(options.maxConnections);
    this.#maxPending = limit(options.maxPendingRequests);
    this.#maxRequests = limit(options.maxRequests);
    this.#maxRetries = limit(options.maxRetries);
    this.#budget = options.retryBudget;
  }

  /** Connections open or being opened. */
  get connections(): number {
    return this.#connections;
  }

  /** Requests that wait for a connection. */
  get pending(): number {
    return this.#pending;
  }

  /** Requests attached to a connection. */
  get requests(): number {
    return this.#requests;
  }

  /** Retries that wait for their back-off or are under way. */
  get retries(): number {
    return this.#retries;
  }

  get state(): CircuitBreakerState {
    return {
      cxOpen: this.connectionLimitReached,
      pendingOpen: this.#pending >= this.#maxPending,
      requestsOpen: this.#requests >= this.#maxRequests,
      retriesOpen: this.#retries >= this.#retryLimit(),
    };
  }

  /** A place among the requests that wait for a connection. */
  tryAcquirePending(): boolean {
    if (this.#pending >= this.#maxPending) return false;
    this.#pending++;
    return true;
  }

  /** Once for each {@link tryAcquirePending} that gave a permit. */
  releasePending(): void {
    this.#pending--;
  }

  /** A request's place on a connection. */
  tryAcquireRequest(): boolean {
    if (this.#requests >= this.#maxRequests) return false;
    this.#requests++;
    return true;
  }

  /** Once for each {@link tryAcquireRequest} that gave a permit, when the *body* of the response ends. */
  releaseRequest(): void {
    this.#requests--;
  }

  /**
   * Whether no further connection fits. Envoy counts an overflow whenever it meets this, even when it then opens the
   * connection because the host has none.
   */
  get connectionLimitReached(): boolean {
    return this.#connections >= this.#maxConnections;
  }

  /**
   * A connection. A host without any always gets its first, or requests queued for it would wait for ever; so the limit
   * can be exceeded by one per host.
   */
  tryAcquireConnection(hostHasNone: boolean): boolean {
    if (this.connectionLimitReached && !hostHasNone) return false;
    this.#connections++;
    return true;
  }

  /** Once for each {@link tryAcquireConnection} that gave a permit. */
  releaseConnection(): void {
    this.#connections--;
  }

  /** A retry, from the decision to retry until its attempt ends. */
  tryAcquireRetry(): boolean {
    if (this.#retries >= this.#retryLimit()) return false;
    this.#retries++;
    return true;
  }

  /** Once for each {@link tryAcquireRetry} that gave a permit. */
  releaseRetry(): void {
    this.#retries--;
  }

  #retryLimit(): number {
    if (this.#budget === undefined) return this.#maxRetries;
    const { percent, minRetryConcurrency } = this.#budget;
    return Math.max(minRetryConcurrency, Math.floor((percent * (this.#requests + this.#pending)) / 100));
  }
}

// Istio can't say "none at all": 0 means "not set", which is Envoy's largest number.
function limit(value: number | undefined): number {
  return value === undefined || value === 0 ? Infinity : value;
}
