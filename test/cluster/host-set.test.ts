import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/common/random.ts';
import type { Host } from '../../src/cluster/host.ts';
import { HostSet, type HostSetSpec } from '../../src/cluster/host-set.ts';
import { sequence } from '../../src/testing/sequence.ts';
import { endpoint, endpoints, locality, numberOf } from './support.ts';

const ROUND_ROBIN = { kind: 'ROUND_ROBIN' } as const;

function spec(more: Partial<HostSetSpec> = {}): HostSetSpec {
  return { endpoints: endpoints(3), loadBalancer: ROUND_ROBIN, panicThreshold: 0, ...more };
}

/** Ejects or lets back the hosts of these numbers, and tells the set. */
function eject(set: HostSet, numbers: readonly number[], now: number, ejected = true): void {
  for (const host of set.hosts) if (numbers.includes(numberOf(host)!)) host.health.ejected = ejected;
  set.healthChanged(now);
}

const numbers = (hosts: readonly Host[]): readonly (number | undefined)[] => hosts.map(numberOf);

/** Which hosts one round of picks reaches, in ascending order. */
function reached(set: HostSet, now: number): readonly (number | undefined)[] {
  const context = { random: seededRandom(1) };
  const picks = Array.from({ length: set.membershipTotal }, () => numberOf(set.pick(now, context)));
  return [...new Set(picks)].toSorted();
}

describe('HostSet.pick', () => {
  it('goes round the hosts in the order of the endpoints', () => {
    const set = new HostSet(spec(), 0);
    const context = { random: sequence(0) };

    expect([1, 2, 3, 4].map(() => numberOf(set.pick(0, context)))).toEqual([1, 2, 3, 1]);
  });

  it('finds nobody without endpoints, and draws nothing for it', () => {
    expect(new HostSet(spec({ endpoints: [] }), 0).pick(0, { random: sequence() })).toBeUndefined();
  });

  it('draws the priority, then the host', () => {
    const set = new HostSet(spec({ endpoints: endpoints(4), priorities: [0, 0, 1, 1], loadBalancer: { kind: 'RANDOM' } }), 0);
    eject(set, [1], 5);

    // Half of priority 0 is healthy: 70 / 30.
    expect(numberOf(set.pick(5, { random: sequence(0.69) }))).toBe(2);
    expect(numberOf(set.pick(5, { random: sequence(0.7, 0.5) }))).toBe(4);
  });

  it('keeps to priority 0 while it is well', () => {
    const set = new HostSet(spec({ priorities: [1, 0, 1] }), 0);

    expect(reached(set, 0)).toEqual([2]);
  });

  it('falls through to the next priority that has anybody', () => {
    const set = new HostSet(spec({ priorities: [0, 1, 2] }), 0);
    eject(set, [1], 0);
    expect(reached(set, 0)).toEqual([2]);
    eject(set, [2], 2000);

    expect(reached(set, 2000)).toEqual([3]);
  });
});

describe('HostSet.pick with hosts to skip', () => {
  const skipping = (...skipped: readonly number[]) => (host: Host) => skipped.includes(numberOf(host)!);

  it('picks again until one is not skipped', () => {
    const set = new HostSet(spec(), 0);

    expect(numberOf(set.pick(0, { random: sequence(0), skip: skipping(1, 2) }))).toBe(3);
  });

  it('takes the sixth pick, whatever it is', () => {
    const set = new HostSet(spec({ loadBalancer: { kind: 'RANDOM' } }), 0);
    const rolls = [0, 0.4, 0, 0.4, 0, 0.4];

    expect(numberOf(set.pick(0, { random: sequence(...rolls), skip: skipping(1, 2) }))).toBe(2);
    expect(numberOf(new HostSet(spec({ endpoints: endpoints(1) }), 0).pick(0, { random: sequence(), skip: () => true }))).toBe(1);
  });

  it('draws the priority anew for each pick', () => {
    const set = new HostSet(spec({ endpoints: endpoints(3), priorities: [0, 0, 1] }), 0);
    eject(set, [1], 0);

    expect(numberOf(set.pick(0, { random: sequence(0, 0.99), skip: skipping(2) }))).toBe(3);
  });
});

