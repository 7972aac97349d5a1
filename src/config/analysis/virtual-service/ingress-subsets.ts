import type { AnalysisContext } from '../analysis-context.ts';
import { fullName } from '../names.ts';

/** Hosts for which some VirtualService of theirs picks a subset, while a rule of a gateway does not. Source: istio `DestinationHostAnalyzer`. */
export function ingressSubsets(context: AnalysisContext): void {
  const virtualServices = context.of('VirtualService');
  const withSubset = virtualServices.flatMap((resource) => {
    const { hosts = [], http = [] } = resource.spec;
    const destinations = http.flatMap(({ route = [] }) => route.map(({ destination = {} }) => destination));
    return destinations
      .filter(({ host = '', subset = '' }) => subset !== '' && hosts.includes(host))
      .map(({ host = '' }) => ({ host, by: fullName(resource) }));
  });
  for (const resource of virtualServices) {
    if ((resource.spec.gateways ?? []).length === 0) continue;
    resource.spec.http?.forEach(({ route = [] }, rule) => {
      route.forEach(({ destination: { host = '', subset = '' } = {} }, index) => {
        if (subset !== '') return;
        for (const { by } of context.each(withSubset).filter((one) => one.host === host)) {
          const message = `Subset in virtual service ${by} has no effect on ingress gateway ${fullName(resource)} requests`;
          context.log.add('IST0140', resource, message, { path: `spec.http[${rule}].route[${index}].destination.host`, once: true });
        }
      });
    });
  }
}
