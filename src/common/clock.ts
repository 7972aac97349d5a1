/** What a {@link Clock} hands out for a timer; give it back to `clearTimeout`. */
export type TimerHandle = unknown;

/**
 * Time as an argument. The production clock is `systemClock`; tests pass a virtual one, so that minutes of
 * timeouts, back-offs and ejections run in milliseconds.
 */
export interface Clock {
  /** Monotonic milliseconds, fractional, from an arbitrary start. For durations. */
  now(): number;
  /** Milliseconds since the Unix epoch. For log lines and generated ids only. */
  wallNow(): number;
  /**
   * Calls `callback` once, `delayMs` milliseconds from now. A `background` timer (a sweep, an idle check) does not keep
   * the process alive; others, on which a caller waits, do. Default: not background.
   */
  setTimeout(callback: () => void, delayMs: number, background?: boolean): TimerHandle;
  /** Does nothing when the timer has fired or is none. */
  clearTimeout(handle: TimerHandle): void;
}