describe('HostSet and health', () => {
  it('sees a first ejection at once', () => {
    const set = new HostSet(spec(), 0);
    eject(set, [2], 50);

    expect(reached(set, 50)).toEqual([1, 3]);
    expect(set.membershipHealthy).toBe(2);
  });

  it('sees another one within a second only a second after it was made', () => {
    const set = new HostSet(spec(), 0);
    eject(set, [1], 0);
    eject(set, [2], 3);

    expect(set.nextChangeAt).toBe(1003);
    expect(reached(set, 1002)).toEqual([2, 3]);
    expect(set.membershipHealthy).toBe(1);
    expect(reached(set, 1003)).toEqual([3]);
    expect(set.nextChangeAt).toBe(Infinity);
  });

  it('has nobody left when all are ejected and nothing panics', () => {
    const set = new HostSet(spec(), 0);
    eject(set, [1, 2, 3], 0);

    expect(set.pick(0, { random: sequence() })).toBeUndefined();
  });

  it('sees a host that is back', () => {
    const set = new HostSet(spec(), 0);
    eject(set, [1], 0);
    eject(set, [1], 5000, false);

    expect(reached(set, 5000)).toEqual([1, 2, 3]);
  });

  it('keeps apart what was known when a change fell due from what came later, also when nobody asked in between', () => {
    const set = new HostSet(spec(), 0);
    eject(set, [1], 0);
    eject(set, [2], 500);
    eject(set, [3], 2000);

    expect(reached(set, 2000)).toEqual([3]);
    expect(set.nextChangeAt).toBe(3000);
    expect(reached(set, 3000)).toEqual([undefined]);
  });

  it('counts the window from when a change fell due, also when nobody asked in between', () => {
    const set = new HostSet(spec(), 0);
    eject(set, [1], 0);
    eject(set, [2], 500);
    eject(set, [3], 2501);

    expect(reached(set, 2501)).toEqual([undefined]);
  });

  it('tells whether a change was due', () => {
    const set = new HostSet(spec(), 0);
    eject(set, [1], 0);
    eject(set, [2], 10);

    expect([set.applyDue(1009), set.applyDue(1010), set.applyDue(1011)]).toEqual([false, true, false]);
  });

  it('starts its round anew after a change, and counts versions', () => {
    const set = new HostSet(spec({ endpoints: endpoints(4) }), 0);
    const context = { random: sequence(0, 0.5) };
    expect([set.pick(0, context), set.pick(0, context)].map(numberOf)).toEqual([1, 2]);
    const { version } = set;
    eject(set, [3], 0);

    expect(set.version).toBe(version + 1);
    expect([set.pick(0, context), set.pick(0, context)].map(numberOf)).toEqual([2, 4]);
  });
});

describe('HostSet in panic', () => {
  it('ignores health below the threshold and counts each such pick', () => {
    const set = new HostSet(spec({ panicThreshold: 50 }), 0);
    eject(set, [1], 0);
    expect(reached(set, 0)).toEqual([2, 3]);
    expect(set.healthyPanics).toBe(0);
    eject(set, [2], 2000);

    expect(reached(set, 2000)).toEqual([1, 2, 3]);
    expect(set.healthyPanics).toBe(3);
  });

  it('shares by numbers of hosts when all priorities panic', () => {
    const set = new HostSet(spec({ priorities: [0, 1, 1], panicThreshold: 50, loadBalancer: { kind: 'RANDOM' } }), 0);
    eject(set, [1, 2, 3], 0);

    expect(numberOf(set.pick(0, { random: sequence(0.33) }))).toBe(1);
    expect(numberOf(set.pick(0, { random: sequence(0.35, 0.9) }))).toBe(3);
  });
});

