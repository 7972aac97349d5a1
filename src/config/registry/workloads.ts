import type { Locality } from '../../cluster/model.ts';
import type { Origin } from '../../common/origin.ts';
import type { PodBody, WorkloadEntrySpec } from '../istio-types.ts';
import { originOf, type Resource } from '../resource.ts';
import { labelledLocality } from './endpoint-fields.ts';

/** Something that runs at an address: a WorkloadEntry, or a Pod that is ready. */
export interface Workload {
  readonly kind: 'WorkloadEntry' | 'Pod';
  readonly address: string;
  /** By service port name, of a Pod by container port name. */
  readonly ports: Readonly<Record<string, number>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly weight: number;
  readonly locality: Locality;
  readonly origin: Origin;
}

const NO_WORKLOADS: readonly Workload[] = [];

/** All workloads of a set of resources, ready to be selected by labels or found by name and address. */
export class WorkloadIndex {
  readonly #byNamespace = new Map<string, Workload[]>();
  /** By `namespace/name` and by `namespace address`. */
  readonly #pods = new Map<string, Workload>();
  readonly #podNamespaces = new Set<string>();

  constructor(resources: readonly Resource[]) {
    for (const resource of resources) {
      if (resource.kind === 'WorkloadEntry') this.#add(resource, entryWorkload(resource));
      if (resource.kind === 'Pod') this.#addPod(resource);
    }
  }

  inNamespace(namespace: string): readonly Workload[] {
    return this.#byNamespace.get(namespace) ?? NO_WORKLOADS;
  }

  /** The Pod that an endpoint stands for: by `targetRef`, else by its address. Pods that are not ready included. */
  pod(namespace: string, name: string | undefined, address: string): Workload | undefined {
    return this.#pods.get(name === undefined ? `${namespace} ${address}` : `${namespace}/${name}`);
  }

  /** Whether there are Pod documents of `namespace` at all; without any, nothing is known of what its endpoints stand for. */
  knowsPods(namespace: string): boolean {
    return this.#podNamespaces.has(namespace);
  }

  #addPod(resource: Resource): void {
    const { status } = resource.spec as PodBody;
    const address = status?.podIP ?? status?.podIPs?.[0]?.ip ?? '';
    const workload = podWorkload(resource, address);
    this.#podNamespaces.add(resource.namespace);
    this.#pods.set(`${resource.namespace}/${resource.name}`, workload);
    if (address === '') return;
    this.#pods.set(`${resource.namespace} ${address}`, workload);
    if (isReady(status)) this.#add(resource, workload);
  }

  #add(resource: Resource, workload: Workload): void {
    const list = this.#byNamespace.get(resource.namespace);
    if (list === undefined) this.#byNamespace.set(resource.namespace, [workload]);
    else list.push(workload);
  }
}

function entryWorkload(resource: Resource): Workload {
  const spec = resource.spec as WorkloadEntrySpec;
  const labels = { ...spec.labels, ...resource.labels };
  return {
    kind: 'WorkloadEntry',
    address: spec.address ?? '',
    ports: spec.ports ?? {},
    labels,
    weight: spec.weight ?? 1,
    locality: labelledLocality(spec.locality, labels),
    origin: originOf(resource),
  };
}

function podWorkload(resource: Resource, address: string): Workload {
  const { spec } = resource.spec as PodBody;
  const ports: Record<string, number> = {};
  for (const container of spec?.containers ?? []) {
    for (const port of container.ports ?? []) {
      if (port.name !== undefined) ports[port.name] ??= port.containerPort;
    }
  }
  const locality = labelledLocality(undefined, resource.labels);
  return { kind: 'Pod', address, ports, labels: resource.labels, weight: 1, locality, origin: originOf(resource) };
}

function isReady(status: PodBody['status']): boolean {
  if (status?.phase === 'Succeeded' || status?.phase === 'Failed') return false;
  const ready = status?.conditions?.find((condition) => condition.type === 'Ready');
  return ready === undefined || ready.status === 'True';
}
