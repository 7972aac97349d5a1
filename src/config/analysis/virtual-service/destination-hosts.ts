import type { AnalysisContext } from '../analysis-context.ts';
import type { AnalysedVirtualService } from '../analysed-specs.ts';
import type { Resource } from '../../resource.ts';
import { goList } from '../names.ts';
import { mirrorDestinations, routeDestinations, type PlacedDestination } from './destinations.ts';

/** Hosts and ports of destinations that are not there. Source: istio `DestinationHostAnalyzer`. */
export function destinationHosts(context: AnalysisContext): void {
  for (const resource of context.of('VirtualService')) {
    for (const destination of routeDestinations(resource.spec)) check(destination, 'host', resource, context);
    for (const destination of mirrorDestinations(resource.spec)) check(destination, 'mirror host', resource, context);
  }
}

function check(
  { destination, path, isPlaced }: PlacedDestination,
  what: string,
  resource: Resource<'VirtualService', AnalysedVirtualService>,
  { hosts, log }: AnalysisContext,
): void {
  const { host = '', port } = destination;
  const once = !isPlaced;
  const known = hosts.find(host, resource.namespace, resource.spec.exportTo);
  if (known === undefined) {
    const full = hosts.fqdn(`${host}.svc.cluster.local`, resource.namespace);
    const hint = host.includes('.') && hosts.find(full, resource.namespace) !== undefined ? `a name with a dot is taken literally: write ${full}` : undefined;
    log.add('IST0101', resource, `Referenced ${what} not found: ${JSON.stringify(host)}`, { path: `${path}.host`, once, ...(hint !== undefined && { hint }) });
  } else if (port === undefined) {
    if (known.ports.length < 2) return;
    const message = `This VirtualService routes to a service ${JSON.stringify(host)} that exposes multiple ports ${goList(known.ports)}. Specifying a port in the destination is required to disambiguate.`;
    log.add('IST0112', resource, message, { path: `${path}.host`, once });
  } else if (!known.ports.includes(port.number ?? 0)) {
    const hint = known.ports.length === 0 ? 'it has no ports' : `its ports: ${known.ports.join(', ')}`;
    log.add('IST0101', resource, `Referenced host:port not found: ${JSON.stringify(`${host}:${port.number ?? 0}`)}`, { path: `${path}.host`, once, hint });
  }
}
