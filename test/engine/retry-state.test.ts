import { beforeEach, describe, expect, it } from 'vitest';
import { CircuitBreaker } from '../../src/cluster/circuit-breaker.ts';
import { Host } from '../../src/cluster/host.ts';
import { RetryState } from '../../src/engine/retry-state.ts';
import type { UpstreamCluster } from '../../src/engine/upstream-cluster.ts';
import { RetryPolicy, type AttemptOutcome } from '../../src/route/retry-policy.ts';
import { ClusterStats } from '../../src/telemetry/cluster-stats.ts';
import { formatFlags } from '../../src/telemetry/response-flags.ts';
import { sequence } from '../../src/testing/sequence.ts';

const answer = (status: number): AttemptOutcome => ({ kind: 'response', status, header: () => undefined });
const reset = (reason: 'connection-termination' | 'overflow'): AttemptOutcome => ({ kind: 'reset', reason, requestSent: true });

let stats: ClusterStats;
let breaker: CircuitBreaker;
beforeEach(() => {
  stats = new ClusterStats();
  breaker = new CircuitBreaker({ maxRetries: 1 });
});

function state({ attempts = 2, ignorePreviousHosts = true } = {}): RetryState {
  const policy = new RetryPolicy({ attempts, retryOn: '5xx', backoffBaseMs: 25, ignorePreviousHosts, retryRemoteLocalities: false } as never);
  return new RetryState(policy, { stats, breaker } as UpstreamCluster);
}

describe('RetryState', () => {
  it('gives as many retries as the policy has, then says that there is none left', () => {
    const retries = state({ attempts: 2 });

    expect([1, 2, 3].map(() => retries.decide(answer(503)))).toEqual(['retry', 'retry', 'exhausted']);
    expect(formatFlags(retries.flagsOf('exhausted'))).toBe('URX');
    expect(stats).toMatchObject({ upstream_rq_retry: 2, upstream_rq_retry_limit_exceeded: 1, upstream_rq_retry_success: 0, upstream_rq_retry_backoff_exponential: 2 });
    expect(breaker.retries).toBe(0);
  });

  it('is done with what is not retried, and counts a retry that helped', () => {
    const retries = state();
    expect(retries.decide(answer(500))).toBe('retry');

    expect(retries.decide(answer(404))).toBe('done');
    expect(retries.flagsOf('done')).toBe(0);
    expect(stats.upstream_rq_retry_success).toBe(1);
    expect(state().decide(answer(200))).toBe('done');
    expect(stats.upstream_rq_retry_success).toBe(1);
  });

  it('never retries a refusal by a limit', () => {
    expect(state().decide(reset('overflow'))).toBe('done');
    expect(state().decide(reset('connection-termination'))).toBe('retry');
  });

  it('retries a 425 without a pause', () => {
    const policy = new RetryPolicy({ attempts: 2, retryOn: '425,503', backoffBaseMs: 1000, ignorePreviousHosts: true, retryRemoteLocalities: false } as never);
    const retries = new RetryState(policy, { stats, breaker } as UpstreamCluster);

    expect(retries.decide(answer(425))).toBe('retry');
    expect(retries.backoffMs(sequence(0.5))).toBe(0);
    expect(stats.upstream_rq_retry_backoff_exponential).toBe(0);
    expect(retries.decide(answer(503))).toBe('retry');
    expect(retries.backoffMs(sequence(0.5))).toBe(1000);
    expect(stats).toMatchObject({ upstream_rq_retry: 2, upstream_rq_retry_backoff_exponential: 1 });
  });

  it('holds its permit from the decision to the outcome, so that another can\'t have it', () => {
    const [first, second] = [state(), state()];
    expect(first.decide(answer(503))).toBe('retry');
    expect(breaker.retries).toBe(1);

    expect(second.decide(answer(503))).toBe('overflow');
    expect(formatFlags(second.flagsOf('overflow'))).toBe('UO');
    expect(stats.upstream_rq_retry_overflow).toBe(1);
    expect(first.decide(answer(503))).toBe('retry');
    expect(breaker.retries).toBe(1);
    expect(first.decide(answer(200))).toBe('done');
    expect(breaker.retries).toBe(0);
  });

  it('gives its permit back once, however often it is told to', () => {
    const retries = state();
    retries.decide(answer(503));
    retries.release();
    retries.release();

    expect(breaker.retries).toBe(0);
  });

  it('remembers hosts only where the policy avoids them', () => {
    const host = new Host({ address: '10.0.0.1', port: 80, labels: {}, weight: 1, locality: { region: '', zone: '', subzone: '' } }, 0);
    const [avoiding, not] = [state(), state({ ignorePreviousHosts: false })];
    avoiding.tried(host);
    not.tried(host);

    expect([avoiding.triedHosts, not.triedHosts]).toEqual([[host], []]);
  });

  it('waits longer before each further retry', () => {
    const retries = state({ attempts: 6 });
    const waits = Array.from({ length: 6 }, () => {
      retries.decide(answer(503));
      return retries.backoffMs(sequence(0.999));
    });

    expect(waits).toEqual([24, 49, 99, 199, 249, 249]);
  });
});
