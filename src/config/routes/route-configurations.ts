import type { SkippedRule } from '../../common/explanation.ts';
import type { Steps } from '../../common/steps.ts';
import type { RouteConfigurationSpec, VirtualHostSpec } from '../../route/model.ts';
import { BLACK_HOLE_CLUSTER, clusterName, PASSTHROUGH_CLUSTER } from '../clusters/cluster-name.ts';
import { dialledHosts } from '../listeners/dialled-hosts.ts';
import { isDeclaredHttp, isHttp } from '../registry/port-protocol.ts';
import { findPort, type Service } from '../registry/service.ts';
import type { DestinationSpec } from '../istio-types.ts';
import type { EgressListener, SidecarScope } from '../scope/sidecar-scope.ts';
import { ListenerRules } from './listener-rules.ts';
import type { RouteContext } from './route-context.ts';
import { NO_PORTS, opens } from './port-use.ts';
import { RouteMemo } from './route-memo.ts';
import { PORT_OF_UNREGISTERED_HOSTS, virtualHosts } from './virtual-hosts.ts';

/**
 * One route configuration for each port on which a service in scope speaks HTTP. A port without one has no HTTP listener.
 *
 * @param surroundings - stands for services, policies and mesh settings: another object as soon as any of them is another
 * @param open - ports that services outside this scope open
 *
 * Source: istio `buildSidecarOutboundHTTPRouteConfig`.
 */
export function* routeConfigurations(
  scope: SidecarScope,
  rejected: ReadonlyMap<string, readonly SkippedRule[]>,
  shared: Omit<RouteContext, 'port' | 'clusterOf'>,
  memo = new RouteMemo(),
  surroundings: object = {},
  open: ReadonlySet<number> = NO_PORTS,
): Steps<RouteConfigurationSpec[]> {
  memo.begin();
  const configurations: RouteConfigurationSpec[] = [];
  const done = new Set<number>();
  const opened = openedPorts(scope.listeners);
  for (const port of open) opened.add(port);
  for (const listener of scope.listeners) {
    const rules = new ListenerRules(listener, rejected);
    for (const [port, services] of servicesByPort(listener, opened, open)) {
      // An earlier listener with this port of its own keeps it.
      if (done.has(port)) continue;
      done.add(port);
      const catchAll = open.has(port) || opensPort(listener, port, services, shared);
      const context: RouteContext = { ...shared, port, clusterOf: (destination) => destinationCluster(destination, port, services) };
      if (catchAll) configurations.push({ port, virtualHosts: [...(yield* virtualHosts(services, rules, context, memo.of(port), surroundings)), catchAllHost(scope)] });
      for (const service of services.values()) {
        const hosts = sniffedAt(service, port, shared);
        if (hosts === undefined) continue;
        const ofService = memo.of(port, service.host);
        // Other hosts of the VirtualService that governs it are not meant there. Source: istio `getVirtualHostsForSniffedServicePort`.
        const known = yield* virtualHosts(new Map([[service.host, service]]), rules, context, ofService, surroundings);
        const own = known.filter(({ domains }) => domains.includes(service.host.toLowerCase()));
        // On its own addresses the service is meant, whatever the Host.
        const only = own.length === 1 ? own[0] : undefined;
        const any = only && ofService.alone.of(only, [], () => ({ ...only, domains: ['*'] }));
        configurations.push({ port, hosts, virtualHosts: any === undefined ? own : [any] });
      }
    }
  }
  return configurations.toSorted((a, b) => a.port - b.port);
}

/** The addresses of its own on which `service` is told to be HTTP or not by the first bytes. */
function sniffedAt(service: Service, port: number, { caller, domain }: Pick<RouteContext, 'caller' | 'domain'>): readonly string[] | undefined {
  if (service.externalName !== undefined || findPort(service, port)?.protocol !== 'SNIFFED') return undefined;
  return dialledHosts(service, caller.namespace, domain);
}

