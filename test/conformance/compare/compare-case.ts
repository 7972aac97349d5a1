import type { Compare, ConformanceCase, Step } from '../case/case-file.ts';
import type { Observation, Recording, RequestObservation, StatsObservation, TallyObservation, TogetherObservation } from '../record/observation.ts';
import type { CompareContext } from './cluster-endpoints.ts';
import { compareRequest } from './compare-request.ts';
import { compareStats } from './compare-stats.ts';
import { compareTally } from './compare-tally.ts';
import { type Difference, differenceOf, formatDifference, show } from './difference.ts';

/**
 * Every difference between a run and its recording, as `step 2: status: expected 503, got 200`; empty when the case passes.
 * Steps count from 1.
 */
export function compareCase(
  conformanceCase: ConformanceCase,
  expected: Recording,
  got: Recording,
  context: CompareContext,
): string[] {
  const lines = differenceOf('steps', expected.steps.length, got.steps.length).map(formatDifference);
  let lastTally: TallyObservation | undefined;
  conformanceCase.steps.forEach((step, i) => {
    const wanted = expected.steps[i];
    const seen = got.steps[i];
    if (wanted === undefined || seen === undefined) return;
    for (const difference of compareStep(step, wanted, seen, context, lastTally)) lines.push(`step ${i + 1}: ${formatDifference(difference)}`);
    if ('times' in seen) lastTally = seen;
  });
  return lines;
}

function compareStep(
  step: Step,
  expected: Observation,
  got: Observation,
  context: CompareContext,
  lastTally: TallyObservation | undefined,
): Difference[] {
  if (step.kind === 'not-yet' || 'notYet' in got) {
    return [{ what: 'step', expected: show(expected), got: `not yet: ${'notYet' in got ? got.notYet : ''}` }];
  }
  switch (step.kind) {
    case 'wait':
      return [];
    case 'stats':
      return compareStats((expected as StatsObservation).stats, (got as StatsObservation).stats, step.compare, lastTally);
    case 'together':
      return (expected as TogetherObservation).together.flatMap((wanted, i) => {
        const inner = step.items[i]?.step;
        const seen = (got as TogetherObservation).together[i];
        if (inner === undefined || seen === undefined) return [{ what: `together[${i}]`, expected: show(wanted), got: 'nothing' }];
        return compareStep(inner, wanted, seen, context, undefined).map((difference) => ({ ...difference, what: `together[${i}].${difference.what}` }));
      });
    case 'request':
      return compareCalls(step.compare, expected, got, context);
  }
}

function compareCalls(compare: Compare | undefined, expected: Observation, got: Observation, context: CompareContext): Difference[] {
  if ('times' in expected !== 'times' in got) return [{ what: 'observation', expected: show(expected), got: show(got) }];
  return 'times' in expected
    ? compareTally(expected, got as TallyObservation, compare, context)
    : compareRequest(expected as RequestObservation, got as RequestObservation, compare, context);
}
