import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LayeredMap } from '../../src/common/layered-map.ts';

const key = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f');
const change = fc.record({ gone: fc.uniqueArray(key), come: fc.array(fc.tuple(key, fc.nat(9))) });

describe('LayeredMap', () => {
  it('is, after any changes, what a map is that they are made in', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(key, fc.nat(9))), fc.array(change, { maxLength: 6 }), (entries, changes) => {
        let layered = LayeredMap.of(new Map<string, number>(entries));
        const plain = new Map<string, number>(entries);
        for (const { gone, come } of changes) {
          const before = [...layered];
          const next = layered.with(gone, come);
          expect([...layered]).toEqual(before);
          layered = next;
          for (const one of gone) plain.delete(one);
          for (const [one, value] of come) plain.set(one, value);

          expect(new Map(layered)).toEqual(plain);
          expect(layered.size).toBe(plain.size);
          for (const one of ['a', 'b', 'c', 'd', 'e', 'f', 'g']) expect([layered.get(one), layered.has(one)]).toEqual([plain.get(one), plain.has(one)]);
        }
      }),
    );
  });

  it('gives a key that is set again its place, and new keys the last', () => {
    const map = LayeredMap.of(new Map<string, number>([['a', 1], ['b', 2]])).with(['b'], [['c', 3], ['a', 4], ['b', 5]]);

    expect([...map]).toEqual([['a', 4], ['b', 5], ['c', 3]]);
    expect([...map.keys()]).toEqual(['a', 'b', 'c']);
    expect([...map.values()]).toEqual([4, 5, 3]);
    const seen: unknown[] = [];
    map.forEach((value, one, of) => seen.push([one, value, of === map]));
    expect(seen).toEqual([['a', 4, true], ['b', 5, true], ['c', 3, true]]);
  });

  it('tells where two of one origin may differ, and of others nothing', () => {
    const plain = new Map([['a', 1], ['b', 2], ['c', 3]]);
    const map = LayeredMap.of<string, number>(plain);
    const one = map.with(['a'], []);

    expect(LayeredMap.of(one)).toBe(one);
    expect(one.differences(plain)).toEqual(new Set(['a']));
    expect(one.with([], [['b', 5]]).differences(one)).toEqual(new Set(['a', 'b']));
    expect(one.differences(new Map(plain))).toBeUndefined();
  });

  it('becomes one layer again when many changes have come together', () => {
    const first = LayeredMap.of(new Map([['first', 0]]));
    let map = first;
    for (let i = 0; i < 200; i++) map = map.with([`k${i - 1}`], [[`k${i}`, i], ['first', i]]);
    expect([...map]).toEqual([['first', 199], ['k199', 199]]);

    for (let i = 0; i < 200; i++) map = map.with([], [[`n${i}`, i]]);
    expect(map.differences(first)).toBeUndefined();
    expect(map.size).toBe(202);
    expect(map.get('n150')).toBe(150);
  });
});
