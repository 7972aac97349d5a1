import { describe, expect, it } from 'vitest';
import { HashedBalancer, type TableMember } from '../../../src/cluster/balancers/hashed.ts';
import { sequence } from '../../../src/testing/sequence.ts';
import { Host } from '../../../src/cluster/host.ts';
import { endpoint, hostsOfWeights, locality, numberOf } from '../support.ts';

const HASH = { high: 0, low: 1 };

/** Tells the members of each table that was built; the table itself is the index `hash.low + repick`. */
function recorder(): { readonly built: (readonly TableMember[])[]; readonly balancer: HashedBalancer; weighted(sum: number): HashedBalancer } {
  const built: (readonly TableMember[])[] = [];
  const build = (members: readonly TableMember[]) => {
    built.push(members);
    return { find: ({ low }: { low: number }, repick: number) => members[(low + repick) % members.length]!.host };
  };
  return { built, balancer: new HashedBalancer(build), weighted: (sum) => new HashedBalancer(build, sum) };
}

const sharesOf = (members: readonly TableMember[] | undefined): unknown => members?.map(({ host, share }) => [numberOf(host), share]);

describe('HashedBalancer', () => {
  it('finds by the hash and the number of the repick', () => {
    const { balancer } = recorder();
    const hosts = hostsOfWeights(1, 1, 1);

    expect([0, 1, 2].map((repick) => numberOf(balancer.pick(hosts, { hash: HASH, random: sequence() }, repick)))).toEqual([2, 3, 1]);
  });

  it('draws a hash for a request without one', () => {
    const { balancer } = recorder();
    expect(numberOf(balancer.pick(hostsOfWeights(1, 1, 1), { random: sequence(0, 2 / 2 ** 32) }))).toBe(3);
  });

  it('builds its table once for each list, with the share of each host', () => {
    const { balancer, built } = recorder();
    const first = hostsOfWeights(1, 3);
    const second = hostsOfWeights(1, 1);
    for (const hosts of [first, first, second, second]) balancer.pick(hosts, { hash: HASH, random: sequence() });

    expect(built.map(sharesOf)).toEqual([[[1, 0.25], [2, 0.75]], [[1, 0.5], [2, 0.5]]]);
    expect(built[0]?.[0]?.key).toBe('10.0.0.1:80');
  });

  it('needs no table for one host, and finds nobody among none', () => {
    const { balancer, built } = recorder();

    expect(numberOf(balancer.pick(hostsOfWeights(5), { hash: HASH, random: sequence() }))).toBe(1);
    expect(balancer.pick([], { hash: HASH, random: sequence() })).toBeUndefined();
    expect(built).toEqual([]);
  });

  it('gives each locality its part of all weights, and none to one without weight', () => {
    const { built, weighted } = recorder();
    const hosts = ([['r/a/', 75, 1], ['r/b/', 15, 2], ['r/a/', 75, 2], ['r/c/', 0, 1]] as const).map(([name, weight, own], i) => {
      const host = new Host(endpoint(i + 1, { locality: locality(name), weight: own }), 0);
      host.localityWeight = weight;
      return host;
    });
    weighted(100).pick(hosts, { hash: HASH, random: sequence() });

    expect(sharesOf(built[0])).toEqual([[1, 0.25], [3, 0.5], [2, 0.15]]);
  });

  it('finds nobody when no locality has a weight', () => {
    expect(recorder().weighted(0).pick(hostsOfWeights(1, 1), { hash: HASH, random: sequence() })).toBeUndefined();
  });
});
