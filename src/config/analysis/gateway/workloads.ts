import type { AnalysisContext } from '../analysis-context.ts';
import { firstLabelPath, formatSelector } from '../labels.ts';
import type { Resource } from '../../resource.ts';

/** Gateways that no pod carries out, or on ports that the pods' Services do not have. Source: istio `IngressGatewayPortAnalyzer`. */
export function gatewayWorkloads(context: AnalysisContext): void {
  for (const resource of context.of('Gateway')) {
    const { selector, servers = [] } = resource.spec;
    const pods = context.podsWith(selector);
    const path = firstLabelPath('spec.selector', selector);
    if (pods.length === 0) {
      context.log.add('IST0101', resource, `Referenced selector not found: ${JSON.stringify(formatSelector(selector))}`, { path });
      continue;
    }
    const offered = new Set(pods.flatMap((pod) => portsOf(pod, context)));
    servers.forEach(({ port }, index) => {
      if (port === undefined || offered.has(port.number ?? 0)) return;
      const message = `The gateway is listening on a target port (port ${port.number ?? 0}) that is not defined in the Service associated with its workload instances (Pod selector ${formatSelector(selector)}). If you need to access the gateway port through the gateway Service, it will not be available.`;
      context.log.add('IST0162', resource, message, { path: `spec.servers[${index}].port.number`, once: true });
    });
  }
}

/** The ports of the Services of `pod`, and those at which it gets what comes through them: either may be meant. */
function portsOf(pod: Resource, context: AnalysisContext): number[] {
  return context.servicesOf(pod.namespace, pod.labels).flatMap(({ spec }) =>
    (spec.ports ?? [])
      .filter(({ protocol = 'TCP' }) => protocol === 'TCP')
      .flatMap(({ port, targetPort = 0 }) => [port, Number(targetPort) || port]),
  );
}
