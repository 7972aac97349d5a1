import { setImmediate } from 'node:timers';

/** Node's own, whatever fake timers put in its place later. */
const immediately = setImmediate;

/** Lets everything go on that waits for promises and immediates alone: `turns` times around the event loop. */
export async function settle(turns: number): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await new Promise<void>((resolve) => immediately(resolve));
}
