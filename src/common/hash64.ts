import { randomInt, type Random } from './random.ts';

/** A 64-bit hash as two unsigned 32-bit halves: a `bigint` costs an allocation for every step of its arithmetic. */
export interface Hash64 {
  readonly high: number;
  readonly low: number;
}

const HALF = 0x1_0000_0000;

/** Any hash at all, for a choice that nothing decides. */
export function randomHash64(random: Random): Hash64 {
  return { high: randomInt(random, HALF), low: randomInt(random, HALF) };
}

/** `hash % modulus`, for a modulus up to 2^32. */
export function moduloHash64({ high, low }: Hash64, modulus: number): number {
  // By 16 bits at a time: a product of two 32-bit numbers would not fit into a double.
  const upper = ((high % modulus) * 0x1_0000 + (low >>> 16)) % modulus;
  return (upper * 0x1_0000 + (low & 0xffff)) % modulus;
}

/**
 * One hash out of two, which depends on their order. Two equal ones don't cancel each other out.
 *
 * Source: Envoy `HashPolicyImpl::generateHash`.
 */
export function combineHash64(first: Hash64, second: Hash64): Hash64 {
  const high = (first.high << 1) | (first.low >>> 31);
  const low = (first.low << 1) | (first.high >>> 31);
  return { high: (high ^ second.high) >>> 0, low: (low ^ second.low) >>> 0 };
}

/** Sixteen hexadecimal digits. */
export function formatHash64({ high, low }: Hash64): string {
  return high.toString(16).padStart(8, '0') + low.toString(16).padStart(8, '0');
}
