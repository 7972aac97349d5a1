import { describe, expect, it } from 'vitest';
import type { TallyObservation } from '../record/observation.ts';
import { compareTally } from './compare-tally.ts';
import { formatDifference } from './difference.ts';

const SPLIT: TallyObservation = {
  times: 400,
  status: { 200: 400 },
  flags: { '-': 400 },
  cluster: { v1: 320, v2: 80 },
  to: { a: 320, b: 80 },
  attempts: { 1: 400 },
  elapsedMs: { min: 1, mean: 3, max: 20 },
  mirrored: { m: 200 },
};

const CONTEXT = { clusters: { of: (cluster: string | null) => (cluster === 'v1' ? ['a', 'd'] : cluster === 'v2' ? ['b'] : ['m', 'n']), mirrors: ['copies'] }, slackMs: 0 };

function differences(got: Partial<TallyObservation>, compare?: Parameters<typeof compareTally>[2], expected: Partial<TallyObservation> = {}): string[] {
  return compareTally({ ...SPLIT, ...expected }, { ...SPLIT, ...expected, ...got }, compare, CONTEXT).map(formatDifference);
}

describe('compareTally', () => {
  // 400 trials at 0.2: a standard deviation of 8.
  it.each([[80, true], [120, true], [40, true], [121, false], [39, false]])('takes %i of 400 for a recorded 80: %s', (count, passes) => {
    expect(differences({ cluster: { v1: 400 - count, v2: count } }).length === 0).toBe(passes);
  });

  it('takes a share of 0 or 1 exactly', () => {
    expect(differences({ status: { 200: 399, 503: 1 } })).toEqual(['status.200: expected 400, got 399', 'status.503: expected 0, got 1']);
    expect(differences({ to: { a: 320, b: 79, c: 1 } })).toEqual(['to.c: expected 0, got 1']);
    expect(differences({ mirrored: { m: 200, x: 1 } })).toEqual(['mirrored.x: expected 0, got 1']);
  });

  it('lets a balancer choose an endpoint that the recording happened not to show', () => {
    const few = { times: 4, cluster: { v1: 4 }, to: { a: 4 }, status: { 200: 4 }, flags: { '-': 4 }, attempts: { 1: 4 }, mirrored: {} };
    expect(differences({ to: { d: 4 } }, undefined, few)).toEqual([]);
    expect(differences({ to: { b: 4 } }, undefined, few)).not.toEqual([]);
    expect(differences({ to: { a: 320, b: 54, d: 26 } })).toEqual(['to.d: expected 0 +- 17 of 400, got 26']);
  });

  it('counts a copy per call', () => {
    expect(differences({ mirrored: { m: 249 } })).toEqual([]);
    expect(differences({ mirrored: { m: 251 } })).toEqual(['mirrored.m: expected 200 +- 49 of 400, got 251']);
  });

  it('wants as many calls as recorded', () => {
    expect(differences({ times: 399 })).toEqual(['times: expected 400, got 399']);
  });

  it('compares the least and the greatest time', () => {
    expect(differences({ elapsedMs: { min: 1, mean: 3, max: 271 } })).toEqual(['elapsedMs.max: expected 0 to 270, got 271']);
  });

  describe('exact', () => {
    it('leaves nothing to chance', () => {
      expect(differences({}, 'exact')).toEqual([]);
      expect(differences({ to: { a: 321, b: 79 } }, 'exact')).toEqual(['to.a: expected 320, got 321', 'to.b: expected 80, got 79']);
      expect(differences({ sequence: ['200 b', '200 a'] }, 'exact', { sequence: ['200 a', '200 b'] })).toHaveLength(1);
    });
  });

  describe('rotation', () => {
    const sequence = ['200 a', '200 b', '200 c', '200 a', '200 b', '200 c'];

    it('takes the recorded order from any start', () => {
      expect(differences({ sequence: [...sequence.slice(2), ...sequence.slice(0, 2)] }, 'rotation', { sequence })).toEqual([]);
    });

    it('refuses another order and another tally', () => {
      expect(differences({ sequence: sequence.toReversed() }, 'rotation', { sequence })).toHaveLength(1);
      expect(differences({ to: { a: 319, b: 81 } }, 'rotation', { sequence })).toHaveLength(2);
    });
  });

  describe('same', () => {
    const one = { to: { a: 400 }, cluster: { v1: 400 } };

    it('takes any one endpoint for all calls', () => {
      expect(differences({ to: { z: 400 } }, 'same', one)).toEqual([]);
    });

    it('refuses two, and another status', () => {
      expect(differences({ to: { a: 399, b: 1 } }, 'same', one)).toHaveLength(1);
      expect(differences({ status: { 200: 399, 503: 1 } }, 'same', one)).toHaveLength(2);
    });
  });

  describe('bounds', () => {
    it('compares what they name and nothing else', () => {
      expect(differences({ flags: { UF: 400 }, status: { 200: 300, 503: 100 } }, { 'status.503': [90, 110], 'to.a': [0, 400] })).toEqual([]);
    });

    it('counts a missing key as 0', () => {
      expect(differences({}, { 'status.503': [1, 9] })).toEqual(['status.503: expected 1 to 9, got 0']);
    });

    it('takes elapsedMs for the least and the greatest, elapsedMs.mean for the mean', () => {
      expect(differences({}, { elapsedMs: [2, 19] })).toEqual(['elapsedMs.min: expected 2 to 19, got 1', 'elapsedMs.max: expected 2 to 19, got 20']);
      expect(differences({}, { 'elapsedMs.mean': [4, 5] })).toEqual(['elapsedMs.mean: expected 4 to 5, got 3']);
    });
  });
});
