import type { Resource } from '../resource.ts';
import type { AnalysedSpecs } from './analysed-specs.ts';
import { FindingLog } from './finding-log.ts';
import { HostIndex } from './host-index.ts';
import { LabelIndex, SelectorIndex } from './label-index.ts';
import type { Labels } from './labels.ts';
import { INGRESS_POD, INGRESS_SERVICE } from './ingress-gateway.ts';
import { fullName } from './names.ts';

// Istio looks into none of them. Source: istio pkg/kube/inject `IgnoredNamespaces`.
const SYSTEM_NAMESPACES = ['kube-system', 'kube-public', 'kube-node-lease', 'local-path-storage'];

/** Steps of loops of one analysis: some seconds, and far more than thousands of ordinary resources take. */
const MOST_WORK = 20_000_000;

/** An analysis is given up: the resources are made to take for ever. */
export class TooMuchWork extends Error {}

/** The resources that are analysed together, and what is found. */
export class AnalysisContext {
  readonly log = new FindingLog();
  /** Of the cluster: `cluster.local`. */
  readonly domain: string;
  readonly #byKind = new Map<string, Map<string, Resource>>();
  #hosts: HostIndex | undefined;
  #pods: LabelIndex<Resource<'Pod', AnalysedSpecs['Pod']>> | undefined;
  #services: SelectorIndex<Resource<'Service', AnalysedSpecs['Service']>> | undefined;
  #work = MOST_WORK;

  constructor(resources: readonly Resource[], domain: string) {
    this.domain = domain;
    for (const resource of resources) {
      const namespace = resource.kind === 'Namespace' ? resource.name : resource.namespace;
      if (!SYSTEM_NAMESPACES.includes(namespace)) this.#put(resource);
    }
    // Those who analyse files rarely have the gateway's own resources at hand.
    for (const assumed of [INGRESS_POD, INGRESS_SERVICE]) {
      if (this.find(assumed.kind, fullName(assumed)) === undefined) this.#put(assumed);
    }
  }

  /** All of a kind, in the order of arrival; of several with one name the last. */
  of<Kind extends keyof AnalysedSpecs>(kind: Kind): readonly Resource<Kind, AnalysedSpecs[Kind]>[] {
    return this.each([...(this.#byKind.get(kind)?.values() ?? [])]) as unknown as readonly Resource<Kind, AnalysedSpecs[Kind]>[];
  }

  /**
   * `list`, which is gone through now: for lists within loops.
   *
   * @throws {TooMuchWork} when all loops together are too long.
   */
  each<Item>(list: readonly Item[]): readonly Item[] {
    this.#work -= list.length + 1;
    if (this.#work < 0) throw new TooMuchWork();
    return list;
  }

  find<Kind extends keyof AnalysedSpecs>(kind: Kind, name: string): Resource<Kind, AnalysedSpecs[Kind]> | undefined {
    return this.#byKind.get(kind)?.get(name) as unknown as Resource<Kind, AnalysedSpecs[Kind]> | undefined;
  }

  /** The resource that an issue calls by this name. */
  named(name: string): Resource | undefined {
    const [kind = '', full = ''] = name.split(' ');
    return this.#byKind.get(kind)?.get(full);
  }

  /** Which hosts there are, and who may see them. */
  get hosts(): HostIndex {
    this.#hosts ??= new HostIndex(this.of('ServiceEntry'), this.of('Service'), this.domain);
    return this.#hosts;
  }

  /** The Pods of all namespaces with these labels. */
  podsWith(selector: Labels | undefined): readonly Resource<'Pod', AnalysedSpecs['Pod']>[] {
    this.#pods ??= new LabelIndex(this.of('Pod'), (list) => this.each(list));
    return this.#pods.selectedBy(selector);
  }

  /** The Services of a namespace that select these labels; one without a selector is taken to select all. */
  servicesOf(namespace: string, labels: Labels): readonly Resource<'Service', AnalysedSpecs['Service']>[] {
    this.#services ??= new SelectorIndex(this.of('Service'), ({ spec }) => spec.selector, (list) => this.each(list));
    return this.#services.selecting(labels).filter((service) => service.namespace === namespace);
  }

  #put(resource: Resource): void {
    const all = this.#byKind.get(resource.kind) ?? new Map<string, Resource>();
    this.#byKind.set(resource.kind, all.set(fullName(resource), resource));
  }
}

/** Looks for one kind of thing, and tells `context.log`. */
export type Analyzer = (context: AnalysisContext) => void;
