import { expandHost, hostCovers, hostsOverlap } from '../../common/host-name.ts';
import type { CallerOptions } from '../compile-options.ts';
import type { DestinationSpec, SidecarSpec } from '../istio-types.ts';
import { outboundMode, type MeshConfig } from '../mesh-settings.ts';
import { byAge, hasLabels } from '../registry/endpoint-fields.ts';
import { parseProtocol, type PortProtocol } from '../registry/port-protocol.ts';
import type { Registry } from '../registry/registry.ts';
import { findPort, withPortsOf, type Service } from '../registry/service.ts';
import type { Resource } from '../resource.ts';
import { destinationsOf, type VirtualService } from '../routes/virtual-service.ts';
import type { MeshSettings } from '../snapshot.ts';
import { EgressHosts } from './egress-hosts.ts';
import { exportRank, isExportedTo } from './export-to.ts';

/** What callers may name on one port, or, without a port, on all ports that no other listener has. */
export interface EgressListener {
  readonly port: number | undefined;
  /** What the listener's own port is declared to speak; absent without a port of its own. */
  readonly protocol: PortProtocol | undefined;
  readonly services: readonly Service[];
  /** In order of precedence. */
  readonly virtualServices: readonly VirtualService[];
}

/** The part of the mesh that one caller sees. */
export interface SidecarScope {
  /** Whether a Sidecar says so. */
  readonly isScoped: boolean;
  readonly listeners: readonly EgressListener[];
  /** Everything that needs clusters: what callers may name, and what the rules that apply to them send to. */
  readonly services: readonly Service[];
  readonly outboundTrafficPolicy: MeshSettings['outboundTrafficPolicy'];
  /** Where unknown destinations go instead of the dialled address. */
  readonly egressProxy: DestinationSpec | undefined;
}

/**
 * Applies the Sidecar that governs `caller`: the oldest of its namespace whose selector fits, else the one without selector, else
 * the root namespace's. Without any, everything that is exported to the caller's namespace is in scope.
 *
 * Source: istio `getSidecarScope`, `convertToSidecarScope`.
 */
export function sidecarScope(
  resources: readonly Resource[],
  registry: Registry,
  virtualServices: readonly VirtualService[],
  caller: CallerOptions,
  mesh: MeshConfig,
  domain: string,
): SidecarScope {
  const rank = ({ exportTo, namespace }: Service): number => exportRank(exportTo, namespace, caller.namespace);
  const visible = registry.services
    .filter((service) => isExportedTo(service.exportTo, service.namespace, caller.namespace))
    .sort((a, b) => rank(a) - rank(b));
  const sidecar = chooseSidecar(resources, caller, mesh.rootNamespace);
  const spec: SidecarSpec = (sidecar?.spec as SidecarSpec | undefined) ?? {};
  const egress = spec.egress === undefined || spec.egress.length === 0 ? [{ hosts: ['*/*'] }] : spec.egress;
  const listeners = egress.map((listener) => egressListener(listener, visible, virtualServices, caller.namespace));
  return {
    isScoped: sidecar !== undefined,
    listeners,
    // Without a Sidecar nothing is left that a destination could add.
    services: sidecar === undefined ? listeners.flatMap(({ services }) => services) : withDestinations(listeners, visible, caller.namespace),
    outboundTrafficPolicy: outboundMode(spec.outboundTrafficPolicy, mesh.settings.outboundTrafficPolicy),
    egressProxy: sidecar === undefined ? undefined : egressProxy(sidecar, domain),
  };
}

/** A short name is a service of the Sidecar's own namespace. */
function egressProxy({ spec, namespace }: Resource, domain: string): DestinationSpec | undefined {
  const proxy = (spec as SidecarSpec).outboundTrafficPolicy?.egressProxy;
  return proxy && { ...proxy, host: expandHost(proxy.host, namespace, domain) };
}

function chooseSidecar(resources: readonly Resource[], caller: CallerOptions, rootNamespace: string): Resource | undefined {
  const sidecars = resources.filter(({ kind }) => kind === 'Sidecar').toSorted(byAge);
  const selectorOf = (sidecar: Resource): SidecarSpec['workloadSelector'] => (sidecar.spec as SidecarSpec).workloadSelector;
  const own = sidecars.filter(({ namespace }) => namespace === caller.namespace);
  return (
    own.find((sidecar) => selectorOf(sidecar) !== undefined && hasLabels(caller.labels, selectorOf(sidecar)?.labels ?? {})) ??
    own.find((sidecar) => selectorOf(sidecar) === undefined) ??
    sidecars.find((sidecar) => sidecar.namespace === rootNamespace && selectorOf(sidecar) === undefined)
  );
}

