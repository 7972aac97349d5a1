import { hostsOverlap } from '../../common/host-name.ts';
import type { FilterChainSpec, TcpDestination } from '../../route/listener-model.ts';
import { clusterName } from '../clusters/cluster-name.ts';
import type { MergedRule } from '../clusters/destination-rules.ts';
import { tcpHashesSourceIp, tcpLifetime } from '../clusters/tcp-policy.ts';
import type { CallerOptions } from '../compile-options.ts';
import type { L4MatchSpec, L4RouteDestinationSpec } from '../istio-types.ts';
import { hasLabels } from '../registry/endpoint-fields.ts';
import type { Service } from '../registry/service.ts';
import { originOf, type Resource } from '../resource.ts';
import { serviceDomains } from '../routes/domains.ts';
import type { L4Rule, VirtualService } from '../routes/virtual-service.ts';
import { MESH_GATEWAY } from '../routes/virtual-services.ts';

/** What the filter chains of a service's port depend on. */
export interface ChainContext {
  readonly caller: CallerOptions;
  /** In order of precedence. */
  readonly virtualServices: readonly VirtualService[];
  /** The service of that host that the caller sees. */
  readonly serviceOf: (host: string) => Service | undefined;
  readonly ruleOf: (service: Service) => MergedRule | undefined;
  /** Of the cluster, such as `cluster.local`. */
  readonly domain: string;
}

/** One port of one service, on the listener that takes its connections. */
export interface ListenedPort {
  readonly service: Service;
  readonly number: number;
  /** Ranges of addresses that tell its connections from others' on a shared listener. */
  readonly subnets: readonly string[] | undefined;
  /** Whether other services may be on the same listener. */
  readonly shared: boolean;
}

/**
 * The chains of a TLS port: one for each match of a `tls` rule, by SNI; with none of them, the service itself.
 *
 * Source: istio `buildSidecarOutboundTLSFilterChainOpts`.
 */
export function tlsChains(listened: ListenedPort, context: ChainContext): FilterChainSpec[] {
  const { service, subnets, shared } = listened;
  const chains: FilterChainSpec[] = [];
  const seen = new Set<string>();
  let ranges = subnets;
  for (const { resource, tls } of governing(service, context)) {
    for (const rule of tls) {
      for (const match of rule.match) {
        if (!appliesTo(match, listened, context.caller)) continue;
        const { sniHosts = [], destinationSubnets = [] } = match;
        // As istiod has it, ranges stay in force for the matches that follow.
        if (destinationSubnets.length > 0) ranges = destinationSubnets;
        const key = `${sniHosts.join(',')}|${destinationSubnets.join(',')}`;
        if (seen.has(key)) continue;
        seen.add(key);
        const chain = ruleChain(rule, resource, listened, context);
        if (chain !== undefined) chains.push({ ...chain, ...ranged(ranges), ...named(sniHosts) });
      }
    }
  }
  if (seen.size > 0) return chains;
  // Alone on its addresses the service gets everything; on a shared listener the SNI tells whose a connection is.
  const names = shared || subnets !== undefined ? [service.host, ...aliasNames(service, context)] : [];
  return [{ ...serviceChain(listened, context), ...ranged(subnets), ...named(names) }];
}

/**
 * The chains of a port that speaks neither HTTP nor TLS: the rules of `tcp` up to the first that takes every address, else, at
 * the end, the service itself.
 *
 * Source: istio `buildSidecarOutboundTCPFilterChainOpts`.
 */
export function tcpChains(listened: ListenedPort, context: ChainContext): FilterChainSpec[] {
  const { service, subnets } = listened;
  const chains: FilterChainSpec[] = [];
  for (const { resource, tcp } of governing(service, context)) {
    for (const rule of tcp) {
      const matches = rule.match.filter((match) => appliesTo(match, listened, context.caller));
      if (rule.match.length > 0 && matches.length === 0) continue;
      const chain = ruleChain(rule, resource, listened, context);
      if (chain === undefined) continue;
      if (matches.every(({ destinationSubnets = [] }) => destinationSubnets.length > 0) && matches.length > 0) {
        chains.push({ ...chain, destinationSubnets: matches.flatMap(({ destinationSubnets = [] }) => destinationSubnets) });
      } else {
        return [...chains, { ...chain, ...ranged(subnets) }];
      }
    }
  }
  return [...chains, { ...serviceChain(listened, context), ...ranged(subnets) }];
}

