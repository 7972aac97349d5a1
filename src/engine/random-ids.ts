import type { Random } from '../common/random.ts';

/** The characters of each byte in hexadecimal, one pair after the other. */
const DIGITS = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0')).join(''), 'latin1');

/**
 * Where ids are written before they become texts: each call gets three, and to put them together from pieces costs twice as much, half of it
 * when undici looks at them.
 */
const text = Buffer.alloc(64);
const DASH = 0x2d;

/** `words` random words of 32 bits in hexadecimal, at most 8. */
export function randomHex(random: Random, words: number): string {
  for (let i = 0; i < words; i++) putWord(8 * i, draw(random));
  return text.toString('latin1', 0, 8 * words);
}

/**
 * A UUID of version 4 drawn from `random`, so that a seeded mesh repeats itself. It tells requests apart and keeps no secret: for that, drawing
 * it from the system costs too much.
 *
 * Source: RFC 9562 §5.4.
 */
export function randomUuid(random: Random): string {
  const [a, b, c, d] = [draw(random), draw(random), draw(random), draw(random)];
  putWord(0, a);
  putHalf(9, b >>> 16);
  putHalf(14, (b & 0x0fff) | 0x4000);
  putHalf(19, ((c >>> 16) & 0x3fff) | 0x8000);
  putHalf(24, c);
  putWord(28, d);
  text[8] = text[13] = text[18] = text[23] = DASH;
  return text.toString('latin1', 0, 36);
}

function draw(random: Random): number {
  return (random() * 0x1_0000_0000) >>> 0;
}

function putWord(at: number, word: number): void {
  putHalf(at, word >>> 16);
  putHalf(at + 4, word);
}

function putHalf(at: number, half: number): void {
  const high = ((half >>> 8) & 255) * 2;
  const low = (half & 255) * 2;
  text[at] = DIGITS[high]!;
  text[at + 1] = DIGITS[high + 1]!;
  text[at + 2] = DIGITS[low]!;
  text[at + 3] = DIGITS[low + 1]!;
}