function egressListener(
  listener: { port?: { number: number; protocol?: string }; hosts: string[] },
  visible: readonly Service[],
  virtualServices: readonly VirtualService[],
  namespace: string,
): EgressListener {
  // `.` is the caller's own namespace, in the root namespace's default Sidecar too.
  const hosts = new EgressHosts(listener.hosts, namespace);
  const port = listener.port?.number;
  const imported = visible
    .filter((service) => hosts.some(service.namespace, (host) => hostCovers(host, service.host)))
    .map((service) => (port === undefined ? service : onlyPort(service, port)))
    .filter((service) => service !== undefined)
    .map((service) => withAliases(service, (alias) => hosts.some(service.namespace, (host) => hostCovers(host, alias))));
  return {
    port,
    protocol: port === undefined ? undefined : parseProtocol(listener.port?.protocol),
    services: onePerHost(imported, namespace),
    virtualServices: virtualServices.filter(({ resource, hosts: own }) =>
      hosts.some(resource.namespace, (host) => own.some((name) => hostsOverlap(host, name))),
    ),
  };
}

/** An alias is brought in like a service, by its own name. */
function withAliases(service: Service, isImported: (alias: string) => boolean): Service {
  const aliases = service.aliases.filter(isImported);
  return aliases.length === service.aliases.length ? service : { ...service, aliases };
}

function onlyPort(service: Service, number: number): Service | undefined {
  const port = findPort(service, number);
  return port === undefined ? undefined : { ...service, ports: [port] };
}

/** Of one host in several namespaces: the caller's own, else the Kubernetes one, else the first; what else its namespace says has no clusters. */
function onePerHost(services: readonly Service[], namespace: string): Service[] {
  const chosen = new Map<string, Service>();
  const rank = (service: Service): number => (service.namespace === namespace ? 2 : service.registry === 'kubernetes' ? 1 : 0);
  for (const service of services) {
    const known = chosen.get(service.host);
    if (known === undefined || rank(service) > rank(known)) chosen.set(service.host, service);
    else if (service.namespace === known.namespace) chosen.set(service.host, withPortsOf(known, service, false));
  }
  return [...chosen.values()];
}

/**
 * Listener by listener, its services and then those that its rules send to: these get clusters, but do not become hosts that
 * callers may name. Of a host in several namespaces the first that comes so has the clusters.
 *
 * Source: istio `collectImportedServices`.
 */
function withDestinations(listeners: readonly EgressListener[], visible: readonly Service[], namespace: string): Service[] {
  const services = new Map<string, Service>();
  const add = (service: Service): unknown => services.set(service.host, union(services.get(service.host), service));
  const byHost = new Map<string, Service[]>();
  for (const service of visible) byHost.set(service.host, [...(byHost.get(service.host) ?? []), service]);
  for (const listener of listeners) {
    listener.services.forEach(add);
    for (const virtualService of listener.virtualServices) {
      for (const destination of destinationsOf(virtualService, namespace)) {
        const found = nearest(byHost.get(destination.host) ?? [], namespace);
        const port = listener.port ?? destination.port;
        const needed = found === undefined || port === undefined ? found : onlyPort(found, port);
        if (needed !== undefined) add(needed);
      }
    }
  }
  return [...services.values()];
}

/** The caller's own, else that of the namespace which comes first in the alphabet. */
function nearest(services: readonly Service[], namespace: string): Service | undefined {
  const own = services.find((service) => service.namespace === namespace);
  return own ?? services.toSorted((a, b) => (a.namespace < b.namespace ? -1 : 1))[0];
}

/** Listeners with ports, and destinations with ports, each import a part of a service. */
function union(known: Service | undefined, more: Service): Service {
  if (known === undefined) return more;
  const missing = more.namespace === known.namespace ? more.ports.filter(({ number }) => findPort(known, number) === undefined) : [];
  return missing.length === 0 ? known : { ...known, ports: [...known.ports, ...missing] };
}
