import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/common/random.ts';
import { WeightedClusters } from '../../src/route/weighted-clusters.ts';
import { sequence } from '../../src/testing/sequence.ts';

function split(...weights: readonly number[]): WeightedClusters<{ name: string; weight: number }> {
  return new WeightedClusters(weights.map((weight, i) => ({ name: 'abcdef'[i]!, weight })));
}

describe('WeightedClusters', () => {
  it.each([
    { weights: [80, 20], draw: 0, name: 'a' },
    { weights: [80, 20], draw: 0.7999, name: 'a' },
    { weights: [80, 20], draw: 0.8, name: 'b' },
    { weights: [80, 20], draw: 0.9999, name: 'b' },
    { weights: [1, 2, 5], draw: 0.1249, name: 'a' },
    { weights: [1, 2, 5], draw: 0.125, name: 'b' },
    { weights: [1, 2, 5], draw: 0.375, name: 'c' },
    // A weight of 0 gets nothing, not even the boundary.
    { weights: [0, 100], draw: 0, name: 'b' },
    { weights: [30, 0, 30], draw: 0.5, name: 'c' },
  ])('of $weights a draw of $draw gives $name', ({ weights, draw, name }) => {
    expect(split(...weights).pick(sequence(draw)).name).toBe(name);
  });

  it.each([[[0]], [[10]], [[100]], [[0, 7]]])('draws nothing for %j, where there is one choice', (weights) => {
    expect(split(...weights).pick(sequence()).weight).toBe(weights.at(-1));
  });

  it('refuses a split in which nothing can be chosen', () => {
    const message = 'route.weight must add up to more than 0, got 2 destinations without weight';

    expect(() => split(0, 0)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_CONFIG', message }));
    expect(() => split()).toThrow(expect.objectContaining({ code: 'ERR_INVALID_CONFIG' }));
  });

  it('gives the last choice to a source of chance that reaches 1', () => {
    expect(split(1, 2, 3).pick(() => 1).name).toBe('c');
  });

  it('changes its choice exactly where the shares meet', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 2, maxLength: 6 }), (weights) => {
        const choices = split(...weights);
        const total = weights.reduce((sum, weight) => sum + weight, 0);
        let end = 0;
        weights.forEach((weight, i) => {
          // Half a step off the boundary, where no rounding of the division can reach it.
          expect(choices.pick(() => (end + 0.5) / total)).toBe(choices.choices[i]);
          end += weight;
          expect(choices.pick(() => (end - 0.5) / total)).toBe(choices.choices[i]);
        });
      }),
    );
  });

  it('converges to its shares', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 100 }), { minLength: 2, maxLength: 5 }), fc.integer(), (weights, seed) => {
        fc.pre(weights.some((weight) => weight > 0));
        const choices = split(...weights);
        const random = seededRandom(seed);
        const calls = 4000;
        const counts = new Map<string, number>();
        for (let i = 0; i < calls; i++) {
          const { name } = choices.pick(random);
          counts.set(name, (counts.get(name) ?? 0) + 1);
        }
        const total = weights.reduce((sum, weight) => sum + weight, 0);
        weights.forEach((weight, i) => {
          const share = weight / total;
          const tolerance = 6 * Math.sqrt(calls * share * (1 - share));
          expect(Math.abs((counts.get('abcdef'[i]!) ?? 0) - calls * share)).toBeLessThanOrEqual(tolerance);
        });
      }),
      { numRuns: 30, seed: 7 },
    );
  });

  it('tells shares in percent', () => {
    const choices = split(1, 0, 3);

    expect(choices.choices.map((choice) => choices.percentage(choice))).toEqual([25, 75]);
    expect(split(0).percentage({ name: 'a', weight: 0 })).toBe(100);
  });
});
