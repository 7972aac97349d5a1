import type { ServiceEntrySpec, WorkloadEntrySpec } from '../istio-types.ts';
import type { MeshConfig } from '../mesh-settings.ts';
import { originOf, type Resource } from '../resource.ts';
import { hasLabels, isIpAddress, labelledLocality } from './endpoint-fields.ts';
import { withHttpsRouting } from './https-routing.ts';
import { parseProtocol } from './port-protocol.ts';
import type { Service, ServiceEndpoint, ServicePort } from './service.ts';
import { trafficDistribution } from './traffic-distribution.ts';
import type { Workload, WorkloadIndex } from './workloads.ts';

const DISCOVERY: Readonly<Record<string, Service['discovery']>> = {
  STATIC: 'static',
  DNS: 'strict-dns',
  DNS_ROUND_ROBIN: 'logical-dns',
  DYNAMIC_DNS: 'dynamic-dns',
};

/** The services of one ServiceEntry: one per host, all over the same endpoints. Source: semantics of ServiceEntry, `resolution`. */
export function serviceEntryServices(resource: Resource, workloads: WorkloadIndex, mesh: MeshConfig): Service[] {
  const spec = resource.spec as ServiceEntrySpec;
  const ports = withHttpsRouting((spec.ports ?? []).map(servicePort), resource.annotations);
  const discovery = DISCOVERY[spec.resolution ?? ''] ?? 'original-dst';
  const endpoints = discovery === 'original-dst' || discovery === 'dynamic-dns' ? [] : entryEndpoints(resource, spec, ports, workloads);
  const addresses = (spec.addresses ?? []).map(withoutFullMask);
  const subnets = addresses.filter((address) => address.includes('/'));
  const { subjectAltNames = [] } = spec;
  const distribution = trafficDistribution(undefined, resource.annotations);
  const likeness = JSON.stringify([resource.labels, spec.workloadSelector?.labels ?? {}].map((labels) => Object.entries(labels).sort()));
  return spec.hosts.map((host) => ({
    host,
    namespace: resource.namespace,
    registry: 'service-entry',
    ports,
    addresses: addresses.filter(isIpAddress),
    ...(subnets.length > 0 && { subnets }),
    discovery,
    headless: false,
    aliases: [],
    exportTo: spec.exportTo === undefined || spec.exportTo.length === 0 ? mesh.serviceExportTo : spec.exportTo,
    endpoints,
    ...(distribution && { trafficDistribution: distribution }),
    ...(subjectAltNames.length > 0 && spec.location !== 'MESH_INTERNAL' && { subjectAltNames }),
    likeness,
    origin: originOf(resource),
  }));
}

function servicePort(port: { number: number; name: string; protocol?: string; targetPort?: number }): ServicePort {
  const { number, name, protocol, targetPort } = port;
  return { number, name, protocol: parseProtocol(protocol), targetPort: targetPort !== undefined && targetPort > 0 ? targetPort : number };
}

function entryEndpoints(
  resource: Resource,
  spec: ServiceEntrySpec,
  ports: readonly ServicePort[],
  workloads: WorkloadIndex,
): ServiceEndpoint[] {
  if (spec.workloadSelector !== undefined) {
    const selector = spec.workloadSelector.labels ?? {};
    const looksUp = spec.resolution !== 'STATIC';
    // Pods back only services inside the mesh; WorkloadEntries back any, but one without an IP address only what looks names up.
    return workloads
      .inNamespace(resource.namespace)
      .filter((workload) => workload.kind === 'WorkloadEntry' || spec.location === 'MESH_INTERNAL')
      .filter(({ address }) => looksUp || isIpAddress(address))
      .filter((workload) => hasLabels(workload.labels, selector))
      .map((workload) => workloadEndpoint(workload, ports));
  }
  return (spec.endpoints ?? []).map((endpoint, index) =>
    workloadEndpoint(inlineWorkload(endpoint, resource, `spec.endpoints[${index}]`), ports),
  );
}

function inlineWorkload(spec: WorkloadEntrySpec, resource: Resource, path: string): Workload {
  return {
    kind: 'WorkloadEntry',
    address: spec.address ?? '',
    ports: spec.ports ?? {},
    labels: spec.labels ?? {},
    weight: spec.weight ?? 1,
    locality: labelledLocality(spec.locality, spec.labels),
    origin: originOf(resource, path),
  };
}

/** The endpoint's own `ports` by name beat the service port's `targetPort`, which beats its number. */
function workloadEndpoint(workload: Workload, ports: readonly ServicePort[]): ServiceEndpoint {
  const unix = workload.address.startsWith('unix://');
  return {
    address: unix ? workload.address.slice('unix://'.length) : workload.address,
    ports: new Map(ports.map((port) => [port.name, unix ? 0 : (workload.ports[port.name] ?? port.targetPort)])),
    labels: workload.labels,
    weight: workload.weight === 0 ? 1 : workload.weight,
    locality: workload.locality,
    origin: workload.origin,
  };
}

function withoutFullMask(address: string): string {
  return address.replace(address.includes(':') ? /\/128$/ : /\/32$/, '');
}
