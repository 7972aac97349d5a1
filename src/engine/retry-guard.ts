import { RecentRetries } from '../cluster/recent-retries.ts';
import type { Clock } from '../common/clock.ts';
import { getHeader } from '../common/headers.ts';
import type { RequestHead, RetrySafety } from '../route/model.ts';
import type { AttemptOutcome, ResetReason, RetryPolicy } from '../route/retry-policy.ts';

/** Those for which twice is as good as once. Source: RFC 9110 §9.2.2. */
const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']);

/** After which the server has surely done nothing. Source: RFC 9113 §8.7 for refused streams. */
const UNTOUCHED: ReadonlySet<ResetReason> = new Set<ResetReason>(['connection-failure', 'connection-timeout', 'remote-refused']);

/** What a guard looks at of a request. */
interface GuardedRequest {
  readonly head: Pick<RequestHead, 'method' | 'headers'>;
  readonly deadlineAtMs?: number | undefined;
}

/** What it counts by cluster, and by which clock. */
type GuardedCluster = object & { readonly clock: Pick<Clock, 'now'> };

const recent = new WeakMap<GuardedCluster, RecentRetries>();

/** Says of one request which retries do no harm: to the service's data, to a service that is failing, to a caller that has no more time. */
export class RetryGuard {
  readonly #safety: RetrySafety;
  readonly #isIdempotent: boolean;
  readonly #deadlineAtMs: number;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #recent: RecentRetries;

  /** @param request - as it goes upstream: rules may have given it a key, or taken it */
  constructor(safety: RetrySafety, cluster: GuardedCluster, { head, deadlineAtMs = Infinity }: GuardedRequest) {
    this.#safety = safety;
    this.#isIdempotent = IDEMPOTENT.has(head.method) || Boolean(getHeader(head.headers, 'idempotency-key'));
    this.#deadlineAtMs = deadlineAtMs;
    this.#clock = cluster.clock;
    let counts = recent.get(cluster);
    if (counts === undefined) recent.set(cluster, (counts = new RecentRetries()));
    this.#recent = counts;
    counts.recordCall(this.#clock.now());
  }

  /** Whether the request can be sent again after `outcome` without being done twice. */
  isSafeAfter(outcome: AttemptOutcome): boolean {
    return this.#isIdempotent || (outcome.kind === 'reset' && (UNTOUCHED.has(outcome.reason) || !outcome.requestSent));
  }

  /** Milliseconds that a retry may wait before it begins, so that enough is left until whoever asked stops waiting; below 0: it has no time at all. */
  get longestPauseMs(): number {
    return this.#deadlineAtMs - this.#safety.leastTimeMs - this.#clock.now();
  }

  /** Takes one retry out of the cluster's budget, if there is any. */
  tryAcquire(): boolean {
    return this.#recent.tryAcquire(this.#clock.now(), this.#safety);
  }
}

/** The guard of a request whose retries have to be safe. */
export function retryGuard({ safety }: RetryPolicy, cluster: GuardedCluster, request: GuardedRequest): RetryGuard | undefined {
  return safety === undefined ? undefined : new RetryGuard(safety, cluster, request);
}
