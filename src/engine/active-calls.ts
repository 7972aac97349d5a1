/** Something that keeps its own place among the {@link ActiveCalls}, which alone change it. */
export interface ActiveCall {
  place: number;
}

/**
 * The calls that are not over, each added once and removed once.
 *
 * Not a `Set`: V8 gives a Set a new table every so many removals, and the old tables keep what they held and point to
 * the new ones, so that every call would outlive the young generation and collection would take a good part of all work.
 */
export class ActiveCalls<Call extends ActiveCall> {
  readonly #calls: Call[] = [];

  get size(): number {
    return this.#calls.length;
  }

  /** All of them, as they are now. */
  list(): Call[] {
    return this.#calls.slice();
  }

  add(call: Call): void {
    call.place = this.#calls.length;
    this.#calls.push(call);
  }

  remove(call: Call): void {
    const last = this.#calls.pop();
    if (last === undefined || last === call) return;
    this.#calls[call.place] = last;
    last.place = call.place;
  }
}
