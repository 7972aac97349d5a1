/** How long calls took, in microseconds. */
export interface Latency {
  readonly medianUs: number;
  readonly p99Us: number;
}

/** @param tookMs - at least one */
export function latencyOf(tookMs: readonly number[]): Latency {
  const sorted = Float64Array.from(tookMs).sort();
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]! * 1000;
  return { medianUs: at(0.5), p99Us: at(0.99) };
}
