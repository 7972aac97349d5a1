import type { HttpMatchSpec } from '../../istio-types.ts';
import type { AnalysisContext } from '../analysis-context.ts';
import type { AnalysedVirtualService } from '../analysed-specs.ts';
import { matchCovers } from './match-coverage.ts';

/** A match of a rule. */
export interface MatchPlace {
  readonly rule: number;
  /** `undefined`: the rule has no match, and takes everything. */
  readonly match: number | undefined;
}

/**
 * The first match before `rule` that takes every request of `match`, if there is one. A rule with a delegate takes only
 * what the delegate takes, and on a gateway rules for every path come last, wherever they stand.
 */
export function takenBefore(spec: AnalysedVirtualService, rule: number, match: HttpMatchSpec, context: AnalysisContext): MatchPlace | undefined {
  const gateways = spec.gateways === undefined || spec.gateways.length === 0 ? ['mesh'] : spec.gateways;
  const onGateways = gateways.some((gateway) => gateway !== 'mesh');
  for (const [index, { match: earlier = [], delegate }] of (spec.http ?? []).slice(0, rule).entries()) {
    if (delegate !== undefined) continue;
    if (earlier.length === 0 && !onGateways) return { rule: index, match: undefined };
    const taking = context.each(earlier).findIndex((one) => !(onGateways && isForEveryPath(one)) && matchCovers(one, match, gateways));
    if (taking !== -1) return { rule: index, match: taking };
  }
  return undefined;
}

/** Source: istio `IsCatchAllRoute`. */
function isForEveryPath({ uri = {}, headers = {}, queryParams = {}, withoutHeaders = {} }: HttpMatchSpec): boolean {
  const others = [headers, queryParams, withoutHeaders].some((conditions) => Object.keys(conditions).length > 0);
  return !others && (Object.keys(uri).length === 0 || uri.prefix === '/' || uri.regex === '.*');
}
