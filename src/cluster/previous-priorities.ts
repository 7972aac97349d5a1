import type { Host } from './host.ts';
import { availabilityOf, spill, type PriorityHealth } from './priority-load.ts';

/** Tries between two looks at what was tried. Source: Istio, `update_frequency` of the retry priority. */
const TRIES = 2;

/**
 * Where the retries of one request go when the endpoints of one priority fail it: after every other try the priorities of all hosts
 * tried so far are left out, until none is left, and then it begins anew.
 *
 * Source: Istio `retryRemoteLocalities`; Envoy `PreviousPrioritiesRetryPriority`.
 */
export class PreviousPriorities {
  #tried: Host[] = [];
  readonly #leftOut = new Set<number>();
  #loads: readonly number[] | undefined;

  /** Notes that `host` was tried. */
  tried(host: Host): void {
    this.#tried.push(host);
  }

  /** Percents for the priorities in the place of `usual`. */
  loads(priorities: readonly PriorityHealth[], usual: readonly number[]): readonly number[] {
    if (this.#tried.length < TRIES) return usual;
    if (this.#tried.length % TRIES !== 0) return this.#loads ?? usual;
    for (const { priority } of this.#tried) this.#leftOut.add(priority);
    const loads = this.#loadsOf(priorities);
    if (loads !== undefined) this.#loads = loads;
    return loads ?? usual;
  }

  #loadsOf(priorities: readonly PriorityHealth[]): readonly number[] | undefined {
    const availability = availabilityOf(priorities);
    let kept = availability.map((each, priority) => (this.#leftOut.has(priority) ? 0 : each));
    if (kept.every((each) => each === 0)) {
      this.#leftOut.clear();
      this.#tried = [];
      kept = availability;
    }
    const available = Math.min(100, kept.reduce((sum, each) => sum + each, 0));
    return available === 0 ? undefined : spill(kept, available);
  }
}
