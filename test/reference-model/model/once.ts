import type { World } from './resources.ts';

const known = new WeakMap<World, Map<string, unknown>>();

/** What follows from a configuration alone is worked out once for all its calls: the model is slow enough. */
export function once<T>(world: World, what: string, work: () => T): T {
  const results = known.get(world) ?? new Map<string, unknown>();
  known.set(world, results);
  if (!results.has(what)) results.set(what, work());
  return results.get(what) as T;
}