describe('HostSet.update', () => {
  it('keeps the objects of addresses that stay, and reports the others', () => {
    const set = new HostSet(spec(), 0);
    const [first, second, third] = set.hosts;
    first!.activeRequests = 4;
    const { added, removed } = set.update(spec({ endpoints: [endpoint(4), endpoint(2), endpoint(1, { labels: { a: 'b' } })] }), 10);

    expect(numbers(added)).toEqual([4]);
    expect(removed).toEqual([third]);
    expect(set.hosts[1]).toBe(second);
    expect(set.hosts[2]).toBe(first);
    expect(first).toMatchObject({ activeRequests: 4, endpoint: { labels: { a: 'b' } }, addedAt: 0 });
    expect(added[0]!.addedAt).toBe(10);
  });

  it('shows members at once, with all health known by then, and opens the window anew', () => {
    const set = new HostSet(spec(), 0);
    eject(set, [1], 0);
    eject(set, [2], 100);
    set.update(spec({ endpoints: endpoints(4) }), 200);
    expect(reached(set, 200)).toEqual([3, 4]);
    expect(set.nextChangeAt).toBe(Infinity);
    eject(set, [3], 900);

    expect(set.nextChangeAt).toBe(1900);
  });

  it('does not disturb anything when nothing changed', () => {
    const set = new HostSet(spec(), 0);
    const context = { random: sequence(0) };
    set.pick(0, context);
    const { version } = set;

    expect(set.update(spec({ endpoints: endpoints(3, { labels: { new: 'label' } }) }), 10)).toEqual({ added: [], removed: [] });
    expect(set.version).toBe(version);
    expect(numberOf(set.pick(10, context))).toBe(2);
    expect(set.hosts[0]!.endpoint.labels).toEqual({ new: 'label' });
  });

  it.each<[string, Partial<HostSetSpec>]>([
    ['weights', { endpoints: endpoints(3, { weight: 2 }) }],
    ['priorities', { priorities: [0, 0, 1] }],
    ['the balancer', { loadBalancer: { kind: 'RANDOM' } }],
    ['the panic threshold', { panicThreshold: 10 }],
    ['weights of localities', { localityWeights: [1, 1, 1] }],
    ['the order', { endpoints: endpoints(3).toReversed() }],
  ])('takes over %s', (_, change) => {
    const set = new HostSet(spec(), 0);
    const { version } = set;
    const { added, removed } = set.update(spec(change), 0);

    expect([added, removed]).toEqual([[], []]);
    expect(set.version).toBe(version + 1);
  });

  it('takes the first of two endpoints with one address', () => {
    const set = new HostSet(spec({ endpoints: [endpoint(1, { weight: 5 }), endpoint(1, { weight: 9 }), endpoint(2)], priorities: [0, 1, 1] }), 0);

    expect(set.hosts.map((host) => [numberOf(host), host.endpoint.weight, host.priority])).toEqual([
      [1, 5, 0],
      [2, 1, 1],
    ]);
  });

  it('forgets a host that left: when its address returns it is another one', () => {
    const set = new HostSet(spec(), 0);
    eject(set, [1], 0);
    const [first] = set.hosts;
    set.update(spec({ endpoints: [endpoint(2)] }), 10);
    const { added } = set.update(spec(), 20);

    expect(numbers(added)).toEqual([1, 3]);
    expect(set.hosts[0]).not.toBe(first);
    expect(reached(set, 20)).toEqual([1, 2, 3]);
  });
});

describe('HostSet with weighted localities', () => {
  const WEST = { locality: locality('west/z/a') };
  const EAST = { locality: locality('east/z/a') };
  const all = [endpoint(1, EAST), endpoint(2, WEST), endpoint(3, WEST)];
  const weighted = (weights: readonly number[], more: Partial<HostSetSpec> = {}) =>
    new HostSet(spec({ endpoints: all, localityWeights: weights, ...more }), 0);

  function shares(set: HostSet, count: number): readonly number[] {
    const counts = [0, 0, 0];
    const context = { random: seededRandom(7) };
    for (let i = 0; i < count; i++) counts[numberOf(set.pick(0, context))! - 1]!++;
    return counts;
  }

  it.each([
    { weights: [70, 30, 30], expected: [700, 150, 150] },
    { weights: [1, 2, 2], expected: [333, 333, 334] },
    { weights: [100, 0, 0], expected: [1000, 0, 0] },
  ])('shares requests by $weights before it looks at hosts', ({ weights, expected }) => {
    shares(weighted(weights), 1000).forEach((count, index) => {
      expect(Math.abs(count - expected[index]!)).toBeLessThanOrEqual(1);
    });
  });

  it('lowers the weight of a locality that lost hosts', () => {
    const set = weighted([30, 70, 70]);
    eject(set, [2], 0);

    // Half of the west is left: 70 × 0.7 against 30.
    expect(shares(set, 790)).toEqual([300, 0, 490]);
  });

  it('uses what is left when a locality is gone', () => {
    const set = weighted([30, 70, 70]);
    eject(set, [2, 3], 0);

    expect(shares(set, 10)).toEqual([10, 0, 0]);
  });

  it('forgets localities in panic', () => {
    const set = weighted([100, 0, 0], { panicThreshold: 50 });
    eject(set, [1, 2], 0);

    expect(shares(set, 300)).toEqual([100, 100, 100]);
  });

  it('treats hosts without any weighted locality as if none were', () => {
    expect(shares(weighted([0, 0, 0]), 300)).toEqual([100, 100, 100]);
  });
});
