import type { Host } from '../cluster/host.ts';
import { PreviousPriorities } from '../cluster/previous-priorities.ts';
import type { Random } from '../common/random.ts';
import type { AttemptOutcome, RetryPolicy } from '../route/retry-policy.ts';
import { FLAG } from '../telemetry/response-flags.ts';
import type { RouteStats } from '../telemetry/route-stats.ts';
import type { RetryGuard } from './retry-guard.ts';
import type { UpstreamCluster } from './upstream-cluster.ts';

/** `done`: the outcome is not one to retry, or a retry might do harm. `exhausted`: it is, but no retry is left. `overflow`: the retry breaker is full, or the budget spent. */
export type RetryVerdict = 'retry' | 'done' | 'exhausted' | 'overflow';

/**
 * The retries of one request: how many are left, which hosts were tried, and the permit of the retry breaker, which is
 * held from the decision to retry until the outcome of that retry. Source: Envoy `RetryStateImpl::shouldRetry`.
 */
export class RetryState {
  /** Hosts that the next try should avoid; always empty when the policy does not avoid any. */
  readonly triedHosts: Host[] = [];
  /** Which priorities the next try should turn to; absent when the policy leaves that to the balancer. */
  readonly priorities: PreviousPriorities | undefined;
  readonly #policy: RetryPolicy;
  readonly #cluster: UpstreamCluster;
  readonly #routeStats: RouteStats | undefined;
  readonly #guard: RetryGuard | undefined;
  #left: number;
  #holdsPermit = false;
  #atOnce = false;

  constructor(policy: RetryPolicy, cluster: UpstreamCluster, routeStats?: RouteStats, guard?: RetryGuard) {
    this.#policy = policy;
    this.#cluster = cluster;
    this.#routeStats = routeStats;
    this.#guard = guard;
    this.#left = policy.attempts;
    this.priorities = policy.retryRemoteLocalities ? new PreviousPriorities() : undefined;
  }

  tried(host: Host): void {
    if (this.#policy.ignorePreviousHosts) this.triedHosts.push(host);
    this.priorities?.tried(host);
  }

  decide(outcome: AttemptOutcome): RetryVerdict {
    const { stats, breaker } = this.#cluster;
    const retriable = this.#policy.shouldRetry(outcome);
    if (this.#holdsPermit && !retriable) this.#count('upstream_rq_retry_success');
    this.release();
    if (!retriable || this.#isHarmfulAfter(outcome)) return 'done';
    if (this.#left === 0) {
      this.#count('upstream_rq_retry_limit_exceeded');
      return 'exhausted';
    }
    this.#left--;
    this.#holdsPermit = breaker.tryAcquireRetry();
    if (!this.#holdsPermit || this.#guard?.tryAcquire() === false) {
      this.release();
      this.#count('upstream_rq_retry_overflow');
      return 'overflow';
    }
    this.#count('upstream_rq_retry');
    this.#atOnce = this.#policy.retriesAtOnce(outcome);
    if (!this.#atOnce) stats.upstream_rq_retry_backoff_exponential++;
    return 'retry';
  }

  #isHarmfulAfter(outcome: AttemptOutcome): boolean {
    return this.#guard !== undefined && (!this.#guard.isSafeAfter(outcome) || this.#guard.longestPauseMs < 0);
  }

  #count(stat: 'upstream_rq_retry' | 'upstream_rq_retry_limit_exceeded' | 'upstream_rq_retry_overflow' | 'upstream_rq_retry_success'): void {
    this.#cluster.stats[stat]++;
    if (this.#routeStats !== undefined) this.#routeStats[stat]++;
  }

  /** What a verdict adds to the response flags. */
  flagsOf(verdict: RetryVerdict): number {
    return verdict === 'exhausted' ? FLAG.URX : verdict === 'overflow' ? FLAG.UO : 0;
  }

  backoffMs(random: Random): number {
    if (this.#atOnce) return 0;
    const pauseMs = this.#policy.backoffMs(this.#policy.attempts - this.#left, random);
    return this.#guard === undefined ? pauseMs : Math.max(0, Math.min(pauseMs, this.#guard.longestPauseMs));
  }

  /** Gives the permit of a retry back, if one is held. */
  release(): void {
    if (!this.#holdsPermit) return;
    this.#holdsPermit = false;
    this.#cluster.breaker.releaseRetry();
  }
}
