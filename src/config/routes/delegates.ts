import { COST, type CompileBudget } from '../compile-budget.ts';
import type { HttpMatchSpec, HttpRouteSpec, StringMatchSpec } from '../istio-types.ts';
import { originOf } from '../resource.ts';
import { isExportedTo } from '../scope/export-to.ts';
import { gatewayName } from './gateway-name.ts';
import type { HttpRule, VirtualService } from './virtual-service.ts';

/**
 * Puts the rules of delegates in the place of the root rules that name them, and drops the delegates themselves. A root rule
 * whose delegate is missing, or not exported to the root's namespace, disappears. One level only.
 *
 * Source: istio `mergeVirtualServicesIfNeeded`.
 */
export function resolveDelegates(virtualServices: readonly VirtualService[], budget: CompileBudget): VirtualService[] {
  const delegates = new Map<string, VirtualService>();
  for (const candidate of virtualServices) {
    if (candidate.hosts.length === 0) delegates.set(`${candidate.resource.namespace}/${candidate.resource.name}`, candidate);
  }
  return virtualServices
    .filter((candidate) => candidate.hosts.length > 0)
    .map((root) => {
      if (!root.rules.some((rule) => rule.spec.delegate !== undefined)) return root;
      return { ...root, rules: root.rules.flatMap((rule) => resolveRule(rule, root.resource.namespace, delegates, budget)) };
    });
}

function resolveRule(
  root: HttpRule,
  namespace: string,
  delegates: ReadonlyMap<string, VirtualService>,
  budget: CompileBudget,
): readonly HttpRule[] {
  const { delegate: reference } = root.spec;
  if (reference === undefined) return [root];
  const found = delegates.get(`${reference.namespace || namespace}/${reference.name}`);
  if (found === undefined || !isExportedTo(found.exportTo, found.resource.namespace, namespace)) return [];
  const spend = (cost: number): void => budget.spend(cost, () => originOf(root.resource, root.path));
  return found.rules.flatMap((rule) => {
    const spec = mergeRules(bound(root), bound(rule), spend);
    return spec === undefined ? [] : [{ ...rule, spec, boundIn: root.boundIn }];
  });
}

/** The rule with its matches' gateways in full: the root's and the delegate's may be of different namespaces. */
function bound({ spec, boundIn }: HttpRule): HttpRouteSpec {
  const { match = [] } = spec;
  if (match.every(({ gateways = [] }) => gateways.length === 0)) return spec;
  const named = match.map((entry) => (entry.gateways === undefined ? entry : { ...entry, gateways: entry.gateways.map((name) => gatewayName(name, boundIn)) }));
  return { ...spec, match: named };
}

/** What a delegate's rule leaves unset comes from the root's; contradicting matches drop the delegate's rule. */
function mergeRules(root: HttpRouteSpec, delegate: HttpRouteSpec, spend: (cost: number) => void): HttpRouteSpec | undefined {
  spend(COST.route);
  const match = mergeMatches(root.match ?? [], delegate.match ?? [], spend);
  if (match === undefined) return undefined;
  const inherited: HttpRouteSpec = {
    rewrite: root.rewrite,
    directResponse: root.directResponse,
    timeout: root.timeout,
    retries: root.retries,
    fault: root.fault,
    mirror: root.mirror,
    mirrors: root.mirrors,
    mirrorPercent: root.mirrorPercent,
    mirrorPercentage: root.mirrorPercentage,
    corsPolicy: root.corsPolicy,
    headers: root.headers,
  };
  const own = Object.fromEntries(Object.entries(delegate).filter(([, value]) => value !== undefined && value !== null));
  return { ...inherited, ...own, name: joinNames(root.name, delegate.name), match };
}

