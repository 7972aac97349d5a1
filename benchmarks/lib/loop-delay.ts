import { monitorEventLoopDelay } from 'node:perf_hooks';

/** How often it is looked at the event loop, in milliseconds; a delay shorter than that may go unseen. */
const RESOLUTION_MS = 2;

/** By how much timers came late because the event loop was busy. */
export class LoopDelay {
  readonly #monitor = monitorEventLoopDelay({ resolution: RESOLUTION_MS });

  constructor() {
    this.#monitor.enable();
  }

  /** The delay, in milliseconds, that 99 of 100 looks did not exceed. */
  stop(): number {
    this.#monitor.disable();
    return Math.max(0, this.#monitor.percentile(99) / 1e6 - RESOLUTION_MS);
  }
}
