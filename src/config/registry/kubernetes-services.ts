import type { KubernetesServiceSpec } from '../istio-types.ts';
import type { MeshConfig } from '../mesh-settings.ts';
import { originOf, type Resource } from '../resource.ts';
import type { KubernetesEndpoints } from './kubernetes-endpoints.ts';
import { withHttpsRouting } from './https-routing.ts';
import { kubernetesProtocol } from './port-protocol.ts';
import type { Service, ServicePort } from './service.ts';
import { trafficDistribution } from './traffic-distribution.ts';

const EXPORT_TO = 'networking.istio.io/exportTo';

/** The registry's view of one Kubernetes Service. Source: istio pkg/config/kube `ConvertService`. */
export function kubernetesService(resource: Resource, endpoints: KubernetesEndpoints, mesh: MeshConfig, domain: string): Service {
  const spec = resource.spec as KubernetesServiceSpec;
  const alias = spec.type === 'ExternalName';
  const headless = !alias && spec.clusterIP === 'None';
  const distribution = trafficDistribution(spec.trafficDistribution, resource.annotations);
  const addresses = new Set([spec.clusterIP, ...(spec.clusterIPs ?? [])]);
  return {
    host: `${resource.name}.${resource.namespace}.svc.${domain}`,
    namespace: resource.namespace,
    registry: 'kubernetes',
    ports: withHttpsRouting((spec.ports ?? []).map(servicePort), resource.annotations),
    addresses: [...addresses].filter((address) => address !== undefined && address !== '' && address !== 'None') as string[],
    discovery: headless ? 'original-dst' : 'static',
    headless,
    ...(headless && { podAddresses: endpoints.of(resource).map(({ address }) => address) }),
    ...(alias ? { externalName: (spec.externalName ?? '').replace(/\.$/, '').toLowerCase() } : {}),
    aliases: [],
    exportTo: exportTo(resource) ?? mesh.serviceExportTo,
    endpoints: alias || headless ? [] : [...endpoints.of(resource), ...endpoints.selectedEntries(resource)],
    ...(distribution && { trafficDistribution: distribution }),
    origin: originOf(resource),
  };
}

function servicePort(port: NonNullable<KubernetesServiceSpec['ports']>[number]): ServicePort {
  const { name = '', port: number, targetPort } = port;
  return { number, name, protocol: kubernetesProtocol(port), targetPort: typeof targetPort === 'number' && targetPort > 0 ? targetPort : number };
}

function exportTo(resource: Resource): readonly string[] | undefined {
  const annotation = resource.annotations[EXPORT_TO];
  if (annotation === undefined || annotation.trim() === '') return undefined;
  return annotation.split(',').map((namespace) => namespace.trim());
}
