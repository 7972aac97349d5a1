import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EdfScheduler } from '../../../src/cluster/balancers/edf-scheduler.ts';

type Weighted = readonly [name: string, weight: number];
const weightOf = ([, weight]: Weighted): number => weight;

function picks(weights: readonly number[], count: number, start = 0): string {
  const values = weights.map((weight, index): Weighted => [String.fromCharCode(97 + index), weight]);
  const scheduler = new EdfScheduler(values, weightOf, start);
  return Array.from({ length: count }, () => scheduler.pick(weightOf)?.[0] ?? '-').join('');
}

const weights = fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 8 });

describe('EdfScheduler', () => {
  it.each([
    { weights: [1], count: 3, expected: 'aaa' },
    { weights: [1, 1, 1], count: 6, expected: 'abcabc' },
    { weights: [2, 1], count: 6, expected: 'abaaba' },
    // One round of weights 1, 2, 5, as Envoy makes it: turns spread, ties in the order in which they were scheduled.
    { weights: [1, 2, 5], count: 16, expected: 'ccbccabcccbccabc' },
    { weights: [], count: 1, expected: '-' },
    { weights: [0, 1, -1], count: 2, expected: 'bb' },
    { weights: [0.1, 0.2], count: 6, expected: 'babbab' },
  ])('serves weights $weights as $expected', ({ weights, count, expected }) => {
    expect(picks(weights, count)).toBe(expected);
  });

  it('goes on the same way for ever: sums of fifths do not drift', () => {
    const round = picks([1, 2, 5], 8, 5);

    expect(picks([1, 2, 5], 8 * 500, 5)).toBe(round.repeat(500));
  });

  it('starts anywhere as if the picks before had been made', () => {
    fc.assert(
      fc.property(weights, fc.nat(200), (w, start) => {
        expect(picks(w, 40, start)).toBe(picks(w, start + 40).slice(start));
      }),
    );
  });

  it('gives each its weight in every round, wherever it starts', () => {
    fc.assert(
      fc.property(weights, fc.nat(1000), fc.integer({ min: 1, max: 4 }), (w, start, rounds) => {
        const round = w.reduce((a, b) => a + b, 0);
        const served = picks(w, round * rounds, start);
        w.forEach((weight, index) => {
          const name = String.fromCharCode(97 + index);
          expect(served.split(name).length - 1).toBe(weight * rounds);
        });
      }),
    );
  });

  it('never lets two turns of one value lie further apart than its weight allows', () => {
    fc.assert(
      fc.property(weights, (w) => {
        const round = w.reduce((a, b) => a + b, 0);
        const served = picks(w, round * 3);
        w.forEach((weight, index) => {
          const gaps = served.split(String.fromCharCode(97 + index)).slice(1, -1);
          for (const gap of gaps) expect(gap.length).toBeLessThan(round / weight + w.length);
        });
      }),
    );
  });

  it('schedules a value again with the weight that it has by then', () => {
    const load = new Map([['a', 1], ['b', 1]]);
    const weight = (name: string): number => load.get(name)!;
    const scheduler = new EdfScheduler(['a', 'b'], weight);
    load.set('a', 1 / 3);

    const served = Array.from({ length: 8 }, () => scheduler.pick(weight)).join('');

    expect(served).toBe('abbbabbb');
  });
});
