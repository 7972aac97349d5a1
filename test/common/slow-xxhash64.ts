import type { Hash64 } from '../../src/common/hash64.ts';

const WORD = (1n << 64n) - 1n;
const [P1, P2, P3, P4, P5] = [
  0x9e3779b185ebca87n, 0xc2b2ae3d27d4eb4fn, 0x165667b19e3779f9n, 0x85ebca77c2b2ae63n, 0x27d4eb2f165667c5n,
] as const;

export function toBigInt({ high, low }: Hash64): bigint {
  return (BigInt(high) << 32n) | BigInt(low);
}

export function fromBigInt(value: bigint): Hash64 {
  return { high: Number(value >> 32n), low: Number(value & 0xffff_ffffn) };
}

const rotate = (value: bigint, bits: bigint): bigint => ((value << bits) | (value >> (64n - bits))) & WORD;
const round = (accumulator: bigint, input: bigint): bigint => (rotate((accumulator + input * P2) & WORD, 31n) * P1) & WORD;

/** xxHash64 as its specification spells it out, in arithmetic that can't overflow. */
export function slowXxHash64(bytes: Uint8Array, seed = 0n): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  let hash = (seed + P5) & WORD;
  if (bytes.length >= 32) {
    let lanes = [seed + P1 + P2, seed + P2, seed, seed - P1].map((lane) => lane & WORD);
    for (; at + 32 <= bytes.length; at += 32) lanes = lanes.map((lane, i) => round(lane, view.getBigUint64(at + 8 * i, true)));
    hash = lanes.reduce((sum, lane, i) => sum + rotate(lane, [1n, 7n, 12n, 18n][i]!), 0n) & WORD;
    for (const lane of lanes) hash = ((hash ^ round(0n, lane)) * P1 + P4) & WORD;
  }
  hash = (hash + BigInt(bytes.length)) & WORD;
  for (; at + 8 <= bytes.length; at += 8) hash = (rotate(hash ^ round(0n, view.getBigUint64(at, true)), 27n) * P1 + P4) & WORD;
  if (at + 4 <= bytes.length) {
    hash = (rotate(hash ^ ((BigInt(view.getUint32(at, true)) * P1) & WORD), 23n) * P2 + P3) & WORD;
    at += 4;
  }
  for (; at < bytes.length; at++) hash = (rotate(hash ^ ((BigInt(bytes[at]!) * P5) & WORD), 11n) * P1) & WORD;
  hash = ((hash ^ (hash >> 33n)) * P2) & WORD;
  hash = ((hash ^ (hash >> 29n)) * P3) & WORD;
  return hash ^ (hash >> 32n);
}
