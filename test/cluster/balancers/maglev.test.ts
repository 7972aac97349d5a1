import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MaglevTable } from '../../../src/cluster/balancers/maglev.ts';
import { xxHash64 } from '../../../src/common/xxhash64.ts';
import { fromBigInt } from '../../common/slow-xxhash64.ts';
import { numberOf } from '../support.ts';
import { members, slowMaglev } from './slow-tables.ts';

const SIZE = 65_537;
const someWeights = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 8 });

/** The owners of all slots. */
function slots(table: MaglevTable, size: number): readonly (number | undefined)[] {
  return Array.from({ length: size }, (_, slot) => numberOf(table.find({ high: 0, low: slot }, 0)));
}

describe('MaglevTable', () => {
  it('is filled as the paper says, with weights as Envoy adds them', () => {
    fc.assert(fc.property(someWeights, fc.constantFrom(2, 7, 31, 251, 1021), (weights, size) => {
      const list = members(...weights);
      expect(slots(new MaglevTable(list, size), size)).toEqual(slowMaglev(list, size));
    }), { numRuns: 60 });
  });

  it('is the same whatever the order of the hosts', () => {
    const list = members(1, 2, 3, 4);
    expect(slots(new MaglevTable(list.toReversed(), 1021), 1021)).toEqual(slots(new MaglevTable(list, 1021), 1021));
  });

  it('takes the remainder of the hash', () => {
    const list = members(1, 1, 1);
    const table = new MaglevTable(list, 1021);
    const model = slowMaglev(list, 1021);
    const hash = 0xfedc_ba98_7654_3210n;

    expect(numberOf(table.find(fromBigInt(hash), 0))).toBe(model[Number(hash % 1021n)]);
  });

  it.each([1, 2, 5])('looks elsewhere for repick %i', (repick) => {
    const list = members(1, 1, 1, 1, 1);
    const table = new MaglevTable(list, 1021);
    const model = slowMaglev(list, 1021);
    for (let hash = 1n; hash < 1n << 64n; hash *= 37n) {
      const flipped = hash ^ ((1n << 64n) - BigInt(repick));
      expect(numberOf(table.find(fromBigInt(hash), repick))).toBe(model[Number(flipped % 1021n)]);
    }
  });

  it('shares the slots out by weight, to a few percent', () => {
    fc.assert(fc.property(fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 2, maxLength: 12 }), (weights) => {
      const list = members(...weights);
      const owners = slots(new MaglevTable(list, SIZE), SIZE);
      list.forEach(({ share }, index) => {
        const own = owners.reduce<number>((count, owner) => (owner === index + 1 ? count + 1 : count), 0) / SIZE;
        expect(Math.abs(own / share - 1)).toBeLessThan(0.03);
      });
    }), { numRuns: 8 });
  });

  it('moves few keys besides those of a host that goes', () => {
    const list = members(1, 1, 1, 1, 1, 1, 1, 1, 1, 1);
    const rest = list.slice(1).map((member) => ({ ...member, share: 1 / 9 }));
    const before = new MaglevTable(list, SIZE);
    const after = new MaglevTable(rest, SIZE);
    const keys = Array.from({ length: 2000 }, (_, i) => xxHash64(`user-${i}`));
    const others = keys.filter((key) => numberOf(before.find(key, 0)) !== 1);
    const moved = others.filter((key) => before.find(key, 0) !== after.find(key, 0));

    expect(moved.length / others.length).toBeLessThan(0.05);
  });
});
