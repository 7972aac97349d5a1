import type { AnalysisContext } from '../analysis-context.ts';
import { formatSelector, type Labels } from '../labels.ts';
import { HostWorkloads } from './host-workloads.ts';

/** TSM0002: subsets that none of the host's own endpoints has; IST0173 takes any pod for one. */
export function emptySubsets(context: AnalysisContext): void {
  const known = new HostWorkloads(context);
  for (const resource of context.of('DestinationRule')) {
    const { host = '', subsets = [] } = resource.spec;
    if (subsets.length === 0) continue;
    const workloads = known.of(context.hosts.fqdn(host, resource.namespace));
    if (workloads === undefined) continue;
    subsets.forEach(({ name = '', labels }, index) => {
      if (workloads.byLabel.selectedBy(labels).length > 0) return;
      const message = `no endpoint of ${host} has the labels ${formatSelector(labels)} of the subset ${name}: calls to it end with 503 UH`;
      const hint = hintOf(Object.keys(labels ?? {}), context.each(workloads.all));
      context.log.add('TSM0002', resource, message, { path: `spec.subsets[${index}].labels`, hint });
    });
  }
}

/** What the endpoints have instead. */
function hintOf(keys: readonly string[], all: readonly { readonly labels: Labels }[]): string {
  const given = new Set(all.map(({ labels }) => keys.map((key) => `${key}=${labels[key] ?? '(none)'}`).join(',')));
  return `its endpoints have ${[...given].slice(0, 5).join(' or ')}`;
}
