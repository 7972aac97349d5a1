import type { KubernetesServiceSpec, ServiceEntrySpec } from '../../istio-types.ts';
import type { Resource } from '../../resource.ts';
import type { AnalysisContext } from '../analysis-context.ts';
import { selects, type Labels } from '../labels.ts';

/** What is behind a host, as far as the resources tell. */
export interface HostWorkloads {
  /** Of each endpoint, or of each Deployment that makes some. */
  readonly labels: readonly Labels[];
  /** Whether they are endpoints, each of them, and so their number is known. */
  readonly isCounted: boolean;
}

const NONE: HostWorkloads = { labels: [], isCounted: true };
const SERVICE_NAME = 'kubernetes.io/service-name';

/** The workloads of a host; `undefined` when nothing or not everything is known of them: code may bring endpoints too. */
export function workloadsOf(fqdn: string, context: AnalysisContext): HostWorkloads | undefined {
  const parts = context.hosts.declaring(fqdn).map((resource) =>
    resource.kind === 'Service'
      ? ofService(resource as Resource<'Service', KubernetesServiceSpec>, context)
      : ofEntry(resource as Resource<'ServiceEntry', Partial<ServiceEntrySpec>>, context),
  );
  if (!parts.every((part) => part !== undefined)) return undefined;
  const labels = parts.flatMap((part) => part.labels);
  return labels.length === 0 ? undefined : { labels, isCounted: parts.every(({ isCounted }) => isCounted) };
}

function ofService(resource: Resource<'Service', KubernetesServiceSpec>, context: AnalysisContext): HostWorkloads | undefined {
  const { name, namespace, spec } = resource;
  if (spec.externalName !== undefined) return undefined;
  const slices = context.of('EndpointSlice').filter((slice) => slice.namespace === namespace && slice.labels[SERVICE_NAME] === name);
  const isListed = slices.length > 0 || context.find('Endpoints', `${namespace}/${name}`) !== undefined;
  // Whose labels a listed address has, only its Pod tells.
  if (isListed) return undefined;
  return spec.selector === undefined ? NONE : selected(spec.selector, namespace, context);
}

function ofEntry({ namespace, spec }: Resource<'ServiceEntry', Partial<ServiceEntrySpec>>, context: AnalysisContext): HostWorkloads | undefined {
  const { endpoints = [], workloadSelector, resolution = 'NONE' } = spec;
  if (resolution === 'NONE') return undefined;
  if (workloadSelector !== undefined) return selected(workloadSelector.labels ?? {}, namespace, context);
  if (endpoints.length > 0) return { labels: endpoints.map(({ labels = {} }) => labels), isCounted: resolution === 'STATIC' };
  // DNS tells addresses of the host itself, without labels.
  return resolution === 'STATIC' ? NONE : { labels: [{}], isCounted: false };
}

function selected(selector: Labels, namespace: string, context: AnalysisContext): HostWorkloads {
  const pods = context.of('Pod').filter((pod) => pod.namespace === namespace && selects(selector, pod.labels));
  const entries = context
    .of('WorkloadEntry')
    .map((entry) => ({ namespace: entry.namespace, labels: { ...entry.spec.labels, ...entry.labels } }))
    .filter((entry) => entry.namespace === namespace && selects(selector, entry.labels));
  const deployments = context
    .of('Deployment')
    .map(({ namespace: of, spec }) => ({ namespace: of, labels: spec.template?.metadata?.labels ?? {} }))
    .filter((deployment) => deployment.namespace === namespace && selects(selector, deployment.labels));
  return { labels: [...pods, ...entries, ...deployments].map(({ labels }) => labels), isCounted: deployments.length === 0 };
}
