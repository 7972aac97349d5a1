import type { HttpMatchSpec, HttpRouteSpec, StringMatchSpec } from '../istio-types.ts';
import type { Cursor } from './cursor.ts';

interface Rule {
  readonly name?: string;
  readonly match?: readonly object[];
}

/** Warns of rules and matches that can never be reached. Source: istio `analyzeUnreachableHTTPRules` and its kin. */
export function checkReachability(rules: readonly Rule[], at: Cursor): void {
  const firsts = new Map<string, number>();
  let catchAll = -1;
  rules.forEach(({ match = [] }, index) => {
    if (match.length === 0) {
      if (catchAll >= 0) warnOfCatchAll(at.to(index), catchAll);
      catchAll = index;
    } else if (catchAll >= 0) {
      match.forEach((_, matchIndex) => warnOfCatchAll(at.to(index, 'match', matchIndex), catchAll));
    } else if (countRepeated(match, index, firsts, at) === match.length) {
      at.to(index).warn('WARN_UNREACHABLE', 'is never reached: rules before it have all its matches');
    }
  });
  checkPrefixes(rules, at);
}

function warnOfCatchAll(at: Cursor, rule: number): void {
  const hint = 'move the rule without a match to the end';
  at.warn('WARN_UNREACHABLE', `is never reached: rule ${rule} before it has no match and takes everything`, hint);
}

/** How many of a rule's matches stand in a rule before, or before in the same one; names don't count. */
function countRepeated(matches: readonly object[], rule: number, firsts: Map<string, number>, at: Cursor): number {
  let repeated = 0;
  matches.forEach((match, index) => {
    const key = canonical({ ...match, name: undefined });
    const first = firsts.get(key);
    if (first === undefined) {
      firsts.set(key, rule);
      return;
    }
    repeated += 1;
    at.to(rule, 'match', index).warn('WARN_UNREACHABLE', `is the same match as one of rule ${first}`);
  });
  return repeated;
}

interface Prefixed {
  readonly rule: number;
  readonly index: number;
  readonly match: HttpMatchSpec;
}

/** Look-ups and comparisons that are done at most: enough for thousands of rules, not for a file made to hang us. */
const MOST_WORK = 1_000_000;

/** A `uri.prefix` below an earlier, shorter one with the same other conditions. */
function checkPrefixes(rules: readonly Rule[], at: Cursor): void {
  const catchAll = rules.findIndex(({ match }) => (match ?? []).length === 0);
  const earlier = new Map<string, Prefixed[]>();
  const lengths = new Set<number>();
  let work = 0;
  const checkPrefix = (entry: Prefixed, prefix: string): void => {
    for (const length of lengths) {
      if (length >= prefix.length) continue;
      const covering = earlier.get(prefix.slice(0, length)) ?? [];
      work += 1 + length / 64 + covering.length;
      if (work > MOST_WORK) return;
      for (const other of covering) {
        if (covers(other.match, entry.match)) warnOfCover(other, entry, at);
      }
    }
    const same = earlier.get(prefix);
    if (same === undefined) earlier.set(prefix, [entry]);
    else same.push(entry);
    lengths.add(prefix.length);
  };
  (rules as readonly HttpRouteSpec[]).forEach((rule, index) => {
    if (catchAll >= 0 && index > catchAll) return;
    rule.match?.forEach((match, matchIndex) => {
      const prefix = match.uri?.prefix ?? '';
      if (prefix !== '' && work <= MOST_WORK) checkPrefix({ rule: index, index: matchIndex, match }, prefix);
    });
  });
}

function warnOfCover(covering: Prefixed, covered: Prefixed, at: Cursor): void {
  const [short, long] = [covering, covered].map(({ match }) => JSON.stringify(match.uri?.prefix));
  const where = `http[${covering.rule}].match[${covering.index}]`;
  at.to(covered.rule, 'match', covered.index).warn(
    'WARN_UNREACHABLE',
    `may never be reached: the prefix of ${where}, ${short}, comes first and covers ${long}`,
    'put the longer prefix first',
  );
}

/** Whether `earlier` asks for nothing that `later` does not, as Istio compares them. */
function covers(earlier: HttpMatchSpec, later: HttpMatchSpec): boolean {
  return (
    (earlier.port ?? 0) === (later.port ?? 0) &&
    valueCovers(literal(earlier.method) || 'exact:GET', literal(later.method) || 'exact:GET') &&
    valueCovers(literal(earlier.authority), literal(later.authority)) &&
    (['headers', 'queryParams', 'withoutHeaders'] as const).every((field) =>
      conditionsCover(earlier[field] ?? {}, later[field] ?? {}),
    )
  );
}

type Conditions = Readonly<Record<string, StringMatchSpec | null>>;

function conditionsCover(earlier: Conditions, later: Conditions): boolean {
  const names = Object.keys(earlier);
  if (names.length !== Object.keys(later).length) return false;
  return names.every((name) => Object.hasOwn(later, name) && valueCovers(literal(earlier[name]), literal(later[name])));
}

function valueCovers(earlier: string, later: string): boolean {
  return earlier.startsWith(later);
}

/** A regular expression counts as unset, as for Istio. */
function literal(matcher: StringMatchSpec | null | undefined): string {
  const { exact = '', prefix = '' } = matcher ?? {};
  return exact !== '' ? `exact:${exact}` : prefix !== '' ? `prefix:${prefix}` : '';
}

/** JSON with sorted keys, so that equal things read equal. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? '';
  const entries = Object.entries(value)
    .filter(([, entry]) => entry !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, entry]) => `${JSON.stringify(key)}:${canonical(entry)}`).join()}}`;
}
