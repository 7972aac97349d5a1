/** A timer that has not fired. */
export interface HeapTimer {
  readonly dueMs: number;
  /** Of two that are due together, the one set first fires first. */
  readonly order: number;
  /** Whether nobody waits for it. */
  readonly background: boolean;
  readonly callback: () => void;
  /** Fired or cleared; a cleared one stays in the heap until it comes to the top. */
  over: boolean;
}

/** Timers by when they are due: minutes of simulated traffic set tens of thousands of them. */
export class TimerHeap {
  readonly #heap: HeapTimer[] = [];

  push(timer: HeapTimer): void {
    const heap = this.#heap;
    let at = heap.push(timer) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (isBefore(heap[parent]!, timer)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = timer;
  }

  /** The next one to fire, which stays. */
  peek(): HeapTimer | undefined {
    while (this.#heap[0]?.over === true) this.#removeTop();
    return this.#heap[0];
  }

  /** The next one to fire, which goes. */
  pop(): HeapTimer | undefined {
    const top = this.peek();
    if (top !== undefined) this.#removeTop();
    return top;
  }

  #removeTop(): void {
    const heap = this.#heap;
    const last = heap.pop()!;
    const { length } = heap;
    if (length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= length) break;
      if (child + 1 < length && isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (isBefore(last, heap[child]!)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
  }
}

function isBefore(a: HeapTimer, b: HeapTimer): boolean {
  return a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.order < b.order);
}
