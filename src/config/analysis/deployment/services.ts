import type { Resource } from '../../resource.ts';
import type { AnalysisContext } from '../analysis-context.ts';
import type { AnalysedSpecs } from '../analysed-specs.ts';
import { hasProxy } from '../injection/in-mesh.ts';
import { fullName, goList } from '../names.ts';

interface PortOfService {
  readonly port: number;
  readonly target: string;
  readonly protocol: string;
  readonly service: string;
}

/** Deployments of the mesh behind Services that do not agree with each other. Source: istio `ServiceAssociationAnalyzer`. */
export function deploymentServices(context: AnalysisContext): void {
  for (const resource of context.of('Deployment')) {
    const { metadata, spec } = resource.spec.template ?? {};
    const isWaypoint = resource.labels['gateway.istio.io/managed'] === 'istio.io-mesh-controller';
    const containers = spec?.containers ?? [];
    if (isWaypoint || !hasProxy({ ...metadata, containers, namespace: resource.namespace }, context)) continue;
    const ports = portsBefore(resource, context);
    for (const [port, same] of Map.groupBy(ports, (one) => one.port)) {
      if (new Set(same.map(({ protocol }) => protocol)).size < 2) continue;
      const services = goList(same.map(({ service }) => service).sort());
      const message = `This deployment ${resource.name} is associated with multiple services using port ${port} but different protocols: ${services}`;
      context.log.add('IST0116', resource, message, { once: true });
    }
    for (const [target, same] of Map.groupBy(ports, (one) => one.target)) {
      const byPort = new Map(same.map(({ port, service }) => [port, service]));
      if (byPort.size < 2) continue;
      const numbers = goList([...byPort.keys()].sort((a, b) => a - b));
      const message = `This deployment ${resource.name} is associated with multiple services ${goList([...byPort.values()].sort())} using targetPort ${JSON.stringify(target)} but different ports: ${numbers}.`;
      context.log.add('IST0137', resource, message, { once: true });
    }
  }
}

/** The ports of all Services that select the deployment's pods. */
function portsBefore(deployment: Resource<'Deployment', AnalysedSpecs['Deployment']>, context: AnalysisContext): PortOfService[] {
  const labels = deployment.spec.template?.metadata?.labels ?? {};
  return context.servicesOf(deployment.namespace, labels).flatMap((resource) => {
    const { selector = {}, ports = [] } = resource.spec;
    if (Object.keys(selector).length === 0) return [];
    return ports.map(({ port = 0, targetPort = 0, protocol = '' }) => ({
      port,
      target: String(targetPort === 0 || targetPort === '' ? port : targetPort),
      protocol: protocol === '' ? 'TCP' : protocol,
      service: fullName(resource),
    }));
  });
}
