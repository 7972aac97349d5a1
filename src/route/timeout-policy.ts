import { parseGrpcTimeoutMs } from './grpc.ts';

/** Milliseconds; 0 means no timeout. */
export interface TimeoutOptions {
  /** The whole exchange: all attempts, back-offs and the response body. Source: `http[].timeout`. */
  readonly routeTimeoutMs?: number;
  /** One attempt, until its response headers. Source: `retries.perTryTimeout`. */
  readonly perTryTimeoutMs?: number;
}

/**
 * How long a request and each of its attempts may take. The route's timer starts when the request body is complete, an
 * attempt's when, besides, the attempt has been made; `elapsedMs` counts from the start of the route's timer.
 *
 * Source: Istio `setTimeout`; Envoy `FilterUtility::finalTimeout`, `setTimeoutHeaders`.
 */
export class TimeoutPolicy {
  /** 0: none. */
  readonly routeTimeoutMs: number;
  /** 0: none, also when it is not shorter than the route's. */
  readonly perTryTimeoutMs: number;

  constructor({ routeTimeoutMs = 0, perTryTimeoutMs = 0 }: TimeoutOptions) {
    this.routeTimeoutMs = routeTimeoutMs;
    this.perTryTimeoutMs = routeTimeoutMs !== 0 && perTryTimeoutMs >= routeTimeoutMs ? 0 : perTryTimeoutMs;
  }

  /** What is left of the route's timeout, never below 0; `Infinity` without one. */
  budget(elapsedMs: number): number {
    return this.routeTimeoutMs === 0 ? Infinity : Math.max(0, this.routeTimeoutMs - elapsedMs);
  }

  /**
   * What an attempt starting now tells its upstream in `x-envoy-expected-rq-timeout-ms`, in whole milliseconds, or
   * `undefined` when there is no timeout to tell. With nothing left it is 1, since 0 would mean forever.
   */
  expectedTimeoutMs(elapsedMs: number): number | undefined {
    const { routeTimeoutMs, perTryTimeoutMs } = this;
    const timeoutMs = perTryTimeoutMs || routeTimeoutMs;
    if (timeoutMs === 0) return undefined;
    if (routeTimeoutMs === 0) return timeoutMs;
    return Math.max(1, Math.min(timeoutMs, routeTimeoutMs - Math.floor(elapsedMs)));
  }

  /**
   * The policy for a gRPC call: its `grpc-timeout` takes the place of the route's timeout, which caps it. A header that is
   * absent, malformed or 0 leaves the route's.
   */
  grpc(timeoutHeader: string | undefined): TimeoutPolicy {
    const callTimeoutMs = parseGrpcTimeoutMs(timeoutHeader) ?? 0;
    if (callTimeoutMs === 0 || (this.routeTimeoutMs !== 0 && callTimeoutMs >= this.routeTimeoutMs)) return this;
    return new TimeoutPolicy({ routeTimeoutMs: callTimeoutMs, perTryTimeoutMs: this.perTryTimeoutMs });
  }

  /** The policy of a request that has `leftMs` (above 0; `Infinity`: all the time) for everything, whatever the route allows. */
  within(leftMs: number): TimeoutPolicy {
    if (leftMs === Infinity || (this.routeTimeoutMs !== 0 && this.routeTimeoutMs <= leftMs)) return this;
    return new TimeoutPolicy({ routeTimeoutMs: leftMs, perTryTimeoutMs: this.perTryTimeoutMs });
  }
}
