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
  rules.forEach((rule, index) => {
    const matches = rule.match ?? [];
    if (matches.length === 0) {
      if (catchAll >= 0) at.to(index).warn('WARN_UNREACHABLE', `is never reached: rule ${catchAll} has no match either and comes first`, 'only the last rule can do without a match');
      catchAll = index;
      return;
    }
    let duplicates = 0;
    matches.forEach((match, matchIndex) => {
      if (catchAll >= 0) {
        at.to(index).warn('WARN_UNREACHABLE', `is never reached: rule ${catchAll} before it matches everything`, 'move the rule without a match to the end');
        return;
      }
      const key = canonical({ ...match, name: undefined });
      const first = firsts.get(key);
      if (first === undefined) firsts.set(key, index);
      else {
        at.to(index, 'match', matchIndex).warn('WARN_UNREACHABLE', `is the same match as one of rule ${first}`);
        duplicates += 1;
      }
    });
    if (duplicates === matches.length) at.to(index).warn('WARN_UNREACHABLE', 'is never reached: rules before it have all its matches');
  });
  checkPrefixes(rules, at, catchAll);
}

interface Prefixed {
  readonly rule: number;
  readonly index: number;
  readonly match: HttpMatchSpec;
}

/** A `uri.prefix` below an earlier, shorter one with the same other conditions. */
function checkPrefixes(rules: readonly Rule[], at: Cursor, catchAll: number): void {
  const earlier = new Map<string, Prefixed[]>();
  (rules as readonly HttpRouteSpec[]).forEach((rule, ruleIndex) => {
    if (catchAll >= 0 && ruleIndex > catchAll) return;
    rule.match?.forEach((match, index) => {
      const prefix = match.uri?.prefix ?? '';
      if (prefix === '') return;
      for (let length = 1; length < prefix.length; length++) {
        for (const other of earlier.get(prefix.slice(0, length)) ?? []) {
          if (!covers(other.match, match)) continue;
          const where = `http[${other.rule}].match[${other.index}]`;
          at.to(ruleIndex, 'match', index).warn('WARN_UNREACHABLE', `may never be reached: the prefix of ${where}, ${JSON.stringify(prefix.slice(0, length))}, comes first and covers ${JSON.stringify(prefix)}`, 'put the longer prefix first');
        }
      }
      const entries = earlier.get(prefix);
      if (entries === undefined) earlier.set(prefix, [{ rule: ruleIndex, index, match }]);
      // Further entries of the same prefix differ in other conditions; a few of them tell enough.
      else if (entries.length < 20) entries.push({ rule: ruleIndex, index, match });
    });
  });
}

/** Whether `earlier` asks for nothing that `later` does not, as Istio compares them. */
function covers(earlier: HttpMatchSpec, later: HttpMatchSpec): boolean {
  return (earlier.port ?? 0) === (later.port ?? 0)
    && valueCovers(literal(earlier.method) || 'exact:GET', literal(later.method) || 'exact:GET')
    && valueCovers(literal(earlier.authority), literal(later.authority))
    && (['headers', 'queryParams', 'withoutHeaders'] as const).every((field) => conditionsCover(earlier[field] ?? {}, later[field] ?? {}));
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
  const entries = Object.entries(value).filter(([, entry]) => entry !== undefined).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, entry]) => `${JSON.stringify(key)}:${canonical(entry)}`).join()}}`;
}
