import { CompileBudget, COST } from '../compile-budget.ts';
import type { CompileOptions } from '../compile-options.ts';
import type { ConfigIssue } from '../issue.ts';
import { Latest, ResourceMemo } from '../memo.ts';
import type { MeshConfig } from '../mesh-settings.ts';
import { originOf, type Resource } from '../resource.ts';
import { resolveCodeEndpoints, serviceEndpoint, type CodeEndpoint } from './code-endpoints.ts';
import { byAge, parseLocality } from './endpoint-fields.ts';
import { KubernetesEndpoints } from './kubernetes-endpoints.ts';
import { kubernetesService } from './kubernetes-services.ts';
import { serviceEntryServices } from './service-entries.ts';
import { withPortsOf, type Service, type ServiceEndpoint } from './service.ts';
import { WorkloadIndex } from './workloads.ts';

/** Every service that the documents and the code declare, whoever may see it; one per host and namespace, oldest first. */
export class Registry {
  readonly services: readonly Service[];
  readonly #byHost = new Map<string, Service[]>();

  constructor(services: readonly Service[]) {
    this.services = services;
    for (const service of services) {
      const list = this.#byHost.get(service.host);
      if (list === undefined) this.#byHost.set(service.host, [service]);
      else list.push(service);
    }
  }

  has(host: string): boolean {
    return this.#byHost.has(host);
  }

  /** The services of this very host, in whatever namespaces. */
  find(host: string): readonly Service[] {
    return this.#byHost.get(host) ?? [];
  }
}

/** What was made before for a registry, with the same options. */
export class RegistryMemo {
  readonly workloads = new Latest<WorkloadIndex>();
  readonly services: ResourceMemo<readonly Service[]>;

  constructor(whole?: RegistryMemo) {
    this.services = whole?.services ?? new ResourceMemo();
  }
}

/** A registry, and what else was found out. */
export interface BuiltRegistry {
  readonly registry: Registry;
  readonly issues: readonly ConfigIssue[];
  readonly workloads: WorkloadIndex;
}

/** @param whole - when `resources` are only a part: what all of them say together */
export function buildRegistry(
  resources: readonly Resource[],
  options: CompileOptions,
  mesh: MeshConfig,
  memo = new RegistryMemo(),
  whole?: { readonly workloads: WorkloadIndex; readonly namespaces: ReadonlySet<string> },
): BuiltRegistry {
  const domain = options.domain ?? 'cluster.local';
  const running = resources.filter(({ kind }) => kind === 'WorkloadEntry' || kind === 'Pod');
  const workloads = whole?.workloads ?? memo.workloads.of(running, () => new WorkloadIndex(running));
  const endpoints = new KubernetesEndpoints(resources, workloads);
  const servicesOf = (resource: Resource): readonly Service[] => {
    if (resource.kind === 'Service') {
      const on = [mesh, workloads, ...endpoints.documentsOf(resource)];
      return memo.services.of(resource, on, () => [kubernetesService(resource, endpoints, mesh, domain)]);
    }
    if (resource.kind === 'ServiceEntry') return memo.services.of(resource, [mesh, workloads], () => serviceEntryServices(resource, workloads, mesh));
    return [];
  };
  const budget = new CompileBudget();
  const declared = resources.toSorted(byAge).flatMap((resource) => {
    const services = servicesOf(resource);
    // The services of one resource share their endpoints.
    budget.spend((services[0]?.endpoints.length ?? 0) * COST.endpoint, () => originOf(resource));
    return services;
  });
  const merged = new Registry(mergeSameHost(declared));
  const namespaces = whole?.namespaces ?? namespacesOf(resources, options);
  const code = resolveCodeEndpoints(options, merged, namespaces);
  const complete = [...merged.services, ...code.newServices]
    .map((service) => withCodeEndpoints(service, code.byHost.get(service.host)))
    .map((service) => withOwnName(service, options.dnsDiscovery === true));
  return { registry: new Registry(withAliases(complete)), issues: code.issues, workloads };
}

/** The namespaces that are known to be some. */
export function namespacesOf(resources: readonly Resource[], { workload }: Pick<CompileOptions, 'workload'>): Set<string> {
  return new Set(['default', workload.namespace, ...resources.map(({ namespace }) => namespace)]);
}