/** All pairs that agree. Each entry of the delegate must agree with one of the root's at least. */
function mergeMatches(
  root: readonly HttpMatchSpec[],
  delegate: readonly HttpMatchSpec[],
  spend: (cost: number) => void,
): HttpMatchSpec[] | undefined {
  if (root.length === 0) return [...delegate];
  if (delegate.length === 0) return [...root];
  const merged: HttpMatchSpec[] = [];
  for (const entry of delegate) {
    spend(root.length * COST.comparison);
    const partners = root.filter((candidate) => agree(candidate, entry));
    if (partners.length === 0) return undefined;
    spend(partners.length * COST.route);
    for (const partner of partners) merged.push(mergeMatch(partner, entry));
  }
  return merged;
}

function mergeMatch(root: HttpMatchSpec, delegate: HttpMatchSpec): HttpMatchSpec {
  const merged: HttpMatchSpec = { ...root };
  for (const [key, value] of Object.entries(delegate)) {
    if (value !== undefined && value !== null && !isEmptyList(value)) Object.assign(merged, { [key]: value });
  }
  merged.name = joinNames(root.name, delegate.name);
  if (root.headers ?? delegate.headers) merged.headers = { ...root.headers, ...delegate.headers };
  if (root.withoutHeaders ?? delegate.withoutHeaders) merged.withoutHeaders = { ...root.withoutHeaders, ...delegate.withoutHeaders };
  if (root.queryParams ?? delegate.queryParams) merged.queryParams = { ...root.queryParams, ...delegate.queryParams };
  if (root.sourceLabels ?? delegate.sourceLabels) merged.sourceLabels = { ...root.sourceLabels, ...delegate.sourceLabels };
  return merged;
}

/** Whether `leaf` asks for no more than a part of what `root` lets through. */
function agree(root: HttpMatchSpec, leaf: HttpMatchSpec): boolean {
  return (
    within(root.uri, leaf.uri) &&
    within(root.scheme, leaf.scheme) &&
    within(root.method, leaf.method) &&
    within(root.authority, leaf.authority) &&
    allWithin(root.headers, leaf.headers) &&
    allWithin(root.withoutHeaders, leaf.withoutHeaders) &&
    allWithin(root.queryParams, leaf.queryParams) &&
    (root.ignoreUriCase ?? false) === (leaf.ignoreUriCase ?? false) &&
    equalIfBoth(root.port, leaf.port) &&
    (!root.sourceNamespace || leaf.sourceNamespace === root.sourceNamespace) &&
    Object.entries(leaf.sourceLabels ?? {}).every(([key, value]) => equalIfBoth(root.sourceLabels?.[key], value)) &&
    gatewaysWithin(root.gateways ?? [], leaf.gateways ?? [])
  );
}

/** Of two given conditions, the leaf's must be a part of the root's; one that is not given contradicts nothing. */
function within(root: StringMatchSpec | null | undefined, leaf: StringMatchSpec | null | undefined): boolean {
  if (!root || !leaf) return true;
  // Whether one regular expression is within another cannot be told, and "is present" is no part of anything.
  if (root.regex || leaf.regex) return false;
  if (root.exact) return leaf.exact === root.exact;
  const text = leaf.prefix || leaf.exact;
  return Boolean(root.prefix && text?.startsWith(root.prefix));
}

function allWithin(
  root: Record<string, StringMatchSpec | null> | undefined,
  leaf: Record<string, StringMatchSpec | null> | undefined,
): boolean {
  // A null entry of a map is an empty matcher; a missing one is none.
  return Object.entries(leaf ?? {}).every(([key, value]) => root?.[key] === undefined || within(root[key] ?? {}, value ?? {}));
}

function equalIfBoth<T extends string | number>(root: T | undefined, leaf: T | undefined): boolean {
  return !root || !leaf || root === leaf;
}

function gatewaysWithin(root: readonly string[], leaf: readonly string[]): boolean {
  return root.length === 0 || leaf.length === 0 || leaf.every((gateway) => root.includes(gateway));
}

function isEmptyList(value: unknown): boolean {
  return (Array.isArray(value) && value.length === 0) || value === '';
}

function joinNames(root: string | undefined, delegate: string | undefined): string | undefined {
  return root && delegate ? `${root}-${delegate}` : delegate || root;
}
