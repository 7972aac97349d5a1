import type { AnalysisContext } from '../analysis-context.ts';
import { LabelIndex } from '../label-index.ts';
import type { Labels } from '../labels.ts';

const TOPOLOGY = ['topology.kubernetes.io/region', 'topology.kubernetes.io/zone', 'topology.istio.io/subzone'];

/** Hosts that nobody has, and subsets that no pod has, whatever Service it is behind. Source: istio `PodNotSelectedAnalyzer`. */
export function subsetPods(context: AnalysisContext): void {
  const pods = new LabelIndex(labelledPods(context), (list) => context.each(list));
  for (const resource of context.of('DestinationRule')) {
    const { host = '', subsets = [], exportTo } = resource.spec;
    const known = context.hosts.find(host, resource.namespace, exportTo);
    if (known === undefined) {
      const message = `The host ${host} defined in the DestinationRule does not match any services in the mesh.`;
      context.log.add('IST0174', resource, message, { path: 'spec.host' });
      continue;
    }
    subsets.forEach(({ name = '', labels }, index) => {
      if (pods.selectedBy({ ...known.selector, ...labels }).length > 0) return;
      const message = `The Subset ${name} defined in the DestinationRule does not select any pods. Which may lead to 503 UH (NoHealthyUpstream).`;
      context.log.add('IST0173', resource, message, { path: `spec.subsets[${index}]`, once: true });
    });
  }
}

/** With what Istio adds of the node that a pod runs on. */
function labelledPods(context: AnalysisContext): { readonly labels: Labels }[] {
  return context.of('Pod').map((pod) => {
    const { labels, spec } = pod;
    const { nodeName = '' } = spec.spec ?? {};
    if (nodeName === '') return pod;
    const ofNode = context.find('Node', nodeName)?.labels ?? {};
    const topology = Object.fromEntries(Object.entries(ofNode).filter(([key, value]) => TOPOLOGY.includes(key) && value !== ''));
    return { labels: { ...labels, ...topology, 'kubernetes.io/hostname': nodeName } };
  });
}
