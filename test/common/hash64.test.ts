import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { combineHash64, formatHash64, moduloHash64, randomHash64 } from '../../src/common/hash64.ts';
import { sequence } from '../../src/testing/sequence.ts';
import { fromBigInt, toBigInt } from './slow-xxhash64.ts';

const anyHash = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n });

describe('Hash64', () => {
  it('has the remainder of the number that it is', () => {
    fc.assert(fc.property(anyHash, fc.integer({ min: 1, max: 0xffff_ffff }), (value, modulus) => {
      expect(moduloHash64(fromBigInt(value), modulus)).toBe(Number(value % BigInt(modulus)));
    }));
  });

  it('is combined by rotating the first', () => {
    fc.assert(fc.property(anyHash, anyHash, (first, second) => {
      const rotated = ((first << 1n) & ((1n << 64n) - 1n)) | (first >> 63n);
      expect(toBigInt(combineHash64(fromBigInt(first), fromBigInt(second)))).toBe(rotated ^ second);
    }));
  });

  it('is drawn over its whole width', () => {
    expect(randomHash64(sequence(0, 0))).toEqual({ high: 0, low: 0 });
    expect(formatHash64(randomHash64(sequence(0.5, 1 - 2 ** -32)))).toBe('80000000ffffffff');
  });

  it('is written with sixteen digits', () => {
    expect(formatHash64({ high: 0x1f, low: 0xa })).toBe('0000001f0000000a');
  });
});
