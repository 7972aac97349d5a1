const SETTLED = Promise.resolve();

/**
 * Calls `then` a microtask later. Not `queueMicrotask`, which makes an async resource for each, and which the fake timers of tests hold back.
 *
 * @param then - does not throw
 */
export function soon(then: () => void): void {
  void SETTLED.then(then);
}
