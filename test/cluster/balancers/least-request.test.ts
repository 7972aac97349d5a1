import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../../src/common/random.ts';
import { LeastRequestBalancer } from '../../../src/cluster/balancers/least-request.ts';
import { sequence } from '../../../src/testing/sequence.ts';
import { hostsOfWeights, numberOf } from '../support.ts';

describe('LeastRequestBalancer', () => {
  it.each([
    { name: 'the less busy of two', active: [4, 1, 2], rolls: [0, 0.4], expected: 2 },
    { name: 'also when it is drawn first', active: [1, 4, 2], rolls: [0, 0.4], expected: 1 },
    { name: 'the first of two even ones', active: [3, 0, 3], rolls: [0.9, 0.1], expected: 3 },
    { name: 'a busy host drawn twice', active: [9, 0, 0], rolls: [0, 0.1], expected: 1 },
    { name: 'not the least busy of all, if it is not drawn', active: [2, 1, 0], rolls: [0, 0.4], expected: 2 },
  ])('picks $name', ({ active, rolls, expected }) => {
    const hosts = hostsOfWeights(1, 1, 1);
    hosts.forEach((host, index) => (host.activeRequests = active[index]!));

    expect(numberOf(new LeastRequestBalancer().pick(hosts, { random: sequence(...rolls) }))).toBe(expected);
  });

  it('draws twice for each pick, and not at all for one host or none', () => {
    const balancer = new LeastRequestBalancer();
    const hosts = hostsOfWeights(1, 1);
    const context = { random: sequence(0, 0, 0.5, 0.5) };

    expect([numberOf(balancer.pick(hosts, context)), numberOf(balancer.pick(hosts, context))]).toEqual([1, 2]);
    expect(numberOf(balancer.pick(hostsOfWeights(1), { random: sequence() }))).toBe(1);
    expect(balancer.pick([], { random: sequence() })).toBeUndefined();
  });

  it('follows weights where they differ and all are idle', () => {
    const hosts = hostsOfWeights(1, 3);
    const balancer = new LeastRequestBalancer();
    const context = { random: sequence(0) };

    expect(Array.from({ length: 8 }, () => numberOf(balancer.pick(hosts, context)))).toEqual([2, 2, 1, 2, 2, 2, 1, 2]);
  });

  it('lowers the weight of a busy host', () => {
    const hosts = hostsOfWeights(2, 4);
    hosts[1]!.activeRequests = 7;
    const balancer = new LeastRequestBalancer();
    const context = { random: seededRandom(1) };
    const counts = [0, 0, 0];
    for (let i = 0; i < 1000; i++) counts[numberOf(balancer.pick(hosts, context))!]!++;

    // 2 against 4 / (7 + 1).
    expect(counts[1]).toBeGreaterThan(795);
    expect(counts[1]).toBeLessThan(805);
  });
});
