import { describe, expect, it } from 'vitest';
import { HostSet, type HostSetSpec } from '../../src/cluster/host-set.ts';
import { xxHash64 } from '../../src/common/xxhash64.ts';
import { sequence } from '../../src/testing/sequence.ts';
import { endpoint, endpoints, locality, numberOf } from './support.ts';

const RING = { kind: 'RING_HASH', minimumRingSize: 1024 } as const;
const MAGLEV = { kind: 'MAGLEV', tableSize: 1021 } as const;
const KEYS = Array.from({ length: 400 }, (_, i) => xxHash64(`user-${i}`));

function set(more: Partial<HostSetSpec> = {}): HostSet {
  return new HostSet({ endpoints: endpoints(4), loadBalancer: RING, panicThreshold: 0, ...more }, 0);
}

function eject(hosts: HostSet, ...numbers: readonly number[]): void {
  for (const host of hosts.hosts) host.health.ejected = numbers.includes(numberOf(host)!);
  hosts.healthChanged(0);
}

const picks = (hosts: HostSet): readonly (number | undefined)[] => KEYS.map((hash) => numberOf(hosts.pick(0, { hash, random: sequence() })));

describe.each([RING, MAGLEV])('HostSet of kind $kind', (loadBalancer) => {
  it('gives a key the same host again, also in another process that knows the same hosts', () => {
    const hosts = set({ loadBalancer });
    expect(picks(hosts)).toEqual(picks(hosts));
    expect(picks(set({ loadBalancer }))).toEqual(picks(hosts));
    expect(new Set(picks(hosts)).size).toBe(4);
  });

  it('leaves out hosts that are ejected, and gives them their keys back', () => {
    const hosts = set({ loadBalancer });
    const before = picks(hosts);
    eject(hosts, 3);
    expect(picks(hosts)).not.toContain(3);

    eject(hosts);
    hosts.applyDue(5000);
    expect(picks(hosts)).toEqual(before);
  });

  it('takes any host for a request without hash, by one draw of 64 bits for all its picks', () => {
    const hosts = set({ loadBalancer });
    const tried = new Set<number | undefined>();
    hosts.pick(0, { random: sequence(0.3, 0.6), skip: (host) => Boolean(tried.add(numberOf(host))) });

    expect(tried.size).toBeGreaterThan(1);
  });

  it('sends a hash to the priority that its remainder falls in', () => {
    const hosts = set({ loadBalancer, priorities: [0, 0, 1, 1] });
    eject(hosts, 1);

    // Half of priority 0 is healthy: 70 / 30.
    expect(numberOf(hosts.pick(0, { hash: { high: 0, low: 69 }, random: sequence() }))).toBe(2);
    expect([3, 4]).toContain(numberOf(hosts.pick(0, { hash: { high: 0, low: 70 }, random: sequence() })));
  });

  it('keeps a key in its locality', () => {
    const located = [1, 2, 3, 4].map((number) => endpoint(number, { locality: locality(number < 3 ? 'r/a/' : 'r/b/') }));
    const hosts = set({ loadBalancer, endpoints: located, localityWeights: [75, 75, 25, 25] });
    const before = picks(hosts);

    expect(picks(hosts)).toEqual(before);
    const share = before.filter((number) => number! < 3).length / KEYS.length;
    expect(share).toBeGreaterThan(0.65);
    expect(share).toBeLessThan(0.85);
  });
});

describe('HostSet.hashed', () => {
  it('is true where a hash decides; elsewhere it is not looked at', () => {
    const random = set({ loadBalancer: { kind: 'RANDOM' } });

    expect(set().hashed).toBe(true);
    expect(random.hashed).toBe(false);
    expect(numberOf(random.pick(0, { hash: { high: 7, low: 7 }, random: sequence(0.5) }))).toBe(3);
  });
});
