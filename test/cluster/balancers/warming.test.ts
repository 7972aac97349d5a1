import { describe, expect, it } from 'vitest';
import { HostSet } from '../../../src/cluster/host-set.ts';
import { createBalancer } from '../../../src/cluster/balancers/create-balancer.ts';
import { warmth } from '../../../src/cluster/balancers/warming.ts';
import { Host } from '../../../src/cluster/host.ts';
import type { Endpoint, LoadBalancerOptions, WarmupOptions } from '../../../src/cluster/model.ts';
import { seededRandom } from '../../../src/common/random.ts';

const WARMUP: WarmupOptions = { durationMs: 1000, minimumPercent: 10, aggression: 1 };

function endpoint(address: string, weight = 1): Endpoint {
  return { address, port: 80, labels: {}, weight, locality: { region: '', zone: '', subzone: '' } };
}

describe('warmth', () => {
  it.each([
    [0, 0.1],
    [50, 0.1],
    [100, 0.1],
    [500, 0.5],
    [999, 0.999],
    [1000, 1],
    [5000, 1],
  ])('grows with the age: %i ms is %f', (ageMs, expected) => {
    expect(warmth(WARMUP, ageMs)).toBeCloseTo(expected, 12);
  });

  it('rises early with a high aggression, late with a low one', () => {
    expect(warmth({ ...WARMUP, aggression: 2 }, 250)).toBeCloseTo(0.5, 12);
    expect(warmth({ ...WARMUP, aggression: 0.5 }, 500)).toBeCloseTo(0.25, 12);
  });

  it('has no minimum where none is asked for', () => {
    expect(warmth({ ...WARMUP, minimumPercent: 0 }, 10)).toBeCloseTo(0.01, 12);
  });
});

describe.each(['ROUND_ROBIN', 'LEAST_REQUEST'] as const)('warm-up with %s', (kind) => {
  const options: LoadBalancerOptions = { kind, warmup: WARMUP };

  /** How many of 1,100 picks each of `hosts` gets at `now`. */
  function shares(hosts: readonly Host[], now: number, balancer = createBalancer(options)): number[] {
    const random = seededRandom(7);
    const counts = new Map(hosts.map((host) => [host, 0]));
    for (let i = 0; i < 1100; i++) {
      const host = balancer.pick(hosts, { random, now })!;
      counts.set(host, counts.get(host)! + 1);
    }
    return [...counts.values()];
  }

  it('gives a new host a part of its share, by its age', () => {
    const old = new Host(endpoint('10.0.0.1'), 0);
    const young = new Host(endpoint('10.0.0.2'), 10_000);

    const [atFirst] = shares([old, young], 10_000);
    const [halfway] = shares([old, young], 10_500);

    expect(atFirst! / 1100).toBeCloseTo(1 / 1.1, 2);
    expect(halfway! / 1100).toBeCloseTo(1 / 1.5, 2);
  });

  it('takes all hosts for equals when all are warm', () => {
    const hosts = [new Host(endpoint('10.0.0.1'), 0), new Host(endpoint('10.0.0.2'), 0)];

    const [first] = shares(hosts, 5000);

    expect(Math.abs(first! - 550)).toBeLessThan(90);
  });

  it('keeps to declared weights besides', () => {
    const hosts = [new Host(endpoint('10.0.0.1', 1), 0), new Host(endpoint('10.0.0.2', 10), 10_000)];

    expect(shares(hosts, 10_000).map((count) => count / 1100)).toEqual([expect.closeTo(0.5, 2), expect.closeTo(0.5, 2)]);
  });

  it('lets a host warm up while its schedule is in use', () => {
    const hosts = [new Host(endpoint('10.0.0.1'), 0), new Host(endpoint('10.0.0.2'), 10_000)];
    const balancer = createBalancer(options);
    shares(hosts, 10_000, balancer);

    expect(shares(hosts, 12_000, balancer).map((count) => count / 1100)).toEqual([expect.closeTo(0.5, 1), expect.closeTo(0.5, 1)]);
  });

  it('has nothing to choose among one or none', () => {
    const one = new Host(endpoint('10.0.0.1'), 0);
    const balancer = createBalancer(options);
    expect(balancer.pick([one], { random: Math.random, now: 0 })).toBe(one);
    expect(balancer.pick([], { random: Math.random, now: 0 })).toBeUndefined();
  });

  it('starts with the hosts of a cluster when they join it', () => {
    const spec = { endpoints: [endpoint('10.0.0.1')], loadBalancer: options, panicThreshold: 0 };
    const set = new HostSet(spec, 0);
    set.update({ ...spec, endpoints: [endpoint('10.0.0.1'), endpoint('10.0.0.2')] }, 10_000);
    const random = seededRandom(3);

    const picks = Array.from({ length: 1100 }, () => set.pick(10_000, { random })!.endpoint.address);

    expect(picks.filter((address) => address === '10.0.0.2').length / 1100).toBeCloseTo(0.1 / 1.1, 1);
  });
});
