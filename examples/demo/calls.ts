import { setTimeout as sleep } from 'node:timers/promises';

/** Works with something that runs, and stops it whatever happens (`await using`, which Node 22 does not know). */
export async function during<Running extends AsyncDisposable, Result>(
  starting: Promise<Running>,
  work: (running: Running) => Promise<Result>,
): Promise<Result> {
  const running = await starting;
  try {
    return await work(running);
  } finally {
    await running[Symbol.asyncDispose]();
  }
}

/** Makes `count` calls, one after the other. */
export async function inTurn<Result>(count: number, call: () => Promise<Result>): Promise<Result[]> {
  const results: Result[] = [];
  for (let i = 0; i < count; i++) results.push(await call());
  return results;
}

/** Makes `count` calls at once. */
export async function atOnce<Result>(count: number, call: () => Promise<Result>): Promise<Result[]> {
  return Promise.all(Array.from({ length: count }, call));
}

/** Makes `count` calls, `width` at a time. */
export async function abreast<Result>(count: number, width: number, call: () => Promise<Result>): Promise<Result[]> {
  const results: Result[] = [];
  let left = count;
  const worker = async (): Promise<void> => {
    while (left-- > 0) results.push(await call());
  };
  await Promise.all(Array.from({ length: width }, worker));
  return results;
}

/** Waits until `condition` holds, for what happens out of a caller's sight; gives up quietly after `limitMs`. */
export async function settled(condition: () => boolean, limitMs = 2000): Promise<void> {
  const endsAtMs = performance.now() + limitMs;
  while (!condition() && performance.now() < endsAtMs) await sleep(5);
}

/** How often each value occurs. */
export function count(values: readonly (string | number | undefined)[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const value of values) counts[String(value)] = (counts[String(value)] ?? 0) + 1;
  return counts;
}

/** `v1 ×21, v2 ×19` */
export function showCounts(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1)).map(([value, times]) => `${value} ×${times}`).join(', ') || 'none';
}
