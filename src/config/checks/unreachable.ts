import type { HttpMatchSpec, StringMatchSpec } from '../istio-types.ts';

/** A rule of a VirtualService, of whatever protocol, as far as its order counts. */
export interface OrderedRule {
  readonly name?: string;
  readonly match?: readonly object[];
}

/** A rule, or one match of a rule, that istioctl calls unused. */
export type Unreachable =
  /** A rule without a match, or one match of a rule, after a rule that takes everything. */
  | { readonly is: 'afterCatchAll'; readonly rule: number; readonly match?: number; readonly catchAll: number }
  /** All its matches stand in rules before. */
  | { readonly is: 'repeatedRule'; readonly rule: number }
  | { readonly is: 'repeatedMatch'; readonly rule: number; readonly match: number; readonly first: number }
  /** Its `uri.prefix` is below an earlier, shorter one with the same other conditions. */
  | { readonly is: 'coveredPrefix'; readonly rule: number; readonly match: number; readonly by: { readonly rule: number; readonly match: number } };

/** Look-ups and comparisons that are done at most: enough for thousands of rules, not for a file made to hang us. */
const MOST_WORK = 1_000_000;

/** Source: istio `analyzeUnreachableHTTPRules` and its kin. */
export function findUnreachable(rules: readonly OrderedRule[]): Unreachable[] {
  const found: Unreachable[] = [];
  const firsts = new Map<string, number>();
  const prefixes: Prefixed[] = [];
  let catchAll = -1;
  for (const [rule, { match: matches = [] }] of rules.entries()) {
    if (matches.length === 0) {
      if (catchAll >= 0) found.push({ is: 'afterCatchAll', rule, catchAll });
      catchAll = rule;
      continue;
    }
    let repeated = 0;
    for (const [match, spec] of matches.entries()) {
      if (catchAll >= 0) {
        found.push({ is: 'afterCatchAll', rule, match, catchAll });
        continue;
      }
      const key = canonical({ ...spec, name: undefined });
      const first = firsts.get(key);
      if (first !== undefined) {
        repeated += 1;
        found.push({ is: 'repeatedMatch', rule, match, first });
        continue;
      }
      firsts.set(key, rule);
      const prefix = (spec as HttpMatchSpec).uri?.prefix ?? '';
      if (prefix !== '') prefixes.push({ rule, match, prefix, spec });
    }
    if (repeated === matches.length) found.push({ is: 'repeatedRule', rule });
  }
  return found.concat(coveredPrefixes(prefixes));
}

interface Prefixed {
  readonly rule: number;
  readonly match: number;
  readonly prefix: string;
  readonly spec: HttpMatchSpec;
}

function coveredPrefixes(prefixes: readonly Prefixed[]): Unreachable[] {
  const found: Unreachable[] = [];
  const earlier = new Map<string, Prefixed[]>();
  const lengths = new Set<number>();
  let work = 0;
  for (const { rule, match, prefix, spec } of prefixes) {
    for (const length of lengths) {
      if (length >= prefix.length) continue;
      const covering = earlier.get(prefix.slice(0, length)) ?? [];
      work += 1 + length / 64 + covering.length;
      if (work > MOST_WORK) return found;
      for (const by of covering) {
        if (covers(by.spec, spec)) found.push({ is: 'coveredPrefix', rule, match, by: { rule: by.rule, match: by.match } });
      }
    }
    const same = earlier.get(prefix);
    if (same === undefined) earlier.set(prefix, [{ rule, match, prefix, spec }]);
    else same.push({ rule, match, prefix, spec });
    lengths.add(prefix.length);
  }
  return found;
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
