/** A timer that waits in a {@link DelayQueue}. */
export interface Delayed {
  readonly queue: DelayQueue;
  readonly callback: () => void;
  readonly dueAtMs: number;
  previous: Delayed | undefined;
  next: Delayed | undefined;
  waits: boolean;
}

/**
 * Timers of one and the same delay, which are due in the order they were set: a list, and one timer of Node's for whichever is first.
 *
 * Nearly all timeouts of calls are cleared long before they are due, and to set and clear one of Node's costs as much as a good part of
 * routing. Here both are a link in a list.
 */
export class DelayQueue {
  readonly #delayMs: number;
  readonly #onIdle: (queue: DelayQueue) => void;
  #first: Delayed | undefined;
  #last: Delayed | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** @param onIdle - called when it has neither timers nor a use for its own */
  constructor(delayMs: number, onIdle: (queue: DelayQueue) => void) {
    this.#delayMs = delayMs;
    this.#onIdle = onIdle;
  }

  add(callback: () => void): Delayed {
    const last = this.#last;
    const added: Delayed = { queue: this, callback, dueAtMs: performance.now() + this.#delayMs, previous: last, next: undefined, waits: true };
    this.#last = added;
    if (last !== undefined) {
      last.next = added;
    } else {
      this.#first = added;
      // While nobody waits it goes on, but does not keep the process alive.
      if (this.#timer === undefined) this.#arm(this.#delayMs);
      else this.#timer.ref();
    }
    return added;
  }

  remove(one: Delayed): void {
    if (!one.waits) return;
    one.waits = false;
    const { previous, next } = one;
    if (previous === undefined) this.#first = next;
    else previous.next = next;
    if (next === undefined) this.#last = previous;
    else next.previous = previous;
    // A chain of dead ones, the oldest in V8's old generation, would keep all that came after from being collected young.
    one.previous = one.next = undefined;
    if (this.#first === undefined) this.#timer?.unref();
  }

  #arm(delayMs: number): void {
    this.#timer = setTimeout(() => this.#run(), delayMs);
  }

  #run(): void {
    this.#timer = undefined;
    const now = performance.now();
    try {
      for (let first = this.#first; first !== undefined && first.dueAtMs < now + 1; first = this.#first) {
        // Node counts whole milliseconds, so that it may come a fraction of one early.
        this.remove(first);
        first.callback();
      }
    } finally {
      // Also after one that threw. A callback may have set another, and with it the timer.
      if (this.#first === undefined && this.#timer === undefined) this.#onIdle(this);
      else if (this.#timer === undefined) this.#arm(Math.ceil(this.#first!.dueAtMs - now));
    }
  }
}
