import type { AnalysisContext } from '../analysis-context.ts';
import type { GatewayServer } from '../analysed-specs.ts';
import { relatedTo } from '../finding-log.ts';
import { formatSelector, selects, type Labels } from '../labels.ts';
import { fullName, joined } from '../names.ts';

/** Gateways that claim the same hosts on the same port of the same pods. Source: istio `ConflictingGatewayAnalyzer`. */
export function conflictingGateways(context: AnalysisContext): void {
  const gateways = context.of('Gateway');
  for (const resource of gateways) {
    const { selector, servers = [] } = resource.spec;
    const sharing = context.each(gateways).filter((other) => other !== resource && sharesPods(selector, other.spec.selector, context));
    servers.forEach((server, index) => {
      const port = portOf(server);
      const rivals = context.each(sharing).filter((other) => claims(other.spec.servers ?? [], server));
      if (rivals.length === 0) return;
      const names = joined(rivals.map(fullName).sort(), ',');
      const message = `Conflict with gateways ${names} (workload selector ${formatSelector(selector)}, port ${port}, hosts ${joined(server.hosts ?? [], ',')}).`;
      const related = relatedTo(rivals, 'spec.servers');
      context.log.add('IST0145', resource, message, { path: `spec.servers[${index}]`, once: true, related });
    });
  }
}

/** Of two selectors one of which is within the other, as they are printed, some pod must fit both. */
function sharesPods(a: Labels | undefined, b: Labels | undefined, context: AnalysisContext): boolean {
  const [first, second] = [formatSelector(a), formatSelector(b)];
  if (first === second) return true;
  if (!first.includes(second) && !second.includes(first)) return false;
  return context.podsWith(a).some(({ labels }) => selects(b, labels));
}

/** Of several servers on one port Istio goes by the last. */
function claims(servers: readonly GatewayServer[], { hosts = [], bind = '', ...server }: GatewayServer): boolean {
  const rival = servers.findLast((one) => portOf(one) === portOf(server));
  return rival !== undefined && (rival.bind ?? '') === bind && hosts.some((host) => rival.hosts?.includes(host));
}

function portOf({ port }: GatewayServer): number {
  return port?.number ?? 0;
}
