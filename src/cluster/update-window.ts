/** Envoy's `update_merge_window`, which Istio leaves at its default. Milliseconds. */
export const UPDATE_WINDOW_MS = 1000;

/**
 * When changes of host health reach the balancer: one that comes more than a second after the last one applied, at once;
 * any other waits until a second after it was made, and takes along what changes meanwhile.
 *
 * Source: Envoy cluster manager, `scheduleUpdate`.
 */
export class UpdateWindow {
  #appliedAt = -Infinity;
  #dueAt = Infinity;

  /** When a change that waits is to be applied; `Infinity` when none waits. */
  get dueAt(): number {
    return this.#dueAt;
  }

  /** Notes a change made at `now`. @returns whether it applies at once; then call {@link applied}. */
  admit(now: number): boolean {
    if (now - this.#appliedAt > UPDATE_WINDOW_MS) return true;
    if (this.#dueAt === Infinity) this.#dueAt = now + UPDATE_WINDOW_MS;
    return false;
  }

  /** Everything that waited is in force as of `at`. */
  applied(at: number): void {
    this.#appliedAt = at;
    this.#dueAt = Infinity;
  }
}
