import { describe, expect, it } from 'vitest';
import { RoundRobinBalancer } from '../../../src/cluster/balancers/round-robin.ts';
import { sequence } from '../../../src/testing/sequence.ts';
import { hostsOfWeights, numberOf } from '../support.ts';

describe('RoundRobinBalancer', () => {
  it.each([
    { roll: 0, expected: [1, 2, 3, 1, 2, 3, 1] },
    { roll: 0.34, expected: [2, 3, 1, 2, 3, 1, 2] },
    { roll: 0.99, expected: [3, 1, 2, 3, 1, 2, 3] },
  ])('starts at random ($roll) and goes round, drawing once', ({ roll, expected }) => {
    const hosts = hostsOfWeights(1, 1, 1);
    const balancer = new RoundRobinBalancer();
    const context = { random: sequence(roll) };

    expect(expected.map(() => numberOf(balancer.pick(hosts, context)))).toEqual(expected);
  });

  it.each([
    { roll: 0, expected: [3, 3, 2, 3, 3, 1, 2, 3] },
    { roll: 0.65, expected: [1, 2, 3, 3, 3, 2, 3, 3] },
  ])('follows weights from a random place ($roll) in the round', ({ roll, expected }) => {
    const hosts = hostsOfWeights(1, 2, 5);
    const balancer = new RoundRobinBalancer();
    const context = { random: sequence(roll) };

    const rounds = [...expected, ...expected];
    expect(rounds.map(() => numberOf(balancer.pick(hosts, context)))).toEqual(rounds);
  });

  it('starts anew with another list', () => {
    const balancer = new RoundRobinBalancer();
    const context = { random: sequence(0, 0) };
    balancer.pick(hostsOfWeights(1, 1, 1), context);

    expect(numberOf(balancer.pick(hostsOfWeights(1, 1), context))).toBe(1);
  });

  it('draws nothing for one host or none', () => {
    const balancer = new RoundRobinBalancer();

    expect(numberOf(balancer.pick(hostsOfWeights(7), { random: sequence() }))).toBe(1);
    expect(balancer.pick([], { random: sequence() })).toBeUndefined();
  });
});
