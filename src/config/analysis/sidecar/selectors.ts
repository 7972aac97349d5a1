import type { Resource } from '../../resource.ts';
import type { AnalysisContext } from '../analysis-context.ts';
import type { AnalysedSpecs } from '../analysed-specs.ts';
import { SelectorIndex } from '../label-index.ts';
import { firstLabelPath, formatSelector } from '../labels.ts';
import { goList } from '../names.ts';

type Sidecar = Resource<'Sidecar', AnalysedSpecs['Sidecar']>;

/** Sidecars that select nothing, or what another one selects too. Source: istio `sidecar.SelectorAnalyzer`. */
export function sidecarSelectors(context: AnalysisContext): void {
  const ineffective = new Set<Sidecar>();
  checkSelecting(context, ineffective);
  checkNamespaceWide(context, ineffective);
}

function checkSelecting(context: AnalysisContext, ineffective: Set<Sidecar>): void {
  const selecting = context.of('Sidecar').filter((sidecar) => !isNamespaceWide(sidecar));
  const selectors = new SelectorIndex(selecting, ({ spec }) => spec.workloadSelector?.labels, (list) => context.each(list));
  for (const sidecar of selecting) {
    const { labels } = sidecar.spec.workloadSelector ?? {};
    if (context.podsWith(labels).some(({ namespace }) => namespace === sidecar.namespace)) continue;
    const message = `Referenced selector not found: ${JSON.stringify(formatSelector(labels))}`;
    context.log.add('IST0101', sidecar, message, { path: firstLabelPath('spec.workloadSelector.labels', labels) });
  }
  for (const pod of context.of('Pod')) {
    const by = selectors.selecting(pod.labels).filter(({ namespace }) => namespace === pod.namespace);
    if (pod.annotations['ambient.istio.io/redirection'] === 'enabled') {
      for (const sidecar of by) tellIneffective(sidecar, 'selected workload is in ambient mode, the policy has no impact', ineffective, context);
    } else if (by.length > 1) {
      const names = goList(by.map(({ name }) => name).sort());
      for (const sidecar of by) {
        const message = `The Sidecars ${names} in namespace ${JSON.stringify(pod.namespace)} select the same workload pod ${JSON.stringify(pod.name)}, which can lead to undefined behavior.`;
        context.log.add('IST0110', sidecar, message, { path: 'spec.workloadSelector' });
      }
    }
  }
}

function checkNamespaceWide(context: AnalysisContext, ineffective: Set<Sidecar>): void {
  for (const [namespace, sidecars] of Map.groupBy(context.of('Sidecar').filter(isNamespaceWide), (sidecar) => sidecar.namespace)) {
    if (isAmbient(context.find('Namespace', namespace)?.labels ?? {})) {
      for (const sidecar of sidecars) tellIneffective(sidecar, 'namespace is in ambient mode, the policy has no impact', ineffective, context);
    } else if (sidecars.length > 1) {
      const names = goList(sidecars.map(({ name }) => name).sort());
      const message = `The Sidecars ${names} in namespace ${JSON.stringify(namespace)} have no workload selector, which can lead to undefined behavior.`;
      for (const sidecar of sidecars) context.log.add('IST0111', sidecar, message);
    }
  }
}

function isNamespaceWide({ spec }: Sidecar): boolean {
  return Object.keys(spec.workloadSelector?.labels ?? {}).length === 0;
}

function isAmbient(labels: Readonly<Record<string, string>>): boolean {
  if (labels['istio-injection'] === 'enabled' || (labels['istio.io/rev'] ?? '') !== '') return false;
  return labels['istio.io/dataplane-mode'] === 'ambient';
}

function tellIneffective(sidecar: Sidecar, reason: string, told: Set<Sidecar>, { log }: AnalysisContext): void {
  if (told.has(sidecar)) return;
  told.add(sidecar);
  log.add('IST0167', sidecar, `The policy has no impact: ${reason}.`);
}
