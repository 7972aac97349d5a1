import type { AnalysisContext } from '../analysis-context.ts';
import type { Container } from '../analysed-specs.ts';
import type { Labels } from '../labels.ts';

const INJECT = 'sidecar.istio.io/inject';

/** What tells whether a pod gets a proxy. */
interface Injected {
  readonly labels?: Labels;
  readonly annotations?: Labels;
  readonly namespace: string;
  readonly containers: readonly Container[];
}

/** Whether a pod has a proxy, or gets one. Source: istio analyzers/util `inMesh`. */
export function hasProxy({ labels = {}, annotations = {}, namespace, containers }: Injected, context: AnalysisContext): boolean {
  if (hasProxyContainer(containers)) return true;
  const said = labels[INJECT] ?? annotations[INJECT];
  if (said !== undefined) return said === 'true';
  return context.find('Namespace', namespace)?.labels['istio-injection'] === 'enabled';
}

/** Whether the proxy is among the containers already. */
export function hasProxyContainer(containers: readonly Container[]): boolean {
  const proxy = containers.find(({ name }) => name === 'istio-proxy');
  return (proxy?.image ?? '') !== '';
}

/** Whether a pod says that it wants no proxy. */
export function refusesProxy({ labels = {}, annotations = {} }: Pick<Injected, 'labels' | 'annotations'>): boolean {
  return (labels[INJECT] ?? annotations[INJECT] ?? '').toLowerCase() === 'false';
}
