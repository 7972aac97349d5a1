import { setImmediate } from 'node:timers/promises';
import type { Steps } from '../common/steps.ts';

/** Milliseconds. Far below what a caller notices, far above what giving way costs. */
const SLICE_MS = 5;

/** So few steps are never interrupted: small changes are made in one go, however busy the machine. */
const MIN_STEPS = 32;

/** Does long work in short slices, between which sockets and timers get their turn. */
export class TimeSlices {
  readonly #minSteps: number;
  #endsAt = performance.now() + SLICE_MS;
  #steps = 0;

  /** @param minSteps - how many steps are never interrupted; default 32 */
  constructor(minSteps = MIN_STEPS) {
    this.#minSteps = minSteps;
  }

  /** Several works of one `TimeSlices` must come one after another, or their slices add up. */
  async run<T>(steps: Steps<T>): Promise<T> {
    for (;;) {
      const { done, value } = steps.next();
      if (done === true) return value;
      if (++this.#steps < this.#minSteps || performance.now() < this.#endsAt) continue;
      await setImmediate();
      this.#steps = 0;
      this.#endsAt = performance.now() + SLICE_MS;
    }
  }
}
