import type { Hash64 } from './hash64.ts';
import { Word64 } from './word64.ts';

const PRIME1 = new Word64(0x9e3779b1, 0x85ebca87);
const PRIME2 = new Word64(0xc2b2ae3d, 0x27d4eb4f);
const PRIME3 = new Word64(0x165667b1, 0x9e3779f9);
const PRIME4 = new Word64(0x85ebca77, 0xc2b2ae63);
const PRIME5 = new Word64(0x27d4eb2f, 0x165667c5);

const ZERO: Hash64 = { high: 0, low: 0 };

// Scratch, so that a hash allocates nothing but its result. Nothing of it outlives a call.
const hash = new Word64(0, 0);
const lane = new Word64(0, 0);
const lanes = [new Word64(0, 0), new Word64(0, 0), new Word64(0, 0), new Word64(0, 0)] as const;

/**
 * xxHash64 of `bytes`, a string with one character for each byte: header lines and paths are that already, {@link utf8}
 * makes it of other text.
 *
 * Source: https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md
 */
export function xxHash64(bytes: string, seed: Hash64 = ZERO): Hash64 {
  const { length } = bytes;
  let at = 0;
  if (length >= 32) {
    at = hashStripes(bytes, seed);
  } else {
    setTo(hash, seed);
    hash.add(PRIME5);
  }
  hash.addInt(length);
  for (; at + 8 <= length; at += 8) {
    lane.high = 0;
    lane.low = 0;
    mixInto(lane, bytes, at);
    hash.xor(lane);
    hash.rotateLeft(27);
    hash.multiply(PRIME1);
    hash.add(PRIME4);
  }
  if (at + 4 <= length) {
    lane.high = 0;
    lane.low = read32(bytes, at);
    lane.multiply(PRIME1);
    hash.xor(lane);
    hash.rotateLeft(23);
    hash.multiply(PRIME2);
    hash.add(PRIME3);
    at += 4;
  }
  for (; at < length; at++) {
    lane.high = 0;
    lane.low = bytes.charCodeAt(at) & 0xff;
    lane.multiply(PRIME5);
    hash.xor(lane);
    hash.rotateLeft(11);
    hash.multiply(PRIME1);
  }
  hash.xorShiftRight(33);
  hash.multiply(PRIME2);
  hash.xorShiftRight(29);
  hash.multiply(PRIME3);
  hash.xorShiftRight(32);
  return { high: hash.high >>> 0, low: hash.low >>> 0 };
}

/** `text` in UTF-8, one character for each byte. */
export function utf8(text: string): string {
  return isAscii(text) ? text : String.fromCharCode(...new TextEncoder().encode(text));
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false;
  return true;
}

/** Four lanes of eight bytes each, as long as there are 32 bytes. @returns how many bytes that took. */
function hashStripes(bytes: string, seed: Hash64): number {
  const [first, second, third, fourth] = lanes;
  for (const each of lanes) setTo(each, seed);
  first.add(PRIME1);
  first.add(PRIME2);
  second.add(PRIME2);
  fourth.subtract(PRIME1);
  let at = 0;
  for (; at + 32 <= bytes.length; at += 32) {
    mixInto(first, bytes, at);
    mixInto(second, bytes, at + 8);
    mixInto(third, bytes, at + 16);
    mixInto(fourth, bytes, at + 24);
  }
  hash.high = 0;
  hash.low = 0;
  addRotated(first, 1);
  addRotated(second, 7);
  addRotated(third, 12);
  addRotated(fourth, 18);
  for (const each of lanes) {
    each.multiply(PRIME2);
    each.rotateLeft(31);
    each.multiply(PRIME1);
    hash.xor(each);
    hash.multiply(PRIME1);
    hash.add(PRIME4);
  }
  return at;
}

function addRotated(each: Word64, bits: number): void {
  lane.set(each);
  lane.rotateLeft(bits);
  hash.add(lane);
}

const input = new Word64(0, 0);

/** One round: eight bytes at `at` into `accumulator`. */
function mixInto(accumulator: Word64, bytes: string, at: number): void {
  input.low = read32(bytes, at);
  input.high = read32(bytes, at + 4);
  input.multiply(PRIME2);
  accumulator.add(input);
  accumulator.rotateLeft(31);
  accumulator.multiply(PRIME1);
}

function read32(bytes: string, at: number): number {
  return (
    (bytes.charCodeAt(at) & 0xff) |
    ((bytes.charCodeAt(at + 1) & 0xff) << 8) |
    ((bytes.charCodeAt(at + 2) & 0xff) << 16) |
    (bytes.charCodeAt(at + 3) << 24)
  );
}

function setTo(word: Word64, { high, low }: Hash64): void {
  word.high = high | 0;
  word.low = low | 0;
}