/** VirtualServices of any host that overlaps the service's. Unlike for HTTP the most specific host does not win. */
function governing({ host }: Service, { virtualServices }: ChainContext): VirtualService[] {
  return virtualServices.filter(({ hosts }) => hosts.some((own) => hostsOverlap(own, host)));
}

/** Source: istio `matchTCP`, `matchTLS`. All conditions count, `gateways` beside the labels too. */
function appliesTo(match: L4MatchSpec, { number }: ListenedPort, caller: CallerOptions): boolean {
  const { gateways = [], port = 0, sourceLabels = {}, sourceNamespace = '' } = match;
  return (
    (gateways.length === 0 || gateways.includes(MESH_GATEWAY)) &&
    (port === 0 || port === number) &&
    hasLabels(caller.labels, sourceLabels) &&
    (sourceNamespace === '' || sourceNamespace === caller.namespace)
  );
}

/** The chain that a rule of `tls` or `tcp` asks for, whatever it matches; `undefined` for one that sends nowhere, which no validated rule is. */
export function ruleChain(rule: L4Rule, resource: Resource, { number }: Pick<ListenedPort, 'number'>, context: Pick<ChainContext, 'serviceOf' | 'ruleOf'>): FilterChainSpec | undefined {
  const { route } = rule;
  const shares = route.length === 1 ? route : route.filter(({ weight = 0 }) => weight > 0);
  if (shares.length === 0) return undefined;
  const service = context.serviceOf(route[0]!.destination.host);
  const policy = service === undefined ? undefined : context.ruleOf(service);
  return {
    destinations: shares.map((share) => tcpDestination(share, number, context)),
    hashesSourceIp: tcpHashesSourceIp(policy, route.length === 1 ? route[0]!.destination.subset : undefined),
    ...tcpLifetime(policy),
    origin: originOf(resource, rule.path),
  };
}

/** Without a port the destination is the service's only one, else the one that was called. Source: istio `GetDestinationCluster`. */
function tcpDestination({ destination, weight = 0 }: L4RouteDestinationSpec, called: number, context: Pick<ChainContext, 'serviceOf'>): TcpDestination {
  const { host, subset, port } = destination;
  const service = context.serviceOf(host);
  const only = service?.ports.length === 1 ? service.ports[0]!.number : called;
  return { cluster: clusterName(service?.externalName ?? host, port?.number ?? only, subset), weight };
}

/** Unlike its own host, a service's aliases are known by their short names too. */
function aliasNames(service: Service, { caller, domain }: ChainContext): string[] {
  return service.aliases.flatMap((host) => serviceDomains({ ...service, host, aliases: [], addresses: [], headless: false }, caller.namespace, domain).all);
}

/** A listener port that a Sidecar made up stands for the service's own, if it has only one. */
function serviceChain({ service, number }: ListenedPort, { ruleOf }: ChainContext): FilterChainSpec {
  const policy = ruleOf(service);
  const port = service.ports.length === 1 ? service.ports[0]!.number : number;
  return {
    destinations: [{ cluster: clusterName(service.host, port), weight: 0 }],
    hashesSourceIp: tcpHashesSourceIp(policy, undefined),
    ...tcpLifetime(policy),
    origin: service.origin,
  };
}

function ranged(subnets: readonly string[] | undefined): Pick<FilterChainSpec, 'destinationSubnets'> {
  return subnets === undefined || subnets.length === 0 ? {} : { destinationSubnets: subnets };
}

/** `*` among the names means that no name is asked for. */
export function named(sniHosts: readonly string[]): Pick<FilterChainSpec, 'sniHosts'> {
  return sniHosts.length === 0 || sniHosts.includes('*') ? {} : { sniHosts };
}
