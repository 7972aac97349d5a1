/**
 * Work that can pause: it yields wherever others may have a turn, and returns its result. Pure code says where; whoever runs
 * it decides when to go on.
 */
export type Steps<T> = Generator<undefined, T, undefined>;

/** Does all of the work at once. */
export function finish<T>(steps: Steps<T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}
