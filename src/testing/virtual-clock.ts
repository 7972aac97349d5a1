import type { Clock, TimerHandle } from '../common/clock.ts';

interface VirtualTimer {
  readonly dueMs: number;
  readonly order: number;
  readonly callback: () => void;
}

/** A clock that stands still until a test moves it: minutes of timeouts, back-offs and ejections take no time. */
export class VirtualClock implements Clock {
  readonly #epochMs: number;
  readonly #timers = new Set<VirtualTimer>();
  #nowMs = 0;
  #order = 0;

  /** @param epochMs - what `wallNow` says at the start. Default: 2026-01-01. */
  constructor(epochMs = Date.UTC(2026, 0, 1)) {
    this.#epochMs = epochMs;
  }

  now(): number {
    return this.#nowMs;
  }

  wallNow(): number {
    return this.#epochMs + this.#nowMs;
  }

  /** Timers that have not fired. */
  get pending(): number {
    return this.#timers.size;
  }

  setTimeout(callback: () => void, delayMs: number): TimerHandle {
    const timer = { dueMs: this.#nowMs + Math.max(0, delayMs), order: this.#order++, callback };
    this.#timers.add(timer);
    return timer;
  }

  /** As of any {@link Clock}. */
  clearTimeout(handle: TimerHandle): void {
    this.#timers.delete(handle as VirtualTimer);
  }

  /**
   * Moves time on by `ms` and fires what comes due, in order. Between timers, promises get to run, so that code which
   * waits for one timer can set the next.
   */
  async advance(ms: number): Promise<void> {
    const untilMs = this.#nowMs + ms;
    await settle();
    for (;;) {
      const next = this.#next(untilMs);
      if (next === undefined) break;
      this.#nowMs = next.dueMs;
      this.#timers.delete(next);
      next.callback();
      await settle();
    }
    this.#nowMs = untilMs;
  }

  #next(untilMs: number): VirtualTimer | undefined {
    let next: VirtualTimer | undefined;
    for (const timer of this.#timers) {
      if (timer.dueMs > untilMs) continue;
      if (next === undefined || timer.dueMs < next.dueMs || (timer.dueMs === next.dueMs && timer.order < next.order)) next = timer;
    }
    return next;
  }
}

/** An answer may come an immediate after its request, and the reading of its body another one after that. */
const TURNS = 4;

/** Lets everything go on that waits for promises and immediates alone. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < TURNS; turn++) await new Promise((resolve) => setImmediate(resolve));
}
