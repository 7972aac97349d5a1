import type { DestinationSpec, HttpRouteSpec } from '../istio-types.ts';
import type { Cursor } from './cursor.ts';
import { checkWeights } from './destination.ts';
import { checkOneAuthority } from './header-operations.ts';
import { checkPercent } from './primitives.ts';

const NO_ACTION = 'needs a route, redirect or directResponse';

/** What concerns one rule as a whole; its parts are checked by their own. Source: istio `validateHTTPRoute`. */
export function checkHttpRoute(rule: HttpRouteSpec, at: Cursor, ofDelegate: boolean): void {
  if (ofDelegate && rule.delegate !== undefined) {
    at.to('delegate').conflict(
      'must be left out: a VirtualService without hosts is a delegate itself, and delegates go one level deep',
    );
  }
  if (rule.delegate !== undefined && !ofDelegate) checkRoot(rule, at);
  else checkActions(rule, at);
  if (rule.mirrorPercent !== undefined) {
    checkPercent(rule.mirrorPercent, at.to('mirrorPercent'));
    at.to('mirrorPercent').warn(
      'WARN_DEPRECATED',
      'is deprecated',
      `write mirrorPercentage: {value: ${rule.mirrorPercent}}`,
    );
  }
  if (rule.route !== undefined) checkWeights(rule.route, at.to('route'));
  checkOneAuthority(rule, at);
  const { prefixRewrite = '' } = rule.redirect ?? {};
  if (prefixRewrite !== '' && rule.match?.some(({ uri }) => uri !== undefined && uri.prefix === undefined)) {
    at.to('redirect', 'prefixRewrite').conflict(
      'replaces a matched prefix, but a match of this rule has a uri that is no prefix',
    );
  }
}

function checkRoot(rule: HttpRouteSpec, at: Cursor): void {
  for (const action of ['redirect', 'route'] as const) {
    if (rule[action] !== undefined) {
      at.to(action).conflict('must be left out: the rule delegates', 'remove it, or the delegate');
    }
  }
}

function checkActions(rule: HttpRouteSpec, at: Cursor): void {
  const routed = (rule.route ?? []).length > 0;
  if (rule.redirect !== undefined) {
    excludes(rule, at, 'redirect', ['route', 'fault', 'rewrite', 'directResponse']);
  } else if (rule.directResponse !== undefined) {
    excludes(rule, at, 'directResponse', ['route', 'fault', 'rewrite']);
  } else if (!routed && rule.fault !== undefined && at.context.legacySemantics) {
    at.warn('WARN_NO_ROUTE', 'has a fault but no route', 'add a route: the Istio of today refuses such a rule');
  } else if (!routed) {
    at.required(NO_ACTION);
  }
  if (rule.mirror !== undefined && (rule.mirrors ?? []).length > 0) {
    at.to('mirrors').conflict('must not be there together with mirror');
  }
}

type Excluded = 'route' | 'fault' | 'rewrite' | 'directResponse';

function excludes(rule: HttpRouteSpec, at: Cursor, action: string, others: readonly Excluded[]): void {
  for (const other of others) {
    const value = rule[other];
    if (value === undefined || (Array.isArray(value) && value.length === 0)) continue;
    at.to(other).conflict(`must not be there together with ${action}`, 'remove one of them, or make two rules');
  }
}

export function checkMirrorPolicy(mirror: { destination?: DestinationSpec }, at: Cursor): void {
  if (mirror.destination === undefined) at.required('needs a destination', 'write destination: {host: NAME}');
}

/** `status` and the like are there by type; what is required beyond is told by the API server. */
export function checkDelegate(delegate: { name?: string }, at: Cursor): void {
  if ((delegate.name ?? '') === '') at.onApply?.to('name').required('must name a VirtualService');
}
