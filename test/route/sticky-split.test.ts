import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RequestHead } from '../../src/route/model.ts';
import { StickySplit } from '../../src/route/sticky-split.ts';

const KEYS = [{ kind: 'header', name: 'end-user' }] as const;

function requestOf(headers: readonly string[], path = '/'): RequestHead {
  return { method: 'GET', scheme: 'http', authority: 'reviews', path, port: 9080, headers: [...headers] };
}

const of = (user: string): RequestHead => requestOf(['end-user', user]);

/** By subset. */
function split(weights: Readonly<Record<string, number>>, salt = 'default/reviews'): StickySplit<{ cluster: string; weight: number }> {
  return new StickySplit({ keys: KEYS, salt }, Object.entries(weights).map(([subset, weight]) => ({ cluster: `outbound|9080|${subset}|reviews.default.svc.cluster.local`, weight })));
}

const sideOf = (one: ReturnType<typeof split>, user: string): string => one.pick(of(user))!.cluster.split('|')[2]!;
const users = Array.from({ length: 20_000 }, (_, i) => `user-${i}`);
const weight = fc.integer({ min: 0, max: 100 });

describe('StickySplit', () => {
  it.each<Record<string, number>>([{ v1: 95, v2: 5 }, { v1: 80, v2: 20 }, { v1: 1, v2: 1 }, { v1: 70, v2: 20, v3: 10 }, { v1: 1, v2: 2, v3: 3, v4: 4 }])('shares $v1 and the others out as weighted', (weights) => {
    const counts = Map.groupBy(users, (user) => sideOf(split(weights), user));
    const total = Object.values(weights).reduce((sum, one) => sum + one);

    for (const [subset, share] of Object.entries(weights)) {
      const expected = share / total;
      // Six standard deviations of as many draws.
      const slack = 6 * Math.sqrt((expected * (1 - expected)) / users.length);
      expect(Math.abs((counts.get(subset)?.length ?? 0) / users.length - expected)).toBeLessThan(slack);
    }
  });

  it('lets no one out of a canary that grows while no other does, and in only whom it takes', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 5, maxLength: 40 }), fc.array(weight, { minLength: 1, maxLength: 4 }), weight, fc.integer({ min: 1, max: 100 }), (names, others, before, more) => {
        const rest = Object.fromEntries(others.map((one, i) => [`v${i}`, one]));
        const total = (list: readonly number[]): number => list.reduce((sum, one) => sum + one, 0);
        fc.pre(total(others) > 0);
        const [small, big] = [split({ ...rest, canary: before }), split({ ...rest, canary: before + more })];
        for (const name of names) {
          const [was, is] = [sideOf(small, name), sideOf(big, name)];
          if (was === 'canary') expect(is).toBe('canary');
          else expect([was, 'canary']).toContain(is);
        }
      }),
    );
  });

  it('keeps a destination\'s own as long as no other weight grows in relation to its own', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1, max: 100 })), { minLength: 2, maxLength: 5 }), (pairs) => {
        const at = (which: 0 | 1) => split(Object.fromEntries(pairs.map((pair, i) => [`v${i}`, pair[which]])));
        const [before, after] = [at(0), at(1)];
        const gains = pairs.map(([was, is]) => is / was);
        const winner = `v${gains.indexOf(Math.max(...gains))}`;
        for (const user of users.slice(0, 200)) if (sideOf(before, user) === winner) expect(sideOf(after, user)).toBe(winner);
      }),
    );
  });

  it('moves those alone that have to move when a canary grows from 5 to 20 % beside another', () => {
    const [before, after] = [split({ v1: 85, v2: 10, v3: 5 }), split({ v1: 85, v2: 10, v3: 95 / 4 })];
    const moved = users.filter((user) => sideOf(before, user) !== sideOf(after, user));

    expect(moved.every((user) => sideOf(after, user) === 'v3')).toBe(true);
    expect(moved.length / users.length).toBeCloseTo(0.15, 1);
  });

  it('takes neither the order nor the port of destinations into account', () => {
    const [there, back] = [split({ v1: 50, v2: 30, v3: 20 }), split({ v3: 20, v2: 30, v1: 50 })];
    const elsewhere = new StickySplit({ keys: KEYS, salt: 'default/reviews' }, [['v1', 50], ['v2', 30], ['v3', 20]].map(([subset, share]) => ({ cluster: `outbound|80|${subset}|reviews.default.svc.cluster.local`, weight: share as number })));

    for (const user of users.slice(0, 500)) {
      expect(sideOf(back, user)).toBe(sideOf(there, user));
      expect(elsewhere.pick(of(user))!.cluster.split('|')[2]).toBe(sideOf(there, user));
    }
  });

  it('tells clusters apart whose names are not those of services, in any order too', () => {
    const named = (...clusters: string[]) => new StickySplit({ keys: KEYS, salt: '' }, clusters.map((cluster) => ({ cluster, weight: 1 })));
    const [there, back] = [named('PassthroughCluster', 'BlackHoleCluster'), named('BlackHoleCluster', 'PassthroughCluster')];

    for (const user of users.slice(0, 100)) expect(back.pick(of(user))!.cluster).toBe(there.pick(of(user))!.cluster);
  });

  it('has nobody to choose where none has a weight', () => {
    expect(split({ v1: 0, v2: 0 }).pick(of('jason'))).toBeUndefined();
  });

  it('shares out between equal destinations too, also when one before them has no weight', () => {
    const of4 = [0, 30, 30, 40].map((one) => ({ cluster: 'outbound|80||a', weight: one }));
    const twins = new StickySplit({ keys: KEYS, salt: '' }, of4);
    const counts = of4.map((one) => users.filter((user) => twins.pick(of(user)) === one).length / users.length);

    expect(counts[0]).toBe(0);
    for (const [i, share] of [0, 0.3, 0.3, 0.4].entries()) expect(counts[i]).toBeCloseTo(share, 1);
  });

  it('treats the same users in another way with another salt', () => {
    const canary = (salt: string): string[] => users.filter((user) => sideOf(split({ v1: 90, v2: 10 }, salt), user) === 'v2');
    const [one, other] = [canary('spring'), new Set(canary('autumn'))];
    const both = one.filter((user) => other.has(user)).length;

    expect(canary('spring')).toEqual(one);
    // A tenth of a tenth, not all of it.
    expect(both / users.length).toBeCloseTo(0.01, 2);
  });

  it('has the key of the first place that says anything, or none', () => {
    const keyed = new StickySplit({ keys: [{ kind: 'header', name: 'end-user' }, { kind: 'cookie', name: 'session' }, { kind: 'query', name: 'u' }], salt: '' }, [{ cluster: 'a', weight: 1 }, { cluster: 'b', weight: 1 }]);
    const cookie = ['cookie', 'a=1; session="s1"; b=2'];

    expect(keyed.keyOf(requestOf(['end-user', 'jason', ...cookie], '/?u=q'))).toBe('jason');
    expect(keyed.keyOf(requestOf(['end-user', '', ...cookie], '/?u=q'))).toBe('s1');
    expect(keyed.keyOf(requestOf(['cookie', 'session='], '/?x=1&u=q'))).toBe('q');
    expect(keyed.keyOf(requestOf([], '/?user=q'))).toBeUndefined();
    expect(keyed.pick(requestOf([]))).toBeUndefined();
  });
});
