import type { MirrorOptions, RetryOptions, RouteAction, RouteSpec, WeightedDestination } from '../../route/model.ts';
import { parseDurationMs } from '../../common/duration.ts';
import type { SkippedRule } from '../../common/explanation.ts';
import { clusterName } from '../clusters/cluster-name.ts';
import type { HttpMatchSpec, HttpRouteSpec } from '../istio-types.ts';
import { originOf } from '../resource.ts';
import { headerRules } from './header-rules.ts';
import { directAction, redirectAction } from './reply-actions.ts';
import type { RouteContext } from './route-context.ts';
import { isCatchAll, routeMatch, whyNotForCaller } from './route-match.ts';
import { corsOptions, faultOptions, retryOptions, safely } from './route-policies.ts';
import type { HttpRule } from './virtual-service.ts';

/** What the rules of one VirtualService come to, for one caller and port. */
export interface CompiledRules {
  readonly routes: readonly RouteSpec[];
  readonly skipped: readonly SkippedRule[];
}

/**
 * The routes of `rules` in order. An entry of a match that cannot apply to the caller is left out; a rule without any entry
 * left is gone, it does not match everything. Nothing follows a route that matches every request.
 *
 * `defaultHost` is the service that a rule with a fault and no route stands for.
 *
 * Source: istio `BuildHTTPRoutesForVirtualService`.
 */
export function compileRules(rules: readonly HttpRule[], context: RouteContext, defaultHost: string): CompiledRules {
  const routes: RouteSpec[] = [];
  const skipped: SkippedRule[] = [];
  let closedBy: string | undefined;
  for (const rule of rules) {
    if (closedBy !== undefined) {
      skipped.push({ origin: originOf(rule.resource, rule.path), reason: `${closedBy} before it matches every request` });
      continue;
    }
    const action = ruleAction(rule, context, defaultHost);
    if (action === undefined) {
      skipped.push({ origin: originOf(rule.resource, rule.path), reason: 'has no route, redirect or directResponse' });
      continue;
    }
    closedBy = addRoutes(rule, action, context, routes, skipped);
  }
  return { routes, skipped };
}

/** Returns the path of an entry that matches everything, if there was one. */
function addRoutes(
  rule: HttpRule,
  action: RouteAction,
  context: RouteContext,
  routes: RouteSpec[],
  skipped: SkippedRule[],
): string | undefined {
  const { spec, resource, path } = rule;
  const shared = sharedParts(rule, action);
  const entries: readonly HttpMatchSpec[] = spec.match ?? [];
  if (entries.length === 0) {
    routes.push(named(spec.name, { match: {}, ...shared, origin: originOf(resource, path) }));
    return path;
  }
  for (const [index, entry] of entries.entries()) {
    const entryPath = `${path}.match[${index}]`;
    const reason = whyNotForCaller(entry, rule.boundIn, context);
    if (reason !== undefined) {
      skipped.push({ origin: originOf(resource, entryPath), reason });
      continue;
    }
    const match = routeMatch(entry);
    const { statPrefix } = entry;
    routes.push(named(routeName(spec, entry), { match, ...shared, ...(statPrefix && { statPrefix }), origin: originOf(resource, entryPath) }));
    if (isCatchAll(match)) return entryPath;
  }
  return undefined;
}

/** `rule`, `rule.match`, or `.match` where only the match is named. Source: recorded route names. */
function routeName(rule: HttpRouteSpec, match: HttpMatchSpec): string | undefined {
  if (match.name === undefined || match.name === '') return rule.name;
  return `${rule.name ?? ''}.${match.name}`;
}

function named(name: string | undefined, route: RouteSpec): RouteSpec {
  return name === undefined || name === '' ? route : { name, ...route };
}

function sharedParts({ spec, extensions }: HttpRule, action: RouteAction): Omit<RouteSpec, 'match' | 'name' | 'origin'> {
  const fault = faultOptions(spec.fault, extensions?.faultScope);
  const { rules: headers } = headerRules(spec.headers);
  return { action, ...(fault && { fault }), ...(headers && { headers }) };
}

