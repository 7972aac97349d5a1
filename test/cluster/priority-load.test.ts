import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pickPriority, priorityLoad } from '../../src/cluster/priority-load.ts';
import { sequence } from '../../src/testing/sequence.ts';

const of = (...pairs: readonly (readonly [healthy: number, total: number])[]) =>
  pairs.map(([healthy, total]) => ({ healthy, total }));

describe('priorityLoad', () => {
  it.each([
    { name: 'all healthy', hosts: of([4, 4], [4, 4]), loads: [100, 0] },
    { name: 'just enough in 0', hosts: of([72, 100], [1, 1]), loads: [100, 0] },
    { name: 'one less spills a percent', hosts: of([71, 100], [1, 1]), loads: [99, 1] },
    { name: 'half of 0', hosts: of([2, 4], [4, 4]), loads: [70, 30] },
    { name: 'a quarter of each', hosts: of([1, 4], [1, 4]), loads: [50, 50] },
    { name: 'nothing left in 0', hosts: of([0, 1], [1, 1]), loads: [0, 100] },
    { name: 'an empty 0', hosts: of([0, 0], [1, 1]), loads: [0, 100] },
    { name: 'nothing anywhere', hosts: of([0, 2], [0, 2]), loads: [100, 0] },
    { name: 'what rounding leaves goes to the first that can', hosts: of([0, 9], [1, 10], [1, 10], [1, 10]), loads: [0, 34, 33, 33] },
    { name: 'one priority', hosts: of([1, 9]), loads: [100] },
    { name: 'none', hosts: [], loads: [] },
  ])('shares: $name', ({ hosts, loads }) => {
    expect(priorityLoad(hosts, 0)).toEqual({ loads, panic: hosts.map(() => false) });
  });

  it.each([
    { name: 'below the threshold', hosts: of([1, 3]), threshold: 50, panic: [true] },
    { name: 'at the threshold', hosts: of([1, 2]), threshold: 50, panic: [false] },
    { name: 'threshold 0', hosts: of([0, 2]), threshold: 0, panic: [false] },
    { name: 'none healthy', hosts: of([0, 2]), threshold: 1, panic: [true] },
    { name: 'enough altogether', hosts: of([1, 9], [9, 9]), threshold: 50, panic: [false, false] },
    { name: 'only the poor one', hosts: of([1, 10], [5, 10]), threshold: 50, panic: [true, false] },
    { name: 'all healthy, whatever the threshold', hosts: of([3, 3]), threshold: 100, panic: [false] },
  ])('panics: $name', ({ hosts, threshold, panic }) => {
    expect(priorityLoad(hosts, threshold).panic).toEqual(panic);
  });

  it('shares by numbers of hosts when all priorities panic', () => {
    expect(priorityLoad(of([0, 2], [0, 1]), 50).loads).toEqual([67, 33]);
    expect(priorityLoad(of([0, 0], [0, 0]), 50).loads).toEqual([100, 0]);
  });

  it('always shares out exactly 100', () => {
    const host = fc.nat(20).chain((total) => fc.record({ total: fc.constant(total), healthy: fc.nat(total) }));
    fc.assert(
      fc.property(fc.array(host, { minLength: 1, maxLength: 5 }), fc.nat(100), (hosts, threshold) => {
        const { loads } = priorityLoad(hosts, threshold);
        expect(loads.reduce((a, b) => a + b, 0)).toBe(100);
        expect(loads.every((load) => load >= 0)).toBe(true);
      }),
    );
  });
});

describe('pickPriority', () => {
  it.each([
    [0, 0],
    [0.6999, 0],
    [0.7, 1],
    [0.9999, 1],
  ])('a roll of %d over 70 / 30 picks %d', (roll, priority) => {
    expect(pickPriority([70, 30], sequence(roll))).toBe(priority);
  });

  it('passes over a priority without load', () => {
    expect(pickPriority([0, 100], sequence(0))).toBe(1);
  });

  it('draws nothing for a single priority', () => {
    expect(pickPriority([100], sequence())).toBe(0);
  });
});
