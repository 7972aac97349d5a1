import { describe, expect, it } from 'vitest';
import { RandomBalancer } from '../../../src/cluster/balancers/random.ts';
import { sequence } from '../../../src/testing/sequence.ts';
import { hostsOfWeights, numberOf } from '../support.ts';

describe('RandomBalancer', () => {
  it.each([
    [0, 1],
    [0.333, 1],
    [0.334, 2],
    [0.667, 3],
    [0.9999, 3],
  ])('a roll of %d picks host %d of three, whatever their weights', (roll, expected) => {
    expect(numberOf(new RandomBalancer().pick(hostsOfWeights(1, 2, 5), { random: sequence(roll) }))).toBe(expected);
  });

  it('draws nothing for one host or none', () => {
    expect(numberOf(new RandomBalancer().pick(hostsOfWeights(1), { random: sequence() }))).toBe(1);
    expect(new RandomBalancer().pick([], { random: sequence() })).toBeUndefined();
  });
});
