const SLOTS = 10;
const SLOT_MS = 1000;

/** How many retries there may be beside the calls of the last ten seconds. */
export interface RecentLimit {
  /** In percent of those calls. */
  readonly budgetPercent: number;
  /** A second, on average, however few calls there are. */
  readonly leastPerSecond: number;
}

/**
 * The calls and retries of the last ten seconds, by the second, against which a budget for retries is held: it keeps retries from multiplying the
 * load of a service that is failing, whatever the number of callers.
 *
 * Unlike the circuit breaker's budget, which is Envoy's and counts what is under way, it does not grow when answers take longer.
 */
export class RecentRetries {
  readonly #calls = new Float64Array(SLOTS);
  readonly #retries = new Float64Array(SLOTS);
  /** The second that was counted last, since the clock began. */
  #second = 0;

  recordCall(now: number): void {
    this.#calls[this.#slotAt(now)]!++;
  }

  /** Takes one of the retries that are allowed, if any is left. It is not given back: it ages. */
  tryAcquire(now: number, { budgetPercent, leastPerSecond }: RecentLimit): boolean {
    const slot = this.#slotAt(now);
    const allowed = Math.max(leastPerSecond * SLOTS, (budgetPercent * sum(this.#calls)) / 100);
    if (sum(this.#retries) + 1 > allowed) return false;
    this.#retries[slot]!++;
    return true;
  }

  /** The slot of now; those of seconds that went by since are emptied. */
  #slotAt(now: number): number {
    const second = Math.max(this.#second, Math.floor(now / SLOT_MS));
    const gone = Math.min(second - this.#second, SLOTS);
    for (let i = 0; i < gone; i++) {
      this.#calls[(second - i) % SLOTS] = 0;
      this.#retries[(second - i) % SLOTS] = 0;
    }
    this.#second = second;
    return second % SLOTS;
  }
}

function sum(counts: Float64Array): number {
  let total = 0;
  for (const count of counts) total += count;
  return total;
}