/**
 * Services of one host in one namespace are one service: the Kubernetes one, else the oldest. ServiceEntries that are alike add their
 * ports, and all that are found the same way share their endpoints. Those that are not exported alike stay apart: callers may see one
 * and not the other.
 *
 * Source: istio `appendSidecarServices`, `canMergeServices`; endpoints are indexed by host and namespace.
 */
function mergeSameHost(services: readonly Service[]): Service[] {
  const merged: Service[] = [];
  for (const group of Map.groupBy(services, ({ namespace, host }) => `${namespace}/${host}`).values()) {
    if (group.length === 1) {
      merged.push(...group);
      continue;
    }
    const apart = new Set(group.map(({ registry }) => registry)).size > 1 ? [group] : Map.groupBy(group, exportedTo).values();
    for (const alike of apart) merged.push(shareEndpoints(alike.reduce(merge), group));
  }
  return merged;
}

function exportedTo({ exportTo }: Service): string {
  return [...new Set(exportTo)].sort().join();
}

function merge(older: Service, younger: Service): Service {
  const [kept, other] = younger.registry === 'kubernetes' && older.registry !== 'kubernetes' ? [younger, older] : [older, younger];
  return withPortsOf(kept, other, kept.registry === other.registry && kept.discovery === other.discovery && kept.likeness === other.likeness);
}

function shareEndpoints(service: Service, group: readonly Service[]): Service {
  const endpoints = group.filter(({ discovery }) => discovery === service.discovery).flatMap((one) => one.endpoints);
  return { ...service, endpoints };
}

function withCodeEndpoints(service: Service, added: readonly CodeEndpoint[] | undefined): Service {
  if (added === undefined || added.length === 0 || service.externalName !== undefined) return service;
  const endpoints = [...service.endpoints, ...added.map((endpoint) => serviceEndpoint(endpoint, service.ports))];
  // Whoever lists a service's addresses does not mean those that the caller dialled or asked for.
  const isOpen = service.discovery === 'original-dst' || service.discovery === 'dynamic-dns';
  return { ...service, endpoints, discovery: isOpen ? 'static' : service.discovery };
}

/** Without endpoints, DNS resolves the service's own host; a wildcard has no address. */
function withOwnName(service: Service, dnsDiscovery: boolean): Service {
  const { host, discovery, endpoints } = service;
  if (endpoints.length > 0 || host.startsWith('*') || service.externalName !== undefined) return service;
  if (discovery === 'static' && dnsDiscovery && service.registry === 'kubernetes') {
    // The cluster's DNS answers with the service's own address, where its own port numbers count.
    return { ...service, discovery: 'strict-dns', endpoints: [ownName(service, (port) => port.number)] };
  }
  if (discovery !== 'strict-dns' && discovery !== 'logical-dns') return service;
  return { ...service, endpoints: [ownName(service, (port) => port.targetPort)] };
}

function ownName(service: Service, portOf: (port: Service['ports'][number]) => number): ServiceEndpoint {
  return {
    address: service.host,
    ports: new Map(service.ports.map((port) => [port.name, portOf(port)])),
    labels: {},
    weight: 1,
    locality: parseLocality(undefined),
    origin: service.origin,
  };
}

/** Tells each service which ExternalName Services lead to it, through others of their kind too. */
function withAliases(services: readonly Service[]): Service[] {
  const targets = new Map<string, string>();
  for (const { host, externalName } of services) {
    if (externalName !== undefined) targets.set(host, externalName);
  }
  if (targets.size === 0) return [...services];
  const aliases = new Map<string, string[]>();
  for (const host of targets.keys()) {
    const target = followAliases(host, targets);
    if (target === undefined) continue;
    aliases.set(target, [...(aliases.get(target) ?? []), host]);
  }
  return services.map((service) => ({ ...service, aliases: aliases.get(service.host) ?? [] }));
}

function followAliases(host: string, targets: ReadonlyMap<string, string>): string | undefined {
  const seen = new Set<string>();
  let current = host;
  for (let next = targets.get(current); next !== undefined; next = targets.get(current)) {
    if (seen.has(current)) return undefined;
    seen.add(current);
    current = next;
  }
  return current;
}
