/** A place in the schedule. `deadline` is when, on the schedule's own time, it is served next. */
interface Entry<T> {
  readonly value: T;
  weight: number;
  /** Deadlines are counted from here, `turns / weight` later. */
  anchor: number;
  turns: number;
  deadline: number;
  /** Of two equal deadlines the one that was set earlier comes first. */
  order: number;
}

/**
 * Earliest deadline first: each value is served every `1 / weight` of the schedule's time, so shares follow weights and
 * are spread evenly. O(log n) a pick.
 *
 * Deadlines are computed as `turns / weight`, not summed up: sums of thirds and fifths drift, and drift changes the order
 * of values that should be served at the same time.
 *
 * Source: Envoy's EDF scheduler, also for the order of ties (first set, first served).
 */
export class EdfScheduler<T> {
  /** A binary heap, earliest deadline on top. */
  readonly #heap: Entry<T>[];
  #order: number;

  /**
   * @param weightOf weights of any scale; a value whose weight isn't above 0 is never served.
   * @param picks starts as if that many had been made before, so that several schedules don't move in step.
   */
  constructor(values: readonly T[], weightOf: (value: T) => number, picks = 0) {
    const entries: Entry<T>[] = [];
    let sum = 0;
    for (const value of values) {
      const weight = weightOf(value);
      if (!(weight > 0)) continue;
      sum += weight;
      entries.push({ value, weight, anchor: 0, turns: 0, deadline: 0, order: 0 });
    }
    // By the time at which all together had their picks, each had its share, rounded down; the few left are made one by one.
    let left = picks;
    for (const entry of entries) {
      entry.turns = Math.floor((picks * entry.weight) / sum);
      left -= entry.turns;
    }
    entries.sort((a, b) => a.turns / a.weight - b.turns / b.weight);
    entries.forEach((entry, order) => {
      entry.order = order;
      entry.turns++;
      entry.deadline = entry.turns / entry.weight;
    });
    this.#order = entries.length;
    this.#heap = entries.sort((a, b) => (before(a, b) ? -1 : 1));
    for (; left > 0; left--) this.pick(weightOf);
  }

  /** The next value; it is scheduled again with the weight it has now. `undefined` when there is none. */
  pick(weightOf: (value: T) => number): T | undefined {
    const entry = this.#heap[0];
    if (entry === undefined) return undefined;
    const weight = weightOf(entry.value);
    if (weight !== entry.weight) {
      entry.weight = weight;
      entry.anchor = entry.deadline;
      entry.turns = 0;
    }
    entry.turns++;
    entry.deadline = entry.anchor + entry.turns / entry.weight;
    entry.order = this.#order++;
    this.#sinkTop(entry);
    return entry.value;
  }

  #sinkTop(entry: Entry<T>): void {
    const heap = this.#heap;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child++;
      if (before(entry, heap[child]!)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = entry;
  }
}

function before<T>(a: Entry<T>, b: Entry<T>): boolean {
  return a.deadline < b.deadline || (a.deadline === b.deadline && a.order < b.order);
}
