import type { Clock, TimerHandle } from '../common/clock.ts';
import { durationMs, type DurationInput } from './duration-input.ts';
import { TimerHeap, type HeapTimer } from './timer-heap.ts';
import { settle } from './turns.ts';

/** An answer may come an immediate after its request, and the reading of its body another one after that. */
const TURNS = 4;

/** A clock that stands still until a test moves it: minutes of timeouts, back-offs and ejections take no time. */
export class VirtualClock implements Clock {
  readonly #epochMs: number;
  readonly #timers = new TimerHeap();
  #nowMs = 0;
  #order = 0;
  #pending = 0;
  #awaited = 0;

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
    return this.#pending;
  }

  /** Those of them on which somebody waits: timeouts and delays, but no sweeps and idle checks. */
  get awaited(): number {
    return this.#awaited;
  }

  setTimeout(callback: () => void, delayMs: number, background = false): TimerHandle {
    const timer: HeapTimer = { dueMs: this.#nowMs + Math.max(0, delayMs), order: this.#order++, background, callback, over: false };
    this.#timers.push(timer);
    this.#pending++;
    if (!background) this.#awaited++;
    return timer;
  }

  /** As of any {@link Clock}. */
  clearTimeout(handle: TimerHandle): void {
    const timer = handle as HeapTimer | undefined;
    if (timer?.over === false) this.#end(timer);
  }

  /**
   * Moves time on (milliseconds, or such as `7s`) and fires what comes due, in order. Between timers, promises get to run, so that code
   * which waits for one timer can set the next.
   */
  async advance(by: DurationInput): Promise<void> {
    await this.advanceTo(this.#nowMs + durationMs(by), TURNS);
  }

  /**
   * {@link advance} to a point in time; does nothing for one that is past.
   *
   * @param turns - how many times around the event loop what follows of a timer may take. Default 4
   */
  async advanceTo(untilMs: number, turns = TURNS): Promise<void> {
    await settle(turns);
    while (this.fireNext(untilMs)) await settle(turns);
    this.#nowMs = Math.max(this.#nowMs, untilMs);
  }

  /** Moves on to the next timer that is due by `untilMs`, and fires it. @returns whether there was one */
  protected fireNext(untilMs = Infinity): boolean {
    const next = this.#timers.peek();
    if (next === undefined || next.dueMs > untilMs) return false;
    this.#timers.pop();
    this.#nowMs = Math.max(this.#nowMs, next.dueMs);
    this.#end(next);
    next.callback();
    return true;
  }

  #end(timer: HeapTimer): void {
    timer.over = true;
    this.#pending--;
    if (!timer.background) this.#awaited--;
  }
}
