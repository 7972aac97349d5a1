import type { SkippedRule } from '../../common/explanation.ts';
import { hostsOverlap, isWildcardHost } from '../../common/host-name.ts';
import type { Steps } from '../../common/steps.ts';
import type { RouteSpec, VirtualHostSpec } from '../../route/model.ts';
import { clusterName } from '../clusters/cluster-name.ts';
import { COST } from '../compile-budget.ts';
import { sameItems } from '../memo.ts';
import { isHttp } from '../registry/port-protocol.ts';
import { findPort, type Service } from '../registry/service.ts';
import { originOf, resourceName } from '../resource.ts';
import { sameData } from '../same-content.ts';
import { hostDomains, serviceDomains, type Domains } from './domains.ts';
import type { ListenerRules } from './listener-rules.ts';
import type { RouteContext } from './route-context.ts';
import type { ConfigurationMemo } from './route-memo.ts';
import { retryOptions, safely } from './route-policies.ts';
import { compileRules, type CompiledRules } from './rule-routes.ts';
import type { VirtualService } from './virtual-service.ts';

/** A virtual host before its domains are settled against those of the others. */
interface Draft {
  readonly host: string;
  readonly service: Service | undefined;
  readonly routes: readonly RouteSpec[];
  readonly skipped: SkippedRule[];
  readonly origin: VirtualHostSpec['origin'];
}

/** A VirtualService makes hosts of its own on this port alone. Elsewhere it only governs services. */
export const PORT_OF_UNREGISTERED_HOSTS = 80;

/**
 * The virtual hosts of one port: those of VirtualServices in order of precedence, then one for each service that none of
 * them governs. Of equal hosts the first counts, alone. The catch-all is not among them.
 *
 * Source: istio `BuildSidecarOutboundVirtualHosts`, `BuildSidecarVirtualHostWrapper`.
 */
export function* virtualHosts(
  services: ReadonlyMap<string, Service>,
  rules: ListenerRules,
  context: RouteContext,
  memo: ConfigurationMemo,
  surroundings: object,
): Steps<VirtualHostSpec[]> {
  const drafts = new Map<string, Draft>();
  const passedOver = new Map<string, SkippedRule[]>();
  const all = context.port === PORT_OF_UNREGISTERED_HOSTS;
  for (const virtualService of all ? rules.virtualServices : rules.governing(services.keys())) {
    addGoverned(virtualService, services, rules, rulesOf(virtualService, context, memo, surroundings), context.port, drafts, passedOver);
    yield;
  }
  for (const service of services.values()) {
    if (drafts.has(service.host) || service.externalName !== undefined || !servesHttp(service, context.port)) continue;
    const skipped = [...rules.rejected(service.host), ...(passedOver.get(service.host) ?? [])];
    const routes = memo.defaults.of(service, [context.mesh, context.ruleOf(service)], () => [defaultRoute(service, context)]);
    drafts.set(service.host, { host: service.host, service, routes, skipped, origin: service.origin });
    yield;
  }
  return settle([...drafts.values()], context, memo);
}

function addGoverned(
  virtualService: VirtualService,
  services: ReadonlyMap<string, Service>,
  rules: ListenerRules,
  compile: (host: string) => CompiledRules,
  port: number,
  drafts: Map<string, Draft>,
  passedOver: Map<string, SkippedRule[]>,
): void {
  const governed = governedServices(virtualService, services, rules).filter((service) => servesHttp(service, port));
  if (governed.length === 0 && port !== PORT_OF_UNREGISTERED_HOSTS) return;
  const served = new Set(governed.map(({ host }) => host));
  const own = virtualService.hosts.filter((host) => !isRegistered(host, services));
  for (const host of [...own, ...served]) {
    const { routes, skipped } = compile(host);
    const winner = drafts.get(host);
    if (winner !== undefined) {
      const { resource } = virtualService;
      const reason = `${winner.origin === undefined ? 'another' : resourceName(winner.origin)} has the same host and comes first`;
      winner.skipped.push({ origin: originOf(resource), reason });
    } else if (routes.length === 0) {
      passedOver.set(host, [...(passedOver.get(host) ?? []), ...skipped]);
    } else {
      const before = [...rules.rejected(host), ...(passedOver.get(host) ?? [])];
      const origin = originOf(virtualService.resource);
      drafts.set(host, { host, service: services.get(host), routes, skipped: [...before, ...skipped], origin });
    }
  }
}

/** The services on the port that have one of the VirtualService's hosts, or whose most specific wildcard is its. */
function governedServices(virtualService: VirtualService, services: ReadonlyMap<string, Service>, rules: ListenerRules): Service[] {
  const found = new Set<Service>();
  const add = (host: string): void => {
    const service = services.get(host);
    if (service !== undefined) found.add(service);
  };
  for (const host of virtualService.hosts) if (!isWildcardHost(host)) add(host);
  for (const host of rules.coveredBy(virtualService)) add(host);
  return [...found];
}

