import { GCProfiler, getHeapStatistics } from 'node:v8';

/** What a stretch of work took from the heap. */
export interface Allocation {
  /** Bytes on V8's heap; what buffers hold is outside it and not counted. */
  readonly bytes: number;
  /** Time in garbage collections that stopped the program, in milliseconds. */
  readonly gcMs: number;
}

/**
 * Counts what is allocated between its making and {@link stop}. Node 24 has no counter for that, but tells the heap's size before
 * and after each collection: what it grew by in between is what was allocated. So it costs nothing but at collections, and
 * needs no other heap than the program has anyway.
 */
export class AllocationMeter {
  readonly #profiler = new GCProfiler();
  readonly #usedAtStart = usedHeap();

  constructor() {
    this.#profiler.start();
  }

  stop(): Allocation {
    const usedAtEnd = usedHeap();
    const { statistics } = this.#profiler.stop();
    let bytes = 0;
    let used = this.#usedAtStart;
    for (const { beforeGC, afterGC } of statistics) {
      bytes += Math.max(0, beforeGC.heapStatistics.usedHeapSize - used);
      used = afterGC.heapStatistics.usedHeapSize;
    }
    const gcUs = statistics.reduce((sum, { cost }) => sum + cost, 0);
    return { bytes: bytes + Math.max(0, usedAtEnd - used), gcMs: gcUs / 1000 };
  }
}

function usedHeap(): number {
  return getHeapStatistics().used_heap_size;
}
