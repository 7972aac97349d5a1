import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RecentRetries } from '../../src/cluster/recent-retries.ts';

const LIMIT = { budgetPercent: 20, leastPerSecond: 0 };

describe('RecentRetries', () => {
  it('allows a share of the calls of ten seconds, and no more of those before', () => {
    const recent = new RecentRetries();
    for (let i = 0; i < 10; i++) recent.recordCall(500);

    expect([1, 2, 3].map(() => recent.tryAcquire(900, LIMIT))).toEqual([true, true, false]);
    for (let i = 0; i < 5; i++) recent.recordCall(9_900);
    expect([1, 2].map(() => recent.tryAcquire(9_999, LIMIT))).toEqual([true, false]);
    // The first second is over: its calls, and its retries.
    expect(recent.tryAcquire(10_000, LIMIT)).toBe(false);
    expect(recent.tryAcquire(19_000, LIMIT)).toBe(false);
    recent.recordCall(19_000);
    expect(recent.tryAcquire(30_000, LIMIT)).toBe(false);
  });

  it('allows some however few calls there are', () => {
    const recent = new RecentRetries();
    const least = { budgetPercent: 20, leastPerSecond: 0.3 };

    expect([1, 2, 3, 4].map(() => recent.tryAcquire(0, least))).toEqual([true, true, true, false]);
    expect(recent.tryAcquire(9_999, least)).toBe(false);
    expect(recent.tryAcquire(10_000, least)).toBe(true);
  });

  it('is what counting anew each time gives', () => {
    const event = fc.record({ afterMs: fc.oneof(fc.integer({ min: 0, max: 1500 }), fc.integer({ min: 0, max: 25_000 })), retries: fc.boolean() });
    const limit = fc.record({ budgetPercent: fc.integer({ min: 0, max: 100 }), leastPerSecond: fc.constantFrom(0, 0.1, 0.25, 1) });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e9 }), limit, fc.array(event, { maxLength: 200 }), (start, budget, events) => {
        const recent = new RecentRetries();
        const calls: number[] = [];
        const retries: number[] = [];
        let now = start;
        for (const one of events) {
          now += one.afterMs;
          const since = (list: readonly number[]): number => list.filter((at) => Math.floor(at / 1000) > Math.floor(now / 1000) - 10).length;
          if (!one.retries) {
            recent.recordCall(now);
            calls.push(now);
            continue;
          }
          const allowed = since(retries) + 1 <= Math.max(budget.leastPerSecond * 10, (since(calls) * budget.budgetPercent) / 100);
          expect(recent.tryAcquire(now, budget)).toBe(allowed);
          if (allowed) retries.push(now);
        }
      }),
    );
  });
});
