import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatHash64 } from '../../src/common/hash64.ts';
import { utf8, xxHash64 } from '../../src/common/xxhash64.ts';
import { fromBigInt, slowXxHash64, toBigInt } from './slow-xxhash64.ts';

/** The sanity buffer of xxHash's own tests: bytes of a multiplicative generator. */
function sanityBytes(length: number): string {
  let generator = 2654435761n;
  let bytes = '';
  for (let i = 0; i < length; i++) {
    bytes += String.fromCharCode(Number(generator >> 56n));
    generator = (generator * 0x9e3779b185ebca8dn) & 0xffff_ffff_ffff_ffffn;
  }
  return bytes;
}

const PRIME32: bigint = 2654435761n;

describe('xxHash64', () => {
  it.each([
    ['', 'ef46db3751d8e999'],
    ['a', 'd24ec4f1a98c6e5b'],
    ['abc', '44bc2cf5ad770999'],
    ['Nobody inspects the spammish repetition', 'fbcea83c8a378bf1'],
  ])('of %j, as published', (text, expected) => {
    expect(formatHash64(xxHash64(text))).toBe(expected);
  });

  it('of "xxhash" with a seed, as published', () => {
    expect(formatHash64(xxHash64('xxhash', fromBigInt(20141025n)))).toBe('b559b98d844e0635');
  });

  it.each([
    [0, 0n, 'ef46db3751d8e999'],
    [0, PRIME32, 'ac75fda2929b17ef'],
    [1, 0n, 'e934a84adb052768'],
    [1, PRIME32, '5014607643a9b4c3'],
    [4, 0n, '9136a0dca57457ee'],
    [14, 0n, '8282dcc4994e35c8'],
    [14, PRIME32, 'c3bd6bf63deb6df0'],
    [222, 0n, 'b641ae8cb691c174'],
    [222, PRIME32, '20cb8ab7ae10c14a'],
  ])('of %i sanity bytes with seed %d, as in the sanity check of xxHash', (length, seed, expected) => {
    expect(formatHash64(xxHash64(sanityBytes(length), fromBigInt(seed)))).toBe(expected);
  });

  it('is what the specification says of any bytes and seed', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 140 }), fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }), (bytes, seed) => {
        expect(toBigInt(xxHash64(String.fromCharCode(...bytes), fromBigInt(seed)))).toBe(slowXxHash64(bytes, seed));
      }),
      { numRuns: 500 },
    );
  });
});

describe('utf8', () => {
  it('makes a character of each byte, of a text of any kind', () => {
    expect(utf8('10.0.0.1:80')).toBe('10.0.0.1:80');
    expect(utf8('/run/é€')).toBe('/run/\u00c3\u00a9\u00e2\u0082\u00ac');
  });
});
