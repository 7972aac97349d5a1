import type { Bounds, Compare } from '../case/case-file.ts';
import type { Tally, TallyObservation } from '../record/observation.ts';
import type { CompareContext } from './cluster-endpoints.ts';
import { type Difference, differenceOf } from './difference.ts';
import { compareElapsed, compareRange } from './elapsed.ts';

/** Tallies of a step, as a recording names them. */
const TALLIES = ['status', 'grpc', 'flags', 'cluster', 'to', 'attempts', 'distinct', 'replies', 'mirrored'] as const;

/** Everything in which several calls differ from their recording. */
export function compareTally(
  expected: TallyObservation,
  got: TallyObservation,
  compare: Compare | undefined,
  context: CompareContext,
): Difference[] {
  const elapsed = (): Difference[] => compareTimes(expected, got, context.slackMs);
  const times = differenceOf('times', expected.times, got.times);
  if (times.length > 0) return times;
  switch (compare) {
    case 'exact':
      return [...equalTallies(expected, got), ...differenceOf('sequence', expected.sequence, got.sequence), ...elapsed()];
    case 'rotation':
      return [...equalTallies(expected, got), ...rotation(expected.sequence ?? [], got.sequence ?? []), ...elapsed()];
    case 'same':
      return [...equalTallies({ ...expected, to: undefined }, { ...got, to: undefined }), ...oneServer(expected, got), ...elapsed()];
    case undefined:
      return [...likelyTallies(expected, got, context), ...elapsed()];
    default:
      return within(compare, got, context.slackMs);
  }
}

function equalTallies(expected: TallyObservation, got: TallyObservation): Difference[] {
  return TALLIES.flatMap((name) => keysOf(expected[name], got[name]).flatMap((key) => differenceOf(`${name}.${key}`, count(expected[name], key), count(got[name], key))));
}

// Chance decided the recorded counts: each is taken for the share of a binomial distribution. A share of 0 or 1 is a rule,
// not chance, so its deviation is 0 and it is exact. Where a balancer chose, the recording is one sample of its choices as
// the run is another, and few calls show little of them: there the share is that of both together.
function likelyTallies(expected: TallyObservation, got: TallyObservation, context: CompareContext): Difference[] {
  return TALLIES.flatMap((name) => {
    const arrivals = Object.values(expected[name] ?? {}).reduce((sum, one) => sum + one, 0);
    // Attempts may outnumber calls; copies may not.
    const trials = name === 'to' ? Math.max(arrivals, expected.times) : expected.times;
    return keysOf(expected[name], got[name]).flatMap((key) => {
      const wanted = count(expected[name], key);
      const seen = count(got[name], key);
      const share = Math.min(1, isBalanced(name, key, expected, context) ? (wanted + seen) / (2 * trials) : wanted / trials);
      // The little extra keeps floats from taking a whole call away.
      const tolerance = 5 * Math.sqrt(trials * share * (1 - share)) + 1e-9;
      if (Math.abs(seen - wanted) <= tolerance) return [];
      return [{ what: `${name}.${key}`, expected: tolerance < 1e-6 ? String(wanted) : `${wanted} +- ${Math.floor(tolerance)} of ${trials}`, got: String(seen) }];
    });
  });
}

// Whether `key` is one of several endpoints among which a balancer chose, or tells how often it chose another one.
function isBalanced(name: string, key: string, expected: TallyObservation, { clusters }: CompareContext): boolean {
  if (name === 'distinct') return Object.keys(expected.cluster ?? {}).some((cluster) => (clusters?.of(cluster) ?? []).length > 1);
  const names = name === 'to' ? Object.keys(expected.cluster ?? {}) : name === 'mirrored' ? (clusters?.mirrors ?? []) : [];
  return names.some((cluster) => {
    const endpoints = clusters?.of(cluster) ?? [];
    return endpoints.length > 1 && endpoints.includes(key);
  });
}

function rotation(expected: readonly string[], got: readonly string[]): Difference[] {
  const doubled = [...expected, ...expected];
  const isShift = expected.length === got.length && expected.some((_, shift) => got.every((value, i) => value === doubled[shift + i]));
  return isShift || expected.length === 0 ? [] : differenceOf('sequence', expected, got);
}

function oneServer(expected: TallyObservation, got: TallyObservation): Difference[] {
  const servers = Object.keys(got.to ?? {});
  const total = Object.values(expected.to ?? {}).reduce((sum, one) => sum + one, 0);
  if (servers.length === 1 && got.to?.[servers[0] ?? ''] === total) return [];
  return [{ what: 'to', expected: `one server for all ${total}`, got: JSON.stringify(got.to) }];
}

function compareTimes(expected: TallyObservation, got: TallyObservation, slackMs: number): Difference[] {
  if (expected.elapsedMs === undefined || got.elapsedMs === undefined) return differenceOf('elapsedMs', expected.elapsedMs, got.elapsedMs);
  return (['min', 'max'] as const).flatMap((name) => compareElapsed(`elapsedMs.${name}`, expected.elapsedMs?.[name] ?? 0, got.elapsedMs?.[name] ?? 0, slackMs));
}

// Only what the bounds name is compared; `elapsedMs` alone means its least and greatest value.
function within(bounds: Bounds, got: TallyObservation, slackMs: number): Difference[] {
  return Object.entries(bounds).flatMap(([key, range]) => {
    if (typeof range === 'string') return [{ what: key, expected: range, got: 'bounds of a tally must be two numbers' }];
    const later = [range[0], range[1] + slackMs] as const;
    if (key === 'elapsedMs') return [...compareRange('elapsedMs.min', later, got.elapsedMs?.min ?? 0), ...compareRange('elapsedMs.max', later, got.elapsedMs?.max ?? 0)];
    if (key.startsWith('elapsedMs.')) return compareRange(key, later, countOf(got, key));
    return compareRange(key, range, countOf(got, key));
  });
}

/** The count that a name such as `status.503` means; a missing key counts 0. */
export function countOf(observation: TallyObservation, name: string): number {
  const dot = name.indexOf('.');
  const tallies = observation as unknown as Readonly<Record<string, Tally | undefined>>;
  return count(tallies[name.slice(0, dot)], name.slice(dot + 1));
}

function count(tally: Tally | undefined, key: string): number {
  return tally?.[key] ?? 0;
}

function keysOf(a: Tally = {}, b: Tally = {}): string[] {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].sort();
}