/**
 * The ports on which some service makes a listener for HTTP. A listener with a port of its own does not open it by itself, only
 * with a service that has it; where a later listener opens that port, the earlier one still says what is known there.
 *
 * Source: istio `buildSidecarOutboundListeners`, `GetEgressListenerForRDS`.
 */
function openedPorts(listeners: readonly EgressListener[]): Set<number> {
  const opened = new Set<number>();
  for (const { protocol: own, services } of listeners) {
    for (const { ports, externalName } of services) {
      if (externalName !== undefined) continue;
      for (const { number, protocol } of ports) if (isHttp(own ?? protocol)) opened.add(number);
    }
  }
  return opened;
}

/** By port, the services that have it, of ports on which some service speaks HTTP. */
function servicesByPort(listener: EgressListener, opened: ReadonlySet<number>, open: ReadonlySet<number>): Map<number, Map<string, Service>> {
  const byPort = new Map<number, Map<string, Service>>();
  const http = new Set(open);
  // A listener's own protocol decides, whatever the services on its port speak.
  if (listener.protocol !== undefined && !isHttp(listener.protocol)) return byPort;
  if (listener.port !== undefined && declaresHttp(listener) && opened.has(listener.port)) {
    http.add(listener.port);
    byPort.set(listener.port, new Map());
  }
  for (const service of listener.services) {
    for (const { number, protocol } of service.ports) {
      if (isHttp(protocol) && service.externalName === undefined) http.add(number);
      const services = byPort.get(number);
      if (services === undefined) byPort.set(number, new Map([[service.host, service]]));
      else services.set(service.host, service);
    }
  }
  for (const port of byPort.keys()) if (!http.has(port)) byPort.delete(port);
  if (open.has(PORT_OF_UNREGISTERED_HOSTS) && !byPort.has(PORT_OF_UNREGISTERED_HOSTS)) byPort.set(PORT_OF_UNREGISTERED_HOSTS, new Map());
  return byPort;
}

function declaresHttp({ protocol }: EgressListener): boolean {
  return protocol !== undefined && isDeclaredHttp(protocol);
}

/** Whether there is a listener for whatever Host: not when only sniffed ports of services with addresses of their own are there. */
function opensPort(
  listener: EgressListener,
  port: number,
  services: ReadonlyMap<string, Service>,
  shared: Pick<RouteContext, 'caller' | 'domain'>,
): boolean {
  return declaresHttp(listener) || [...services.values()].some((service) => opens(service, port, shared));
}

/**
 * The port of a destination that names none is the one that was called. A destination that is an ExternalName Service is its
 * target. Source: istio `GetDestinationCluster`.
 */
function destinationCluster({ host, subset, port }: DestinationSpec, called: number, services: ReadonlyMap<string, Service>): string {
  return clusterName(services.get(host)?.externalName ?? host, port?.number ?? called, subset ?? '');
}

/** Where what nobody registered goes. Source: istio `buildOutboundCatchAllNetworkFiltersOnly`. */
export function outboundCluster({ outboundTrafficPolicy, egressProxy }: SidecarScope): string {
  if (outboundTrafficPolicy === 'REGISTRY_ONLY') return BLACK_HOLE_CLUSTER;
  return egressProxy === undefined ? PASSTHROUGH_CLUSTER : clusterName(egressProxy.host, egressProxy.port?.number ?? 0, egressProxy.subset);
}

/** Source: istio `buildCatchAllVirtualHost`. */
function catchAllHost(scope: SidecarScope): VirtualHostSpec {
  if (scope.outboundTrafficPolicy === 'REGISTRY_ONLY') {
    const action = { kind: 'direct', status: 502 } as const;
    return { name: 'block_all', domains: ['*'], routes: [{ name: 'block_all', match: {}, action }] };
  }
  const action = { kind: 'forward', destinations: [{ cluster: outboundCluster(scope), weight: 0 }] } as const;
  return { name: 'allow_any', domains: ['*'], routes: [{ name: 'allow_any', match: {}, action }] };
}
