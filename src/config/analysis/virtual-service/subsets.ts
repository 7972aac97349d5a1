import type { AnalysisContext } from '../analysis-context.ts';
import { mirrorDestinations, routeDestinations } from './destinations.ts';

/** Subsets of destinations that no DestinationRule declares. Source: istio `DestinationRuleAnalyzer`. */
export function destinationSubsets(context: AnalysisContext): void {
  const { hosts } = context;
  const declared = new Set<string>();
  for (const { namespace, spec } of context.of('DestinationRule')) {
    for (const { name } of spec.subsets ?? []) declared.add(`${hosts.fqdn(spec.host ?? '', namespace)}+${name}`);
  }
  for (const resource of context.of('VirtualService')) {
    const places = [
      ...routeDestinations(resource.spec).map((place) => ({ ...place, what: 'host' })),
      ...mirrorDestinations(resource.spec).map((place) => ({ ...place, what: 'mirror' })),
    ];
    for (const { destination, path, isPlaced, what } of places) {
      const { host = '', subset = '' } = destination;
      if (subset === '' || declared.has(`${hosts.fqdn(host, resource.namespace)}+${subset}`)) continue;
      const message = `Referenced ${what}+subset in destinationrule not found: ${JSON.stringify(`${host}+${subset}`)}`;
      context.log.add('IST0101', resource, message, { path: `${path}.subset`, once: !isPlaced });
    }
  }
}
