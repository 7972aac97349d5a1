import { kubernetesProtocol } from '../../registry/port-protocol.ts';
import type { AnalysisContext } from '../analysis-context.ts';
import type { Labels } from '../labels.ts';

/** Made by Istio itself. */
const MANAGED = ['istio.io-gateway-controller', 'istio.io-mesh-controller', 'istio.io-eastwest-controller'];

/** Ports of which neither name nor `appProtocol` tells what is spoken. Source: istio `PortNameAnalyzer`. */
export function portNames(context: AnalysisContext): void {
  for (const resource of context.of('Service')) {
    if (isOfIstio(resource.labels) || MANAGED.includes(resource.labels['gateway.istio.io/managed'] ?? '')) continue;
    const isExternal = resource.spec.type === 'ExternalName';
    resource.spec.ports?.forEach((port, index) => {
      const { name = '', targetPort = 0 } = port;
      if (kubernetesProtocol({ ...port, port: port.port ?? 0 }) !== 'SNIFFED' && !(isExternal && name === 'tcp')) return;
      const path = `spec.ports[${index}].port`;
      if (isExternal) {
        const message = 'Port name for ExternalName service is invalid. Proxy may prevent tcp named ports and unmatched traffic for ports serving TCP protocol from being forwarded correctly';
        context.log.add('IST0150', resource, message, { path });
      } else {
        const message = `Port name ${name} (port: ${port.port ?? 0}, targetPort: ${targetPort}) doesn't follow the naming convention of Istio port.`;
        context.log.add('IST0118', resource, message, { path });
      }
    });
  }
}

/** Source: istio analyzers/util `IsIstioControlPlane`. */
export function isOfIstio(labels: Labels): boolean {
  return Object.hasOwn(labels, 'istio') || labels['release'] === 'istio';
}
