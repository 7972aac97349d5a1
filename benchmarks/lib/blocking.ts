import { setImmediate as nextTurn } from 'node:timers/promises';

/** How long something took, and for how long of it nothing else could run. */
export interface Stretch {
  readonly tookMs: number;
  /** The longest time between two turns of the event loop: by so much a timer could have come late. */
  readonly blockedMs: number;
}

/** Runs `work` and looks meanwhile how often the event loop comes round. */
export async function watchLoop(work: () => Promise<unknown>): Promise<Stretch> {
  let blockedMs = 0;
  let last = performance.now();
  const look = (): void => {
    const now = performance.now();
    blockedMs = Math.max(blockedMs, now - last);
    last = now;
  };
  let handle = setImmediate(function turn() {
    look();
    handle = setImmediate(turn);
  });
  // What `work` does before its first pause must not be seen as part of a turn that had begun earlier.
  await nextTurn();
  blockedMs = 0;
  const start = (last = performance.now());
  try {
    await work();
    const tookMs = performance.now() - start;
    look();
    return { tookMs, blockedMs };
  } finally {
    clearImmediate(handle);
  }
}
