import type { HttpRouteSpec } from '../istio-types.ts';
import type { Cursor } from './cursor.ts';
import { findUnreachable, type OrderedRule } from './unreachable.ts';

/** Warns of rules and matches that can never be reached. */
export function checkReachability(rules: readonly OrderedRule[], at: Cursor): void {
  for (const one of findUnreachable(rules)) {
    const place = 'match' in one && one.match !== undefined ? at.to(one.rule, 'match', one.match) : at.to(one.rule);
    if (one.is === 'afterCatchAll') {
      const hint = 'move the rule without a match to the end';
      place.warn('WARN_UNREACHABLE', `is never reached: rule ${one.catchAll} before it has no match and takes everything`, hint);
    } else if (one.is === 'repeatedMatch') {
      place.warn('WARN_UNREACHABLE', `is the same match as one of rule ${one.first}`);
    } else if (one.is === 'repeatedRule') {
      place.warn('WARN_UNREACHABLE', 'is never reached: rules before it have all its matches');
    } else {
      const prefixOf = (rule: number, match: number): string => JSON.stringify((rules as readonly HttpRouteSpec[])[rule]?.match?.[match]?.uri?.prefix);
      const where = `http[${one.by.rule}].match[${one.by.match}]`;
      const [short, long] = [prefixOf(one.by.rule, one.by.match), prefixOf(one.rule, one.match)];
      place.warn('WARN_UNREACHABLE', `may never be reached: the prefix of ${where}, ${short}, comes first and covers ${long}`, 'put the longer prefix first');
    }
  }
}
