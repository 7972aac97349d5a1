import { describe, expect, it } from 'vitest';
import { CircuitBreaker } from '../../src/cluster/circuit-breaker.ts';

type Kind = 'pending' | 'request' | 'connection' | 'retry';

const ACQUIRE: Readonly<Record<Kind, (breaker: CircuitBreaker, hostHasNone?: boolean) => boolean>> = {
  pending: (breaker) => breaker.tryAcquirePending(),
  request: (breaker) => breaker.tryAcquireRequest(),
  connection: (breaker, hostHasNone = false) => breaker.tryAcquireConnection(hostHasNone),
  retry: (breaker) => breaker.tryAcquireRetry(),
};
const RELEASE: Readonly<Record<Kind, (breaker: CircuitBreaker) => void>> = {
  pending: (breaker) => breaker.releasePending(),
  request: (breaker) => breaker.releaseRequest(),
  connection: (breaker) => breaker.releaseConnection(),
  retry: (breaker) => breaker.releaseRetry(),
};
const COUNT: Readonly<Record<Kind, (breaker: CircuitBreaker) => number>> = {
  pending: (breaker) => breaker.pending,
  request: (breaker) => breaker.requests,
  connection: (breaker) => breaker.connections,
  retry: (breaker) => breaker.retries,
};
const LIMIT = { pending: 'maxPendingRequests', request: 'maxRequests', connection: 'maxConnections', retry: 'maxRetries' } as const;
const KINDS = Object.keys(ACQUIRE) as readonly Kind[];

describe('CircuitBreaker', () => {
  describe.each(KINDS)('%s', (kind) => {
    it('refuses above the limit and again allows after a release', () => {
      const breaker = new CircuitBreaker({ [LIMIT[kind]]: 2 });

      expect([ACQUIRE[kind](breaker), ACQUIRE[kind](breaker), ACQUIRE[kind](breaker)]).toEqual([true, true, false]);
      expect(COUNT[kind](breaker)).toBe(2);
      RELEASE[kind](breaker);
      expect(ACQUIRE[kind](breaker)).toBe(true);
    });

    it.each([undefined, 0])('has no limit when it is %s', (limit) => {
      const breaker = new CircuitBreaker({ [LIMIT[kind]]: limit });
      for (let i = 0; i < 5000; i++) ACQUIRE[kind](breaker);

      expect(COUNT[kind](breaker)).toBe(5000);
      expect(Object.values(breaker.state)).not.toContain(true);
    });

    it('does not limit the others', () => {
      const breaker = new CircuitBreaker({ [LIMIT[kind]]: 1 });
      for (const each of KINDS) ACQUIRE[each](breaker);

      expect(KINDS.map((each) => ACQUIRE[each](breaker))).toEqual(KINDS.map((each) => each !== kind));
    });

    it('keeps permits that are out when the limit changes', () => {
      const breaker = new CircuitBreaker({ [LIMIT[kind]]: 3 });
      for (let i = 0; i < 3; i++) ACQUIRE[kind](breaker);
      breaker.update({ [LIMIT[kind]]: 2 });
      RELEASE[kind](breaker);
      expect(ACQUIRE[kind](breaker)).toBe(false);
      RELEASE[kind](breaker);

      expect(ACQUIRE[kind](breaker)).toBe(true);
      expect(COUNT[kind](breaker)).toBe(2);
    });
  });

  it('with one connection and one place to wait lets one of three cold requests in, and one of two more when warm', () => {
    const breaker = new CircuitBreaker({ maxConnections: 1, maxPendingRequests: 1 });
    const cold = [1, 2, 3].map(() => breaker.tryAcquirePending());
    expect(cold).toEqual([true, false, false]);
    // The connection is there: the first request leaves the queue for it.
    breaker.tryAcquireConnection(true);
    breaker.releasePending();
    breaker.tryAcquireRequest();

    expect([1, 2].map(() => breaker.tryAcquirePending())).toEqual([true, false]);
    expect(breaker.tryAcquireConnection(false)).toBe(false);
  });

  it('gives a host without connections its first one, above the limit too', () => {
    const breaker = new CircuitBreaker({ maxConnections: 1 });

    expect([true, true, false, true].map((hostHasNone) => breaker.tryAcquireConnection(hostHasNone))).toEqual([true, true, false, true]);
    expect(breaker.connections).toBe(3);
  });

  it('tells that the limit is met, which is an overflow even where a first connection is opened all the same', () => {
    const breaker = new CircuitBreaker({ maxConnections: 1 });
    expect(breaker.connectionLimitReached).toBe(false);
    breaker.tryAcquireConnection(true);

    expect(breaker.connectionLimitReached).toBe(true);
  });

  it('tells which limits are reached', () => {
    const breaker = new CircuitBreaker({ maxConnections: 1, maxPendingRequests: 1, maxRequests: 1, maxRetries: 1 });
    const none = { cxOpen: false, pendingOpen: false, requestsOpen: false, retriesOpen: false };
    expect(breaker.state).toEqual(none);
    breaker.tryAcquireConnection(true);
    expect(breaker.state).toEqual({ ...none, cxOpen: true });
    breaker.releaseConnection();
    breaker.tryAcquirePending();
    expect(breaker.state).toEqual({ ...none, pendingOpen: true });
    breaker.releasePending();
    breaker.tryAcquireRequest();
    expect(breaker.state).toEqual({ ...none, requestsOpen: true });
    breaker.releaseRequest();
    breaker.tryAcquireRetry();
    expect(breaker.state).toEqual({ ...none, retriesOpen: true });
  });

  it.each([
    { percent: 20, min: 3, active: 0, pending: 0, allowed: 3 },
    { percent: 20, min: 3, active: 15, pending: 4, allowed: 3 },
    { percent: 20, min: 3, active: 15, pending: 5, allowed: 4 },
    { percent: 100, min: 0, active: 2, pending: 0, allowed: 2 },
    { percent: 50, min: 0, active: 1, pending: 0, allowed: 0 },
  ])('a budget of $percent % (at least $min) over $active active and $pending pending allows $allowed retries', (row) => {
    const breaker = new CircuitBreaker({
      maxRetries: 1,
      retryBudget: { percent: row.percent, minRetryConcurrency: row.min },
    });
    for (let i = 0; i < row.active; i++) breaker.tryAcquireRequest();
    for (let i = 0; i < row.pending; i++) breaker.tryAcquirePending();
    const retries = Array.from({ length: row.allowed + 2 }, () => breaker.tryAcquireRetry());

    expect(retries.filter(Boolean)).toHaveLength(row.allowed);
  });
});
