/** Upper bounds in milliseconds. Source: Envoy's default histogram buckets. */
export const DEFAULT_BUCKETS: readonly number[] = Object.freeze([
  0.5, 1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000, 30000, 60000, 300000, 600000, 1800000, 3600000,
]);

/** How many values were recorded up to each bound, and their sum. */
export class Histogram {
  /** Ascending; a value counts in the first bucket whose bound it doesn't exceed. */
  readonly bounds: readonly number[];
  /** One count for each bound, the last for values beyond all of them. Not cumulative. */
  readonly #counts: number[];
  #count = 0;
  #sum = 0;

  constructor(bounds: readonly number[] = DEFAULT_BUCKETS) {
    this.bounds = bounds;
    this.#counts = new Array<number>(bounds.length + 1).fill(0);
  }

  /** How many values were recorded. */
  get count(): number {
    return this.#count;
  }

  /** The sum of all values. */
  get sum(): number {
    return this.#sum;
  }

  record(value: number): void {
    this.#count++;
    this.#sum += value;
    this.#counts[bucketOf(this.bounds, value)]!++;
  }

  /** How many values are at most each bound, as Prometheus wants them; the bound `Infinity` comes last. */
  *cumulative(): IterableIterator<readonly [bound: number, count: number]> {
    let count = 0;
    for (let i = 0; i < this.#counts.length; i++) {
      count += this.#counts[i]!;
      yield [this.bounds[i] ?? Infinity, count];
    }
  }

  /**
   * The value that `share` (0 to 1) of all values don't exceed, interpolated within its bucket; `undefined` without values.
   * Beyond the last bound nothing more is known than that bound.
   */
  quantile(share: number): number | undefined {
    if (this.#count === 0) return undefined;
    const rank = share * this.#count;
    let below = 0;
    for (let i = 0; i < this.bounds.length; i++) {
      const inBucket = this.#counts[i]!;
      if (inBucket > 0 && below + inBucket >= rank) {
        const low = this.bounds[i - 1] ?? 0;
        return low + ((this.bounds[i]! - low) * Math.max(0, rank - below)) / inBucket;
      }
      below += inBucket;
    }
    return this.bounds.at(-1);
  }
}

function bucketOf(bounds: readonly number[], value: number): number {
  let low = 0;
  let high = bounds.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (value <= bounds[middle]!) high = middle;
    else low = middle + 1;
  }
  return low;
}
