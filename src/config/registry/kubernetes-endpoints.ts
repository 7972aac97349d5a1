import type { EndpointsBody, EndpointSliceBody, KubernetesServiceSpec } from '../istio-types.ts';
import { originOf, type Resource } from '../resource.ts';
import { hasLabels, isIpAddress, parseLocality } from './endpoint-fields.ts';
import type { ServiceEndpoint } from './service.ts';
import type { Workload, WorkloadIndex } from './workloads.ts';

/** One address with the ports that one document offers there. */
interface Offer {
  readonly address: string;
  readonly ports: ReadonlyMap<string, number>;
  readonly podName: string | undefined;
  readonly source: Resource;
}

/**
 * Finds the endpoints of Kubernetes Services: in EndpointSlices, else in Endpoints, else in the Pods that are selected; and in the
 * WorkloadEntries that are selected too.
 */
export class KubernetesEndpoints {
  readonly #slices = new Map<string, Resource[]>();
  readonly #endpoints = new Map<string, Resource>();
  readonly #workloads: WorkloadIndex;

  constructor(resources: readonly Resource[], workloads: WorkloadIndex) {
    this.#workloads = workloads;
    for (const resource of resources) {
      if (resource.kind === 'EndpointSlice') this.#addSlice(resource);
      if (resource.kind === 'Endpoints') this.#endpoints.set(`${resource.namespace}/${resource.name}`, resource);
    }
  }

  /** The documents that tell where `service` is, beside the workloads. */
  documentsOf({ namespace, name }: Resource): readonly (Resource | undefined)[] {
    const key = `${namespace}/${name}`;
    return this.#slices.get(key) ?? [this.#endpoints.get(key)];
  }

  of(service: Resource): ServiceEndpoint[] {
    const key = `${service.namespace}/${service.name}`;
    const spec = service.spec as KubernetesServiceSpec;
    const slices = this.#slices.get(key);
    const classic = this.#endpoints.get(key);
    if (slices !== undefined) return this.#merge(slices.flatMap((slice) => sliceOffers(slice, spec)));
    if (classic !== undefined) return this.#merge(endpointsOffers(classic, spec));
    return this.#selectedPods(service.namespace, spec);
  }

  /**
   * What runs outside the cluster and has the labels that `service` selects by. A port that the entry names goes before the Service's
   * target; a target by name that the entry hasn't got is not there.
   *
   * Source: istio `serviceInstanceFromWorkloadInstance`.
   */
  selectedEntries({ namespace, spec }: Resource): ServiceEndpoint[] {
    const { selector = {}, ports = [] } = spec as KubernetesServiceSpec;
    if (Object.keys(selector).length === 0) return [];
    return this.#workloads
      .inNamespace(namespace)
      .filter(({ kind, address, labels }) => kind === 'WorkloadEntry' && isIpAddress(address) && hasLabels(labels, selector))
      .map(({ address, ports: own, labels, weight, locality, origin }) => {
        const offered = ports.flatMap(({ name = '', port, targetPort = port }): [string, number][] => {
          const number = typeof targetPort === 'number' ? (own[name] ?? targetPort) : own[targetPort];
          return number === undefined ? [] : [[name, number === 0 ? port : number]];
        });
        return { address, ports: new Map(offered), labels, weight: weight === 0 ? 1 : weight, locality, origin };
      });
  }

  #addSlice(slice: Resource): void {
    const name = slice.labels['kubernetes.io/service-name'];
    if (name === undefined) return;
    const key = `${slice.namespace}/${name}`;
    const list = this.#slices.get(key);
    if (list === undefined) this.#slices.set(key, [slice]);
    else list.push(slice);
  }

  /** One endpoint per address: while a Service changes, the same address can stand in several slices. */
  #merge(offers: readonly Offer[]): ServiceEndpoint[] {
    const byAddress = new Map<string, ServiceEndpoint>();
    for (const { address, ports, podName, source } of offers) {
      const known = byAddress.get(address);
      const pod = this.#workloads.pod(source.namespace, podName, address);
      // An endpoint of a Pod that is not there is left out, as istiod waits for the Pod. Where nobody gave Pods, none is expected.
      if (pod === undefined && podName !== undefined && this.#workloads.knowsPods(source.namespace)) continue;
      byAddress.set(address, {
        address,
        ports: known === undefined ? ports : new Map([...ports, ...known.ports]),
        labels: pod?.labels ?? {},
        weight: 1,
        locality: pod?.locality ?? parseLocality(undefined),
        origin: known?.origin ?? originOf(source),
      });
    }
    return [...byAddress.values()];
  }

  /** What Kubernetes' own endpoints controller would write, for documents that came without its output. */
  #selectedPods(namespace: string, spec: KubernetesServiceSpec): ServiceEndpoint[] {
    const selector = spec.selector;
    if (selector === undefined || Object.keys(selector).length === 0) return [];
    return this.#workloads
      .inNamespace(namespace)
      .filter((workload) => workload.kind === 'Pod' && hasLabels(workload.labels, selector))
      .map((pod) => ({
        address: pod.address,
        ports: podPorts(pod, spec),
        labels: pod.labels,
        weight: 1,
        locality: pod.locality,
        origin: pod.origin,
      }));
  }
}

function podPorts(pod: Workload, spec: KubernetesServiceSpec): Map<string, number> {
  const ports = new Map<string, number>();
  for (const { name = '', port, targetPort = port } of spec.ports ?? []) {
    const number = typeof targetPort === 'number' ? targetPort : (pod.ports[targetPort] ?? Number(targetPort));
    if (number > 0) ports.set(name, number);
  }
  return ports;
}

function sliceOffers(slice: Resource, service: KubernetesServiceSpec): Offer[] {
  const body = slice.spec as EndpointSliceBody;
  if (body.addressType === 'FQDN') return [];
  const ports = portMap(body.ports);
  return (body.endpoints ?? [])
    .filter(({ conditions }) => service.publishNotReadyAddresses === true || (conditions?.ready ?? true))
    .flatMap(({ addresses, targetRef }) =>
      addresses.map((address) => ({ address, ports, podName: podName(targetRef), source: slice })),
    );
}

function endpointsOffers(resource: Resource, service: KubernetesServiceSpec): Offer[] {
  const { subsets = [] } = resource.spec as EndpointsBody;
  return subsets.flatMap((subset) => {
    const ports = portMap(subset.ports);
    const notReady = service.publishNotReadyAddresses === true ? (subset.notReadyAddresses ?? []) : [];
    return [...(subset.addresses ?? []), ...notReady].map(({ ip, targetRef }) => ({
      address: ip,
      ports,
      podName: podName(targetRef),
      source: resource,
    }));
  });
}

function portMap(ports: readonly { name?: string; port?: number }[] | undefined): Map<string, number> {
  const map = new Map<string, number>();
  for (const { name, port } of ports ?? []) {
    if (port !== undefined) map.set(name ?? '', port);
  }
  return map;
}

function podName(targetRef: { kind?: string; name?: string } | undefined): string | undefined {
  return targetRef?.kind === 'Pod' ? targetRef.name : undefined;
}
