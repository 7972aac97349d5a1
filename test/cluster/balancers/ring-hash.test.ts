import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HashRing } from '../../../src/cluster/balancers/ring-hash.ts';
import { xxHash64 } from '../../../src/common/xxhash64.ts';
import { fromBigInt, toBigInt } from '../../common/slow-xxhash64.ts';
import { numberOf } from '../support.ts';
import { members, slowRing } from './slow-tables.ts';

const anyHash = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n });
const someWeights = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 8 });
const KEYS = Array.from({ length: 600 }, (_, i) => xxHash64(`user-${i}`));

describe('HashRing', () => {
  it.each([
    { weights: [1, 1, 1], minimum: 1024, size: 1026 },
    { weights: [1, 1], minimum: 1024, size: 1024 },
    { weights: [1, 2, 5], minimum: 64, size: 64 },
    { weights: [1, 3], minimum: 5, size: 8 },
    { weights: [1, 1, 1], minimum: 1, size: 3 },
  ])('of weights $weights has at least $minimum entries: $size', ({ weights, minimum, size }) => {
    expect(new HashRing(members(...weights), minimum).size).toBe(size);
  });

  it('gives every hash to the first entry that is not below it, and begins again after the last', () => {
    fc.assert(fc.property(someWeights, fc.integer({ min: 1, max: 100 }), fc.array(anyHash), (weights, minimum, hashes) => {
      const list = members(...weights);
      const ring = new HashRing(list, minimum);
      const model = slowRing(list, minimum);
      const edges = model.flatMap(({ hash }) => [hash - 1n, hash, hash + 1n]);
      for (const hash of [...hashes, ...edges, 0n, (1n << 64n) - 1n]) {
        const expected = model.find((entry) => entry.hash >= hash) ?? model[0]!;
        expect(numberOf(ring.find(fromBigInt(hash), 0))).toBe(expected.owner);
      }
    }), { numRuns: 40 });
  });

  it('moves on by as many entries as picks were rejected', () => {
    const list = members(1, 1, 1);
    const model = slowRing(list, 8);
    const ring = new HashRing(list, 8);

    for (const key of KEYS.slice(0, 50)) {
      const first = Math.max(0, model.findIndex(({ hash }) => hash >= toBigInt(key)));
      for (const repick of [1, 2, 5]) {
        expect(numberOf(ring.find(key, repick))).toBe(model[(first + repick) % model.length]!.owner);
      }
    }
  });

  it('moves only the keys of a host that goes', () => {
    fc.assert(fc.property(fc.integer({ min: 2, max: 12 }), fc.nat(), (count, pick) => {
      const list = members(...Array.from({ length: count }, () => 1));
      const gone = list[pick % count]!;
      const rest = list.filter((member) => member !== gone).map((member) => ({ ...member, share: 1 / (count - 1) }));
      // As many entries for each host on both rings: that is what keeps the other keys where they are.
      const before = new HashRing(list, 40 * count);
      const after = new HashRing(rest, 40 * (count - 1));
      const moved = KEYS.filter((key) => before.find(key, 0) !== after.find(key, 0));

      expect(before.size).toBe(40 * count);
      expect(moved.every((key) => before.find(key, 0) === gone.host)).toBe(true);
      expect(moved.length).toBeGreaterThan(0);
    }), { numRuns: 40 });
  });

  it('shares the keys out by weight', () => {
    const ring = new HashRing(members(1, 3), 4096);
    const keys = Array.from({ length: 4000 }, (_, i) => xxHash64(`k${i}`));
    const share = keys.filter((key) => numberOf(ring.find(key, 0)) === 2).length / keys.length;

    expect(share).toBeGreaterThan(0.7);
    expect(share).toBeLessThan(0.8);
  });

  it('orders hashes that begin alike', () => {
    const list = members(...Array.from({ length: 50 }, () => 1));
    const model = slowRing(list, 100_000);
    const ring = new HashRing(list, 100_000);
    const near = model.filter(({ hash }, i) => i > 0 && hash - model[i - 1]!.hash < 1n << 35n);

    expect(near.length).toBeGreaterThan(5);
    for (const { hash, owner } of near) expect(numberOf(ring.find(fromBigInt(hash), 0))).toBe(owner);
  });
});
