import type { Bounds, Compare } from '../case/case-file.ts';
import type { Tally, TallyObservation } from '../record/observation.ts';
import { type Difference, differenceOf } from './difference.ts';
import { compareElapsed, compareRange } from './elapsed.ts';

/** Tallies of a step, as a recording names them. */
const TALLIES = ['status', 'grpc', 'flags', 'cluster', 'to', 'attempts', 'distinct', 'replies', 'mirrored'] as const;

/** Everything in which several calls differ from their recording. */
export function compareTally(expected: TallyObservation, got: TallyObservation, compare: Compare | undefined): Difference[] {
  const times = differenceOf('times', expected.times, got.times);
  if (times.length > 0) return times;
  switch (compare) {
    case 'exact':
      return [...equalTallies(expected, got), ...differenceOf('sequence', expected.sequence, got.sequence), ...elapsed(expected, got)];
    case 'rotation':
      return [...equalTallies(expected, got), ...rotation(expected.sequence ?? [], got.sequence ?? []), ...elapsed(expected, got)];
    case 'same':
      return [...equalTallies({ ...expected, to: undefined }, { ...got, to: undefined }), ...oneServer(expected, got), ...elapsed(expected, got)];
    case undefined:
      return [...likelyTallies(expected, got), ...elapsed(expected, got)];
    default:
      return within(compare, got);
  }
}

function equalTallies(expected: TallyObservation, got: TallyObservation): Difference[] {
  return TALLIES.flatMap((name) => keysOf(expected[name], got[name]).flatMap((key) => differenceOf(`${name}.${key}`, count(expected[name], key), count(got[name], key))));
}

// Chance decided the recorded counts: each is taken for the share of a binomial distribution. A share of 0 or 1 is a rule,
// not chance, so its deviation is 0 and it is exact.
function likelyTallies(expected: TallyObservation, got: TallyObservation): Difference[] {
  return TALLIES.flatMap((name) => {
    const arrivals = Object.values(expected[name] ?? {}).reduce((sum, one) => sum + one, 0);
    // Attempts may outnumber calls; copies may not.
    const trials = name === 'to' ? Math.max(arrivals, expected.times) : expected.times;
    return keysOf(expected[name], got[name]).flatMap((key) => {
      const wanted = count(expected[name], key);
      const share = Math.min(1, wanted / trials);
      // The little extra keeps floats from taking a whole call away.
      const tolerance = 5 * Math.sqrt(trials * share * (1 - share)) + 1e-9;
      const seen = count(got[name], key);
      if (Math.abs(seen - wanted) <= tolerance) return [];
      return [{ what: `${name}.${key}`, expected: tolerance < 1e-6 ? String(wanted) : `${wanted} +- ${Math.floor(tolerance)} of ${trials}`, got: String(seen) }];
    });
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

function elapsed(expected: TallyObservation, got: TallyObservation): Difference[] {
  if (expected.elapsedMs === undefined || got.elapsedMs === undefined) return differenceOf('elapsedMs', expected.elapsedMs, got.elapsedMs);
  return (['min', 'max'] as const).flatMap((name) => compareElapsed(`elapsedMs.${name}`, expected.elapsedMs?.[name] ?? 0, got.elapsedMs?.[name] ?? 0));
}

// Only what the bounds name is compared; `elapsedMs` alone means its least and greatest value.
function within(bounds: Bounds, got: TallyObservation): Difference[] {
  return Object.entries(bounds).flatMap(([key, range]) => {
    if (typeof range === 'string') return [{ what: key, expected: range, got: 'bounds of a tally must be two numbers' }];
    if (key === 'elapsedMs') return [...compareRange('elapsedMs.min', range, got.elapsedMs?.min ?? 0), ...compareRange('elapsedMs.max', range, got.elapsedMs?.max ?? 0)];
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
