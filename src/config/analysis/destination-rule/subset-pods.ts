import type { AnalysisContext } from '../analysis-context.ts';
import { selects, type Labels } from '../labels.ts';

const TOPOLOGY = ['topology.kubernetes.io/region', 'topology.kubernetes.io/zone', 'topology.istio.io/subzone'];

/** Hosts that nobody has, and subsets that no pod has, whatever Service it is behind. Source: istio `PodNotSelectedAnalyzer`. */
export function subsetPods(context: AnalysisContext): void {
  const pods = podLabels(context);
  for (const resource of context.of('DestinationRule')) {
    const { host = '', subsets = [], exportTo } = resource.spec;
    const known = context.hosts.find(host, resource.namespace, exportTo);
    if (known === undefined) {
      const message = `The host ${host} defined in the DestinationRule does not match any services in the mesh.`;
      context.log.add('IST0174', resource, message, { path: 'spec.host' });
      continue;
    }
    subsets.forEach(({ name = '', labels }, index) => {
      if (context.each(pods).some((of) => selects({ ...known.selector, ...labels }, of))) return;
      const message = `The Subset ${name} defined in the DestinationRule does not select any pods. Which may lead to 503 UH (NoHealthyUpstream).`;
      context.log.add('IST0173', resource, message, { path: `spec.subsets[${index}]`, once: true });
    });
  }
}

/** With what Istio adds of the node that a pod runs on. */
function podLabels(context: AnalysisContext): Labels[] {
  return context.of('Pod').map(({ labels, spec }) => {
    const { nodeName = '' } = spec.spec ?? {};
    if (nodeName === '') return labels;
    const ofNode = context.find('Node', nodeName)?.labels ?? {};
    const topology = Object.fromEntries(Object.entries(ofNode).filter(([key, value]) => TOPOLOGY.includes(key) && value !== ''));
    return { ...labels, ...topology, 'kubernetes.io/hostname': nodeName };
  });
}
