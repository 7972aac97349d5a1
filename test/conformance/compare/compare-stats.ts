import type { Compare } from '../case/case-file.ts';
import type { Tally, TallyObservation } from '../record/observation.ts';
import { countOf } from './compare-tally.ts';
import { type Difference, differenceOf } from './difference.ts';
import { compareRange } from './elapsed.ts';

/**
 * Everything in which the stats of a step differ from the recording. `lastTally`: what the last step of several calls showed,
 * to which bounds may refer.
 */
export function compareStats(
  expected: Tally,
  got: Tally,
  compare: Compare | undefined,
  lastTally: TallyObservation | undefined,
): Difference[] {
  if (typeof compare !== 'object') {
    return [...new Set([...Object.keys(expected), ...Object.keys(got)])].sort().flatMap((name) => differenceOf(name, expected[name], got[name]));
  }
  return Object.entries(compare).flatMap(([ending, bound]) => {
    const matching = Object.entries(got).filter(([name]) => name === ending || name.endsWith(`.${ending}`));
    if (matching.length === 0) return [{ what: ending, expected: 'a stat of that name', got: 'none' }];
    const wanted = typeof bound === 'string' ? (lastTally === undefined ? Number.NaN : countOf(lastTally, bound)) : undefined;
    return matching.flatMap(([name, value]) =>
      typeof bound === 'string' ? differenceOf(`${name} (as ${bound})`, wanted, value) : compareRange(name, bound, value),
    );
  });
}
