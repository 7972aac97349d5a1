import { describe, expect, it } from 'vitest';
import { atLeast, atMost, describeBudgets } from '../../benchmarks/lib/budget.ts';
import { ratioIn, summariesOf } from '../../benchmarks/lib/laps.ts';
import { Stopwatch } from '../../benchmarks/lib/latency.ts';
import { figure, ratioOf, showSpread, spreadOf } from '../../benchmarks/lib/statistics.ts';

describe('a spread', () => {
  it('is the median with the smallest and the largest, whatever the order', () => {
    expect(spreadOf([30, 1, 2])).toEqual({ median: 2, min: 1, max: 30 });
  });

  it('has the middle of the two middle ones for a median of an even number', () => {
    expect(spreadOf([4, 1, 2, 10])).toEqual({ median: 3, min: 1, max: 10 });
  });

  it('leaves the values as they were', () => {
    const values = [3, 1, 2];
    spreadOf(values);

    expect(values).toEqual([3, 1, 2]);
  });
});

describe('a ratio', () => {
  it('is taken within each round before the median is', () => {
    // The medians are 20 and 10, yet in no round was one twice the other.
    expect(ratioOf([10, 20, 90], [10, 10, 30])).toEqual({ median: 2, min: 1, max: 3 });
    expect(ratioOf([10, 20, 90], [30, 10, 10])).toEqual({ median: 2, min: 1 / 3, max: 9 });
    expect(ratioOf([10, 40, 20], [20, 10, 10])).toEqual({ median: 2, min: 0.5, max: 4 });
  });

  it('is of one figure of two contestants', () => {
    const laps = new Map([['a', [{ x: 6, y: 1 }, { x: 8, y: 1 }]], ['b', [{ x: 2, y: 1 }, { x: 2, y: 1 }]]]);

    expect(ratioIn(laps, 'a', 'b', 'x')).toEqual({ median: 3.5, min: 3, max: 4 });
    expect(summariesOf(laps)['a']).toEqual({ x: { median: 7, min: 6, max: 8 }, y: { median: 1, min: 1, max: 1 } });
  });
});

describe('figures', () => {
  it.each([
    [12_345.6, '12,346'],
    [123.4, '123'],
    [12.34, '12.3'],
    [1.234, '1.23'],
    [0.123, '0.12'],
    [0.008_51, '0.0085'],
    [0, '0.00'],
    [-12.34, '-12.3'],
  ])('show what means something of %d', (value, shown) => {
    expect(figure(value)).toBe(shown);
  });

  it('show a spread with its ends', () => {
    expect(showSpread({ median: 1.52, min: 1.4, max: 17.1 })).toBe('1.52 (1.40-17.1)');
  });
});

describe('a budget', () => {
  it('is met by the median, up to its bound', () => {
    const spread = { median: 3, min: 1, max: 5 };

    expect([atLeast('a', spread, 3).met, atLeast('a', spread, 3.01).met]).toEqual([true, false]);
    expect([atMost('a', spread, 3).met, atMost('a', spread, 2.99).met]).toEqual([true, false]);
  });

  it('says so', () => {
    const text = describeBudgets([atLeast('calls', { median: 2, min: 1, max: 3 }, 3)]);

    expect(text.split('\n')[2]?.replaceAll(/ +/g, ' ')).toBe(' calls 2.00 (1.00-3.00) ≥ 3 not met');
  });
});

describe('a stopwatch', () => {
  it('tells the median and the 99th of a hundred, in microseconds', () => {
    const stopwatch = new Stopwatch();
    for (let tookMs = 1000; tookMs > 0; tookMs--) stopwatch.record(tookMs);

    expect(stopwatch.medianUs).toBe(501_000);
    expect(stopwatch.p99Us).toBe(991_000);
  });

  it('tells of a single call', () => {
    const stopwatch = new Stopwatch();
    stopwatch.record(2);

    expect([stopwatch.medianUs, stopwatch.p99Us]).toEqual([2000, 2000]);
  });
});
