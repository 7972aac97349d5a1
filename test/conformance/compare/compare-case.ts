import type { ConformanceCase, ConnectionStep, RequestStep, Step, TogetherStep } from '../case/case-file.ts';
import type {
  ConnectionTally, Observation, Recording, RequestObservation, StatsObservation, TallyObservation, TcpObservation, TlsObservation,
  TogetherObservation,
} from '../record/observation.ts';
import type { CompareContext } from './cluster-endpoints.ts';
import { compareConnectionTally, compareProxies, compareTcp, compareTls, ownTally } from './compare-connection.ts';
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
    if ('times' in seen) lastTally = step.kind === 'request' ? (seen as TallyObservation) : ownTally(seen as ConnectionTally);
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
  if ('notYet' in got) return [{ what: 'step', expected: show(expected), got: `not yet: ${got.notYet}` }];
  switch (step.kind) {
    case 'wait':
      return [];
    case 'stats':
      return compareStats((expected as StatsObservation).stats, (got as StatsObservation).stats, step.compare, lastTally);
    case 'together':
      return compareTogether(step, expected as TogetherObservation, got as TogetherObservation, context);
    case 'not-yet':
      return [{ what: 'step', expected: show(expected), got: `not yet: ${step.what}` }];
    default:
      return compareCalls(step, expected, got, context);
  }
}

function compareTogether(step: TogetherStep, expected: TogetherObservation, got: TogetherObservation, context: CompareContext): Difference[] {
  const inside = { ...context, proxies: expected.proxies };
  const calls = expected.together.flatMap((wanted, i) => {
    const inner = step.items[i]?.step;
    const seen = got.together[i];
    if (inner === undefined || seen === undefined) return [{ what: `together[${i}]`, expected: show(wanted), got: 'nothing' }];
    return compareStep(inner, wanted, seen, inside, undefined).map((difference) => ({ ...difference, what: `together[${i}].${difference.what}` }));
  });
  return [...calls, ...compareProxies(expected.proxies, got.proxies, undefined, context)];
}

function compareCalls({ kind, compare }: RequestStep | ConnectionStep, expected: Observation, got: Observation, context: CompareContext): Difference[] {
  if ('times' in expected !== 'times' in got) return [{ what: 'observation', expected: show(expected), got: show(got) }];
  const several = 'times' in expected;
  if (kind === 'request') {
    return several
      ? compareTally(expected as TallyObservation, got as TallyObservation, compare, context)
      : compareRequest(expected as RequestObservation, got as RequestObservation, compare, context);
  }
  if (several) return compareConnectionTally(expected as ConnectionTally, got as ConnectionTally, compare, context);
  return kind === 'tcp'
    ? compareTcp(expected as TcpObservation, got as TcpObservation, compare, context)
    : compareTls(expected as TlsObservation, got as TlsObservation, compare, context);
}
