import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_BUCKETS, Histogram } from '../../src/telemetry/histogram.ts';

function of(values: readonly number[], bounds?: readonly number[]): Histogram {
  const histogram = new Histogram(bounds);
  for (const value of values) histogram.record(value);
  return histogram;
}

describe('Histogram', () => {
  it('counts a value in the first bucket whose bound it does not exceed', () => {
    expect([...of([0, 1, 1.1, 5, 5.1, 99], [1, 5]).cumulative()]).toEqual([
      [1, 2],
      [5, 4],
      [Infinity, 6],
    ]);
  });

  it('sums up', () => {
    expect(of([1, 2.5, 4])).toMatchObject({ count: 3, sum: 7.5 });
  });

  it('has Envoy’s buckets by default', () => {
    expect(new Histogram().bounds).toBe(DEFAULT_BUCKETS);
    expect(DEFAULT_BUCKETS).toHaveLength(19);
  });

  it.each([
    { values: [], share: 0.5, quantile: undefined },
    { values: [5, 5, 5, 5], share: 0.5, quantile: 5 },
    { values: [5, 15, 15, 15], share: 0.25, quantile: 10 },
    { values: [5, 15, 15, 15], share: 1, quantile: 20 },
    { values: [5, 15], share: 0, quantile: 0 },
    { values: [15], share: 0, quantile: 10 },
    { values: [99], share: 0.5, quantile: 20 },
    { values: [5, 99], share: 0.99, quantile: 20 },
  ])('of $values $share do not exceed $quantile', ({ values, share, quantile }) => {
    expect(of(values, [10, 20]).quantile(share)).toBe(quantile);
  });

  it('agrees with counting by hand', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 4e6, noNaN: true })), (values) => {
        for (const [bound, count] of of(values).cumulative()) {
          expect(count).toBe(values.filter((value) => value <= bound).length);
        }
      }),
    );
  });
});
