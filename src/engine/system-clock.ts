import type { Clock, TimerHandle } from '../common/clock.ts';

/** The clock of production: `performance.now`, `Date.now` and Node's timers. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wallNow: () => Date.now(),
  setTimeout(callback: () => void, delayMs: number, background = false): TimerHandle {
    const timer = setTimeout(callback, delayMs);
    if (background) timer.unref();
    return timer;
  },
  clearTimeout(handle: TimerHandle): void {
    clearTimeout(handle as NodeJS.Timeout);
  },
};