function ruleAction(rule: HttpRule, context: RouteContext, defaultHost: string): RouteAction | undefined {
  const { spec } = rule;
  if (spec.redirect !== undefined) return redirectAction(spec.redirect);
  if (spec.directResponse !== undefined) return directAction(spec.directResponse);
  return forwardAction(rule, context, defaultHost);
}

function forwardAction(rule: HttpRule, context: RouteContext, defaultHost: string): RouteAction | undefined {
  const { spec, extensions: { sticky, retrySafety = context.retrySafety } = {} } = rule;
  const destinations = ruleDestinations(rule, context, defaultHost);
  if (destinations.length === 0) return undefined;
  const hashed = destinations.length === 1 && destinations[0]?.hashPolicy !== undefined;
  const retries: RetryOptions | undefined = safely(retryOptions(spec.retries ?? context.mesh.retryPolicy, hashed), retrySafety);
  const timeoutMs = spec.timeout === undefined ? 0 : (parseDurationMs(spec.timeout) ?? 0);
  const mirrors = ruleMirrors(rule, context);
  const cors = corsOptions(spec.corsPolicy);
  const rewrite = ruleRewrite(spec);
  return {
    kind: 'forward',
    destinations,
    ...(sticky && { sticky }),
    ...(rewrite && { rewrite }),
    ...(timeoutMs > 0 && { timeoutMs }),
    ...(retries && { retries }),
    ...(mirrors.length > 0 && { mirrors }),
    ...(cors && { cors }),
  };
}

function ruleDestinations({ spec, resource, path }: HttpRule, context: RouteContext, defaultHost: string): WeightedDestination[] {
  if (spec.route === undefined || spec.route.length === 0) {
    // Older Istio took a fault alone: who is not aborted goes on to the service.
    if (spec.fault === undefined || !context.legacySemantics || defaultHost === '') return [];
    return [{ cluster: clusterName(defaultHost, context.port), weight: 0, origin: originOf(resource, path) }];
  }
  return spec.route.map(({ destination, weight = 0, headers }, index) => {
    const { rules, host } = headerRules(headers);
    const hashPolicy = context.hashPolicy(destination);
    return {
      cluster: context.clusterOf(destination),
      weight,
      ...(rules && { headers: rules }),
      ...(host !== undefined && { hostRewrite: host }),
      ...(hashPolicy && { hashPolicy }),
      origin: originOf(resource, `${path}.route[${index}]`),
    };
  });
}

/** `rewrite.authority` beats a `host` among the rule's own header operations. */
function ruleRewrite(spec: HttpRouteSpec): Extract<RouteAction, { kind: 'forward' }>['rewrite'] {
  const { uri, uriRegexRewrite, authority } = spec.rewrite ?? {};
  const host = authority === undefined || authority === '' ? headerRules(spec.headers).host : authority;
  if (!uri && uriRegexRewrite === undefined && host === undefined) return undefined;
  return {
    ...(uriRegexRewrite !== undefined ? { uriRegex: { ...uriRegexRewrite } } : uri ? { uri } : {}),
    ...(host !== undefined && { authority: host }),
  };
}

/** A share that is not given is everything; a share of 0, also by `{}`, is nothing. Source: istio `MirrorPercent`. */
function ruleMirrors({ spec, resource, path }: HttpRule, context: RouteContext): MirrorOptions[] {
  const mirrors: MirrorOptions[] = [];
  if (spec.mirror !== undefined) {
    const percentage = spec.mirrorPercentage === undefined ? (spec.mirrorPercent ?? 100) : (spec.mirrorPercentage.value ?? 0);
    mirrors.push({ cluster: context.clusterOf(spec.mirror), percentage, origin: originOf(resource, `${path}.mirror`) });
  }
  for (const [index, { destination, percentage }] of (spec.mirrors ?? []).entries()) {
    mirrors.push({
      cluster: context.clusterOf(destination),
      percentage: percentage === undefined ? 100 : (percentage.value ?? 0),
      origin: originOf(resource, `${path}.mirrors[${index}]`),
    });
  }
  return mirrors.filter(({ percentage }) => percentage > 0);
}