/**
 * Whether `host` is left to the registry. A wildcard is as soon as it overlaps any service, also one that another
 * VirtualService governs: it is no host in itself then. Source: istio `separateVSHostsAndServices`.
 */
function isRegistered(host: string, services: ReadonlyMap<string, Service>): boolean {
  if (!isWildcardHost(host)) return services.has(host);
  for (const name of services.keys()) if (hostsOverlap(host, name)) return true;
  return false;
}

/** All hosts of a VirtualService share its routes, unless a rule leaves the destination to the host. */
function rulesOf(virtualService: VirtualService, context: RouteContext, memo: ConfigurationMemo, surroundings: object): (host: string) => CompiledRules {
  const spend = (compiled: CompiledRules): CompiledRules => {
    context.budget.spend(compiled.routes.length * COST.route, () => originOf(virtualService.resource));
    return compiled;
  };
  if (virtualService.rules.some(({ spec }) => spec.fault !== undefined && (spec.route ?? []).length === 0)) {
    return (host) => spend(compileRules(virtualService.rules, context, host));
  }
  let shared: CompiledRules | undefined;
  // Only once it is clear that the rules govern anything here.
  return () =>
    (shared ??= spend(memo.rules.within(surroundings, virtualService, () => [context.mesh, ...askedOf(virtualService, context)], () => compileRules(virtualService.rules, context, ''))));
}

/** What compiling rules asks about their destinations. */
export function askedOf({ rules }: VirtualService, { clusterOf, serviceOf, ruleOf }: Pick<RouteContext, 'clusterOf' | 'serviceOf' | 'ruleOf'>): unknown[] {
  const asked: unknown[] = [];
  for (const { spec } of rules) {
    for (const { destination } of spec.route ?? []) {
      const service = serviceOf(destination.host);
      asked.push(clusterOf(destination), service === undefined ? undefined : ruleOf(service));
    }
    for (const { destination } of spec.mirrors ?? []) asked.push(clusterOf(destination));
    if (spec.mirror !== undefined) asked.push(clusterOf(spec.mirror));
  }
  return asked;
}

/** Source: istio `BuildDefaultHTTPOutboundRoute`. */
function defaultRoute(service: Service, context: RouteContext): RouteSpec {
  const hashPolicy = context.serviceHashPolicy(service, context.port);
  // Unlike a rule's lone destination, a hash does not keep retries of the default route from looking for another host.
  const retries = safely(retryOptions(context.mesh.retryPolicy, false), context.retrySafety);
  const cluster = clusterName(service.host, context.port);
  return {
    name: 'default',
    match: {},
    action: {
      kind: 'forward',
      destinations: [{ cluster, weight: 0, ...(hashPolicy && { hashPolicy }) }],
      ...(retries && { retries }),
    },
    origin: service.origin,
  };
}

function servesHttp(service: Service, number: number): boolean {
  const port = findPort(service, number);
  return port !== undefined && isHttp(port.protocol);
}

function settle(drafts: readonly Draft[], context: RouteContext, memo: ConfigurationMemo): VirtualHostSpec[] {
  const domains = memo.domains.of(drafts.flatMap(({ host, service }) => [host, service]), () => settleDomains(drafts, context));
  const result: VirtualHostSpec[] = [];
  for (const [at, { host, routes, skipped, origin }] of drafts.entries()) {
    const own = domains[at]!;
    if (own.length === 0) continue;
    const name = `${host}:${context.port}`;
    const before = memo.virtualHosts.get(name);
    // The same routes come from the same place.
    const isSame = before?.routes === routes && sameItems(before.domains, own) && sameData(before.skipped ?? [], skipped);
    result.push(isSame ? before : { name, domains: own, routes, ...(skipped.length > 0 && { skipped }), origin });
  }
  memo.virtualHosts = new Map(result.map((spec) => [spec.name, spec]));
  return result.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/**
 * The domains of each draft. Every name goes to one virtual host: to the first that wants it, but never as a short form to one
 * whose name it is not.
 */
function settleDomains(drafts: readonly Draft[], context: RouteContext): string[][] {
  const taken = new Set<string>();
  const serviceHosts = new Set(drafts.filter(({ service }) => service !== undefined).map(({ host }) => host.toLowerCase()));
  return drafts.map((draft) => {
    const { all, short } = wantedDomains(draft, context, serviceHosts);
    return all.filter((name) => {
      if (taken.has(name) || (short.has(name) && serviceHosts.has(name))) return false;
      taken.add(name);
      return true;
    });
  });
}

function wantedDomains({ host, service }: Draft, { caller, domain }: RouteContext, serviceHosts: ReadonlySet<string>): Domains {
  if (service === undefined) return hostDomains(host);
  // An ExternalName Service with rules of its own keeps its names; else they are the target's.
  const aliases = service.aliases.filter((alias) => !serviceHosts.has(alias.toLowerCase()));
  return serviceDomains({ ...service, aliases }, caller.namespace, domain);
}
