import type { Clock, TimerHandle } from '../common/clock.ts';
import { DelayQueue, type Delayed } from './delay-queue.ts';

/** Shorter ones are pauses before retries, each of another length, and are waited for. */
const QUEUED_FROM_MS = 100;

/** Delays may come from callers, in headers, so that there must be an end to them; the rest are Node's own timers. */
const MAX_QUEUES = 64;

let queues = new Map<number, DelayQueue>();
/** Whose timers the queues are: tests put others in place. */
let setter = setTimeout;

function queueFor(delayMs: number): DelayQueue | undefined {
  if (setter !== setTimeout) {
    setter = setTimeout;
    queues = new Map();
  }
  let queue = queues.get(delayMs);
  if (queue !== undefined || queues.size >= MAX_QUEUES) return queue;
  const mine = queues;
  queue = new DelayQueue(delayMs, (idle) => mine.get(delayMs) === idle && mine.delete(delayMs));
  queues.set(delayMs, queue);
  return queue;
}

/** The clock of production: `performance.now`, `Date.now` and Node's timers. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wallNow: () => Date.now(),
  setTimeout(callback: () => void, delayMs: number, background = false): TimerHandle {
    const queue = background || delayMs < QUEUED_FROM_MS ? undefined : queueFor(delayMs);
    if (queue !== undefined) return queue.add(callback);
    const timer = setTimeout(callback, delayMs);
    if (background) timer.unref();
    return timer;
  },
  clearTimeout(handle: TimerHandle): void {
    const delayed = handle as Delayed | undefined;
    if (delayed?.queue instanceof DelayQueue) delayed.queue.remove(delayed);
    else clearTimeout(handle as NodeJS.Timeout);
  },
};
