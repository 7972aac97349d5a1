import { type Difference, show } from './difference.ts';

/**
 * Whether `got` is a server that `expected` may stand for. Where a cluster has several endpoints (`candidates`), chance chose
 * the recorded one. A cluster without a list of its own goes to the address that was dialled, and there is one of those.
 */
export function compareServer(what: string, expected: string | null, got: string | null, candidates: readonly string[] | undefined): Difference[] {
  if (expected === got || (expected !== null && got !== null && candidates?.includes(got))) return [];
  const others = expected === null || candidates === undefined || candidates.length < 2 ? show(expected) : `one of ${candidates.join(' ')}`;
  return [{ what, expected: others, got: show(got) }];
}
