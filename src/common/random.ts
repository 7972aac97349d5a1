/** A source of chance: each call gives a number in [0, 1). `Math.random` in production, seeded in tests. */
export type Random = () => number;

/**
 * A reproducible {@link Random}: the same seed gives the same sequence on every platform.
 *
 * The generator is `sfc32` (Chris Doty-Humphrey), seeded through `splitmix32`.
 */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const split = (): number => {
    state = (state + 0x9e3779b9) | 0;
    let t = state ^ (state >>> 16);
    t = Math.imul(t, 0x21f0aaad);
    t ^= t >>> 15;
    t = Math.imul(t, 0x735a2d97);
    return t ^ (t >>> 15);
  };
  let a = split();
  let b = split();
  let c = split();
  let counter = 1;
  const next = (): number => {
    const t = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + t | 0;
    return (t >>> 0) / 0x1_0000_0000;
  };
  // The first outputs of near seeds are alike; a few rounds part them.
  for (let i = 0; i < 12; i++) next();
  return next;
}

/** A whole number in [0, bound), drawn from `random`. */
export function randomInt(random: Random, bound: number): number {
  return Math.floor(random() * bound);
}

/**
 * Whether an event of `percentage` percent happens. Istio counts in millionths: the percentage is cut, not rounded, to
 * 0.0001 %, so that a smaller share means never. A share of 0 draws nothing.
 *
 * Source: istio `translatePercentToFractionalPercent`, Envoy `FractionalPercent` with denominator MILLION.
 */
export function hits(percentage: number, random: Random): boolean {
  const millionths = Math.trunc(percentage * 10_000);
  if (millionths <= 0) return false;
  return randomInt(random, 1_000_000) < millionths;
}
