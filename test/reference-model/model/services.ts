import { isExportedTo, namespaceOf } from './names.ts';
import { once } from './once.ts';
import type { EndpointSlice, KubernetesService, Labels, Pod, Resource, ServiceEntry, World } from './resources.ts';

// §13 The registry: what services there are, and which endpoints each has.

export interface Service {
  readonly host: string;
  readonly namespace: string;
  readonly fromKubernetes: boolean;
  /** HTTP and TCP go to the address that was dialled (headless, or resolution NONE). */
  readonly toDialledAddress: boolean;
  readonly headless: boolean;
  readonly addresses: readonly string[];
  /** Full names of ExternalName services that mean this one. */
  readonly aliases: readonly string[];
  readonly ports: readonly ServicePort[];
  readonly endpoints: readonly Endpoint[];
}

export interface ServicePort {
  readonly number: number;
  readonly name: string;
  readonly protocol: 'http' | 'sniffed' | 'other';
  /** Of a ServiceEntry: where calls go that go to the dialled address. */
  readonly targetPort?: number;
}

export interface Endpoint {
  /** Name of the service port that it serves. */
  readonly portName: string;
  /** `ip:port` */
  readonly address: string;
  readonly labels: Labels;
}

/** The services that the caller's namespace may see, without regard to its Sidecar. */
export function visibleServices(world: World): Service[] {
  return once(world, 'visible services', () => findServices(world));
}

function findServices({ resources, mesh, caller }: World): Service[] {
  const services: Service[] = [];
  const externalNames = new Map<string, string>();
  for (const resource of resources) {
    if (resource.kind === 'ServiceEntry') {
      if (!isExportedTo(resource.spec.exportTo, mesh.defaultServiceExportTo, namespaceOf(resource.metadata), caller.namespace)) continue;
      for (const host of resource.spec.hosts) services.push(fromServiceEntry(resource, host));
    }
    if (resource.kind === 'Service') {
      const annotation = resource.metadata.annotations?.['networking.istio.io/exportTo'];
      const exportTo = annotation?.split(',').map((entry) => entry.trim());
      if (!isExportedTo(exportTo, mesh.defaultServiceExportTo, namespaceOf(resource.metadata), caller.namespace)) continue;
      if (resource.spec.type === 'ExternalName') externalNames.set(hostOf(resource), resource.spec.externalName ?? '');
      else services.push(fromKubernetes(resource, resources));
    }
  }
  return services.map((service) => ({ ...service, aliases: [...externalNames.keys()].filter((alias) => follow(alias, externalNames) === service.host) }));
}

/** Through further ExternalNames too. */
function follow(alias: string, externalNames: ReadonlyMap<string, string>): string {
  let host = alias;
  for (const _ of externalNames) host = externalNames.get(host) ?? host;
  return host;
}

function hostOf({ metadata }: KubernetesService): string {
  return `${metadata.name}.${namespaceOf(metadata)}.svc.cluster.local`;
}

function fromServiceEntry({ metadata, spec }: ServiceEntry, host: string): Service {
  const ports = spec.ports ?? [];
  return {
    host,
    namespace: namespaceOf(metadata),
    fromKubernetes: false,
    toDialledAddress: (spec.resolution ?? 'NONE') === 'NONE',
    headless: false,
    aliases: [],
    addresses: (spec.addresses ?? []).filter((address) => !address.includes('/')),
    ports: ports.map(({ number, name, protocol, targetPort = number }) => ({ number, name, protocol: protocolNamed(protocol ?? ''), targetPort })),
    // The endpoint's own port, else the target port, else the port's number. DNS without endpoints asks for the host itself.
    endpoints: ports.flatMap((port) =>
      (spec.endpoints ?? ((spec.resolution ?? '').startsWith('DNS') ? [{ address: host, labels: undefined, ports: undefined }] : [])).map(({ address, labels, ports: own }) => ({
        portName: port.name,
        address: `${address}:${String(own?.[port.name] ?? port.targetPort ?? port.number)}`,
        labels: labels ?? {},
      })),
    ),
  };
}

function fromKubernetes(service: KubernetesService, resources: readonly Resource[]): Service {
  const { metadata, spec } = service;
  const namespace = namespaceOf(metadata);
  const headless = spec.clusterIP === 'None';
  const slices = resources.filter(
    (resource): resource is EndpointSlice =>
      resource.kind === 'EndpointSlice' && namespaceOf(resource.metadata) === namespace && resource.metadata.labels?.['kubernetes.io/service-name'] === metadata.name,
  );
  return {
    host: hostOf(service),
    namespace,
    fromKubernetes: true,
    toDialledAddress: headless,
    headless,
    aliases: [],
    addresses: spec.clusterIP !== undefined && spec.clusterIP !== '' && !headless ? [spec.clusterIP] : [],
    ports: (spec.ports ?? []).map(({ name = '', port, protocol, appProtocol }) => ({
      number: port,
      name,
      protocol: protocol === 'UDP' ? 'other' : kubernetesProtocol(name, port, appProtocol),
    })),
    endpoints: slices.flatMap((slice) => endpointsOfSlice(slice, spec.publishNotReadyAddresses === true, resources)),
  };
}

function endpointsOfSlice(slice: EndpointSlice, alsoNotReady: boolean, resources: readonly Resource[]): Endpoint[] {
  const usable = (slice.endpoints ?? []).filter(({ conditions }) => alsoNotReady || (conditions?.ready !== false && conditions?.terminating !== true));
  return usable.flatMap(({ addresses, targetRef }) => {
    const pod = resources.find(
      (resource): resource is Pod =>
        resource.kind === 'Pod' && resource.metadata.name === targetRef?.name && namespaceOf(resource.metadata) === (targetRef.namespace ?? namespaceOf(slice.metadata)),
    );
    return (slice.ports ?? []).flatMap(({ name = '', port }) => addresses.map((ip) => ({ portName: name, address: `${ip}:${String(port)}`, labels: pod?.metadata.labels ?? {} })));
  });
}

// §13 Protocol of a port.

function protocolNamed(protocol: string): ServicePort['protocol'] {
  const upper = protocol.toUpperCase();
  if (['HTTP', 'HTTP2', 'GRPC', 'GRPC-WEB', 'HTTP_PROXY'].includes(upper)) return 'http';
  if (['HTTPS', 'TLS', 'TCP', 'UDP', 'MONGO', 'REDIS', 'MYSQL'].includes(upper)) return 'other';
  return 'sniffed';
}

function kubernetesProtocol(name: string, port: number, appProtocol: string | undefined): ServicePort['protocol'] {
  if (appProtocol === 'kubernetes.io/h2c' || appProtocol === 'kubernetes.io/ws') return 'http';
  if (appProtocol === 'kubernetes.io/wss') return 'other';
  if (appProtocol !== undefined) return protocolNamed(appProtocol);
  const lower = name.toLowerCase();
  const byName = protocolNamed(lower === 'grpc-web' || lower.startsWith('grpc-web-') ? 'GRPC-WEB' : (lower.split('-')[0] ?? ''));
  if (byName === 'sniffed' && [25, 53, 3306, 27017].includes(port)) return 'other';
  return byName;
}
