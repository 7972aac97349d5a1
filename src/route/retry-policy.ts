import { randomInt, type Random } from '../common/random.ts';
import { parseGrpcStatus } from './grpc.ts';
import type { RetryOptions, RetrySafety } from './model.ts';

/** Why an attempt ended without response headers. `overflow` is a circuit breaker's refusal. Source: Envoy `StreamResetReason`. */
export type ResetReason =
  | 'connection-failure'
  | 'connection-timeout'
  | 'connection-termination'
  | 'remote-reset'
  | 'remote-refused'
  | 'local-reset'
  | 'protocol-error'
  | 'overflow'
  | 'per-try-timeout';

/** How one attempt ended, as far as a decision about a retry needs it. */
export type AttemptOutcome =
  | {
      readonly kind: 'response';
      readonly status: number;
      /** A response header by lower-case name. gRPC statuses count only here, never from trailers. */
      header(name: string): string | undefined;
    }
  | {
      readonly kind: 'reset';
      readonly reason: ResetReason;
      /** Whether anything of the request, headers included, went upstream. */
      readonly requestSent: boolean;
    };

/** What a route has that makes none. */
export const NO_RETRIES: RetryOptions = {
  attempts: 0,
  retryOn: '',
  perTryTimeoutMs: 0,
  backoffBaseMs: 25,
  ignorePreviousHosts: false,
  retryRemoteLocalities: false,
};

const GRPC_TOKENS: Readonly<Record<string, number>> = {
  cancelled: 1,
  'deadline-exceeded': 4,
  'resource-exhausted': 8,
  internal: 13,
  unavailable: 14,
};

const compiled = new WeakMap<RetryOptions, RetryPolicy>();

/**
 * Which outcomes are worth another attempt, how many, and after what pause. Whether one may be made is also the
 * circuit breaker's and the timeout's business.
 *
 * Source: Istio `retries`; Envoy `RetryStateImpl`.
 */
export class RetryPolicy {
  readonly options: RetryOptions;
  /** Retries after the first try; 0: none. */
  readonly attempts: number;
  /** Whether a retry avoids the hosts already tried. Source: `retryIgnorePreviousHosts`. */
  readonly ignorePreviousHosts: boolean;
  readonly retryRemoteLocalities: boolean;
  /** Absent: a retry is made whatever harm it might do. */
  readonly safety: RetrySafety | undefined;
  /** The tokens that are not numbers. */
  readonly tokens: ReadonlySet<string>;
  /** Statuses that are retried because they are listed. */
  readonly statusCodes: ReadonlySet<number>;
  readonly #grpcStatuses: ReadonlySet<number | undefined>;

  constructor(options: RetryOptions) {
    const words = options.retryOn.split(',').map((word) => word.trim()).filter((word) => word !== '');
    this.options = options;
    this.attempts = options.attempts;
    this.ignorePreviousHosts = options.ignorePreviousHosts;
    this.retryRemoteLocalities = options.retryRemoteLocalities;
    this.safety = options.safety;
    this.statusCodes = new Set(words.filter((word) => /^\d+$/.test(word)).map(Number));
    this.tokens = new Set(words.filter((word) => !/^\d+$/.test(word)));
    this.#grpcStatuses = new Set(words.map((word) => GRPC_TOKENS[word]).filter((status) => status !== undefined));
  }

  /** The policy of `options`, one for all routes that share the object, as those with the mesh's default do. */
  static of(options: RetryOptions): RetryPolicy {
    const present = compiled.get(options);
    if (present !== undefined) return present;
    const policy = new RetryPolicy(options);
    compiled.set(options, policy);
    return policy;
  }

  /** Whether `outcome` is of a kind that is retried; whether any attempt is left is up to the caller. */
  shouldRetry(outcome: AttemptOutcome): boolean {
    return outcome.kind === 'response' ? this.#retriesResponse(outcome) : this.#retriesReset(outcome);
  }

  /**
   * Whole milliseconds to wait before retry number `retryNumber` (from 1): uniform below a ceiling that doubles from the
   * base up to ten times the base.
   *
   * Source: Envoy `JitteredExponentialBackOffStrategy`.
   */
  backoffMs(retryNumber: number, random: Random): number {
    return randomInt(random, this.options.backoffBaseMs * Math.min(2 ** (retryNumber - 1), 10));
  }

  /** Whether an outcome that is retried needs no pause: 425 says that the request only came too early. Source: Envoy `RetryImmediately`. */
  retriesAtOnce(outcome: AttemptOutcome): boolean {
    return outcome.kind === 'response' && outcome.status === 425 && outcome.header('x-envoy-ratelimited') === undefined;
  }

  #retriesResponse(response: AttemptOutcome & { kind: 'response' }): boolean {
    const { tokens } = this;
    const { status } = response;
    // An upstream proxy's rate limit is retried by its own token only, whatever the status.
    if (response.header('x-envoy-ratelimited') !== undefined) return tokens.has('envoy-ratelimited');
    if (status >= 500 && status <= 599 && tokens.has('5xx')) return true;
    if (status >= 502 && status <= 504 && tokens.has('gateway-error')) return true;
    if (status === 409 && tokens.has('retriable-4xx')) return true;
    if (this.statusCodes.has(status)) return true;
    if (tokens.has('retriable-headers') && this.options.retriableHeaders?.some((name) => response.header(name) !== undefined)) return true;
    if (this.#grpcStatuses.size === 0) return false;
    return this.#grpcStatuses.has(parseGrpcStatus(response.header('grpc-status')));
  }

  #retriesReset({ reason, requestSent }: AttemptOutcome & { kind: 'reset' }): boolean {
    const { tokens } = this;
    if (reason === 'overflow') return false;
    if (tokens.has('5xx') || tokens.has('gateway-error') || tokens.has('reset')) return true;
    if (!requestSent && tokens.has('reset-before-request')) return true;
    if (reason === 'remote-refused') return tokens.has('refused-stream');
    if (reason === 'connection-failure' || reason === 'connection-timeout') return tokens.has('connect-failure');
    return false;
  }
}
