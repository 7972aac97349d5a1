import type { KubernetesServiceSpec, ServiceEntrySpec } from '../../istio-types.ts';
import type { Resource } from '../../resource.ts';
import type { AnalysisContext } from '../analysis-context.ts';
import { LabelIndex } from '../label-index.ts';
import type { Labels } from '../labels.ts';
import { fullName } from '../names.ts';

/** What is behind a host, as far as the resources tell. */
export interface Workloads {
  /** Of each endpoint, or of each Deployment that makes some. */
  readonly all: readonly Labelled[];
  readonly byLabel: LabelIndex<Labelled>;
  /** Whether they are endpoints, each of them, and so their number is known. */
  readonly isCounted: boolean;
}

interface Labelled {
  readonly labels: Labels;
}

type Part = Omit<Workloads, 'byLabel'>;

interface Workload extends Labelled {
  readonly namespace: string;
  /** Whether it is one endpoint, and not what makes some. */
  readonly isOne: boolean;
}

type ServiceEntry = Resource<'ServiceEntry', Partial<ServiceEntrySpec>>;
type Service = Resource<'Service', KubernetesServiceSpec>;

const NONE: Part = { all: [], isCounted: true };
const SERVICE_NAME = 'kubernetes.io/service-name';

/** Tells what is behind the hosts. */
export class HostWorkloads {
  readonly #context: AnalysisContext;
  readonly #workloads: LabelIndex<Workload>;
  /** `namespace/name` of Services whose endpoints are listed. */
  readonly #listed: ReadonlySet<string>;
  readonly #byHost = new Map<string, Workloads | undefined>();

  constructor(context: AnalysisContext) {
    this.#context = context;
    this.#workloads = new LabelIndex(workloadsIn(context), (list) => context.each(list));
    this.#listed = new Set([
      ...context.of('EndpointSlice').map(({ namespace, labels }) => `${namespace}/${labels[SERVICE_NAME] ?? ''}`),
      ...context.of('Endpoints').map(fullName),
    ]);
  }

  /** `undefined` when nothing or not everything is known of them: code may bring endpoints too. */
  of(fqdn: string): Workloads | undefined {
    if (!this.#byHost.has(fqdn)) this.#byHost.set(fqdn, this.#find(fqdn));
    return this.#byHost.get(fqdn);
  }

  #find(fqdn: string): Workloads | undefined {
    const parts = this.#context.hosts
      .declaring(fqdn)
      .map((resource) => (resource.kind === 'Service' ? this.#ofService(resource as Service) : this.#ofEntry(resource as ServiceEntry)));
    if (!parts.every((part) => part !== undefined)) return undefined;
    const all = parts.flatMap((part) => part.all);
    if (all.length === 0) return undefined;
    const byLabel = new LabelIndex(all, (list) => this.#context.each(list));
    return { all, byLabel, isCounted: parts.every(({ isCounted }) => isCounted) };
  }

  #ofService(service: Service): Part | undefined {
    const { externalName, selector } = service.spec;
    // Whose labels a listed address has, only its Pod tells.
    if (externalName !== undefined || this.#listed.has(fullName(service))) return undefined;
    return selector === undefined ? NONE : this.#selected(selector, service.namespace);
  }

  #ofEntry({ namespace, spec }: ServiceEntry): Part | undefined {
    const { endpoints = [], workloadSelector, resolution = 'NONE' } = spec;
    if (resolution === 'NONE') return undefined;
    if (workloadSelector !== undefined) return this.#selected(workloadSelector.labels ?? {}, namespace);
    if (endpoints.length > 0) return { all: endpoints.map(({ labels = {} }) => ({ labels })), isCounted: resolution === 'STATIC' };
    // DNS tells addresses of the host itself, without labels.
    return resolution === 'STATIC' ? NONE : { all: [{ labels: {} }], isCounted: false };
  }

  #selected(selector: Labels, namespace: string): Part {
    const all = this.#workloads.selectedBy(selector).filter((one) => one.namespace === namespace);
    return { all, isCounted: all.every(({ isOne }) => isOne) };
  }
}

function workloadsIn(context: AnalysisContext): Workload[] {
  return [
    ...context.of('Pod').map(({ namespace, labels }) => ({ namespace, labels, isOne: true })),
    ...context.of('WorkloadEntry').map(({ namespace, labels, spec }) => ({ namespace, labels: { ...spec.labels, ...labels }, isOne: true })),
    ...context.of('Deployment').map(({ namespace, spec }) => ({ namespace, labels: spec.template?.metadata?.labels ?? {}, isOne: false })),
  ];
}
