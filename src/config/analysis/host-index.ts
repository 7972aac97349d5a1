import { expandHost } from '../../common/host-name.ts';
import type { KubernetesServiceSpec, ServiceEntrySpec } from '../istio-types.ts';
import type { Resource } from '../resource.ts';
import type { Labels } from './labels.ts';

/** A host that a Service or a ServiceEntry has. */
export interface KnownHost {
  readonly ports: readonly number[];
  /** Of a ServiceEntry with a `workloadSelector`. */
  readonly selector?: Labels;
  readonly resource: Resource;
}

const ALL = '*';
/** Who may see a Service. Source: istio/api `networking.istio.io/exportTo`. */
const EXPORT_TO = 'networking.istio.io/exportTo';

type ServiceEntry = Resource<'ServiceEntry', Partial<ServiceEntrySpec>>;
type Service = Resource<'Service', KubernetesServiceSpec>;

/** Source: istio analyzers/util `InitServiceEntryHostMap`, `GetDestinationHost`. */
export class HostIndex {
  readonly #domain: string;
  /** By `scope/host`, where the scope is a namespace or `*`. */
  readonly #byScope = new Map<string, KnownHost>();
  /** Of `*.example.com`, by `.example.com`. */
  readonly #wildcards = new Map<string, Map<string, KnownHost>>();
  readonly #suffixLengths = new Set<number>();
  readonly #declaring = new Map<string, Resource[]>();

  constructor(entries: readonly ServiceEntry[], services: readonly Service[], domain: string) {
    this.#domain = domain;
    for (const resource of entries) {
      const { hosts = [], ports = [], workloadSelector } = resource.spec;
      const known: KnownHost = { ports: ports.map(({ number = 0 }) => number), selector: workloadSelector?.labels, resource };
      for (const host of hosts) this.#add(scopesOf(resource.spec.exportTo, resource.namespace), resource.namespace, host, known);
    }
    for (const resource of services) {
      const { ports = [] } = resource.spec;
      const exportTo = resource.annotations[EXPORT_TO];
      const scopes = scopesOf(exportTo === undefined || exportTo === '' ? [] : exportTo.split(','), resource.namespace);
      this.#add(scopes, resource.namespace, resource.name, { ports: ports.map(({ port = 0 }) => port), resource });
    }
  }

  /** What a rule of `namespace` that is exported to `exportTo` means by `host`. */
  find(host: string, namespace: string, exportTo: readonly string[] = []): KnownHost | undefined {
    const name = this.fqdn(host, namespace);
    const scopes = exportTo.length === 0 ? [namespace] : exportTo.map((scope) => (scope === '.' ? namespace : scope));
    for (const scope of [ALL, ...scopes]) {
      const known = this.#byScope.get(`${scope}/${name}`);
      if (known !== undefined) return known;
    }
    return this.#findWildcard(host.replace(/^\*/, ''), namespace);
  }

  /** The Services and ServiceEntries that declare this very host, whoever may see them. */
  declaring(fqdn: string): readonly Resource[] {
    return this.#declaring.get(fqdn) ?? [];
  }

  #findWildcard(plain: string, namespace: string): KnownHost | undefined {
    for (const length of this.#suffixLengths) {
      const byScope = length > plain.length ? undefined : this.#wildcards.get(plain.slice(plain.length - length));
      const known = byScope?.get(ALL) ?? byScope?.get(namespace);
      if (known !== undefined) return known;
    }
    return undefined;
  }

  /** A short name is one of the rule's own namespace; `name.namespace` is taken as it stands. */
  fqdn(host: string, namespace: string): string {
    return host.startsWith('*') || host.includes('.') ? host : expandHost(host, namespace, this.#domain) || `.${namespace}.svc.${this.#domain}`;
  }

  #add(scopes: readonly string[], namespace: string, host: string, known: KnownHost): void {
    const name = this.fqdn(host, namespace);
    const declaring = this.#declaring.get(name);
    if (declaring === undefined) this.#declaring.set(name, [known.resource]);
    else declaring.push(known.resource);
    for (const scope of scopes) {
      this.#byScope.set(`${scope}/${name}`, known);
      if (!name.startsWith('*')) continue;
      const suffix = name.slice(1);
      this.#suffixLengths.add(suffix.length);
      this.#wildcards.set(suffix, (this.#wildcards.get(suffix) ?? new Map<string, KnownHost>()).set(scope, known));
    }
  }
}

/** The namespaces that something is exported to, with `*` for all. Nothing said means all. */
export function scopesOf(exportTo: readonly string[] | undefined, namespace: string): readonly string[] {
  if (exportTo === undefined || exportTo.length === 0 || exportTo.includes(ALL)) return [ALL];
  return [...new Set(exportTo.map((scope) => (scope === '.' ? namespace : scope)))];
}
