import type { AnalysisContext } from '../analysis-context.ts';
import { formatSelector, selects } from '../labels.ts';
import { workloadsOf } from './host-workloads.ts';

/** TSM0002: subsets that none of the host's own endpoints has; IST0173 takes any pod for one. */
export function emptySubsets(context: AnalysisContext): void {
  for (const resource of context.of('DestinationRule')) {
    const { host = '', subsets = [] } = resource.spec;
    if (subsets.length === 0) continue;
    const workloads = workloadsOf(context.hosts.fqdn(host, resource.namespace), context);
    if (workloads === undefined) continue;
    subsets.forEach(({ name = '', labels }, index) => {
      if (workloads.labels.some((of) => selects(labels, of))) return;
      const message = `no endpoint of ${host} has the labels ${formatSelector(labels)} of the subset ${name}: calls to it end with 503 UH`;
      const hint = hintOf(Object.keys(labels ?? {}), workloads.labels);
      context.log.add('TSM0002', resource, message, { path: `spec.subsets[${index}].labels`, hint });
    });
  }
}

/** What the endpoints have instead. */
function hintOf(keys: readonly string[], labels: readonly Readonly<Record<string, string>>[]): string {
  const given = new Set(labels.map((of) => keys.map((key) => `${key}=${of[key] ?? '(none)'}`).join(',')));
  return `its endpoints have ${[...given].slice(0, 5).join(' or ')}`;
}
