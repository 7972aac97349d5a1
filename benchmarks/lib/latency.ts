/** Enough for the fastest contestant in the longest window; calls beyond are not timed. */
const ROOM = 1 << 19;

/** How long calls took. Its room is taken at once and outside V8's heap, so that keeping the times costs every contestant the same: nothing. */
export class Stopwatch {
  readonly #tookMs = new Float64Array(ROOM);
  #count = 0;

  record(tookMs: number): void {
    if (this.#count < ROOM) this.#tookMs[this.#count++] = tookMs;
  }

  /** Half of the calls took at most this many microseconds. At least one was recorded. */
  get medianUs(): number {
    return this.#at(0.5);
  }

  /** 99 of 100 calls took at most this many microseconds. At least one was recorded. */
  get p99Us(): number {
    return this.#at(0.99);
  }

  #at(share: number): number {
    const sorted = this.#tookMs.slice(0, this.#count).sort();
    return sorted[Math.min(this.#count - 1, Math.floor(this.#count * share))]! * 1000;
  }
}
