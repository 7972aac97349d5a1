import type { Resource } from './resource.ts';

/** A resource as kubectl would print it. */
export interface ResourceObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace: string; readonly labels?: object; readonly annotations?: object };
  readonly [body: string]: unknown;
}

/** kubectl's short and plural names, lower-case. */
const KIND_NAMES: Readonly<Record<string, string>> = {
  vs: 'VirtualService', dr: 'DestinationRule', se: 'ServiceEntry', we: 'WorkloadEntry', gw: 'Gateway', sidecar: 'Sidecar',
  svc: 'Service', ep: 'Endpoints', endpoints: 'Endpoints', po: 'Pod', deploy: 'Deployment', cm: 'ConfigMap', eps: 'EndpointSlice',
};

interface Reference {
  readonly kind: string;
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
}

/** Resources by kind, namespace and name, in order of arrival. Immutable: a change makes a new set. */
export class ResourceSet {
  static readonly empty: ResourceSet = new ResourceSet([]);
  readonly all: readonly Resource[];

  private constructor(all: readonly Resource[]) {
    this.all = all;
  }

  /** Adds `resources`; one of the same kind, namespace and name is replaced and keeps its place. */
  apply(resources: readonly Resource[]): ResourceSet {
    const byKey = new Map(this.all.map((resource) => [keyOf(resource), resource]));
    let order = this.all.reduce((max, resource) => Math.max(max, resource.order), -1);
    for (const resource of resources) {
      const before = byKey.get(keyOf(resource));
      byKey.set(keyOf(resource), { ...resource, order: before?.order ?? ++order });
    }
    return new ResourceSet([...byKey.values()]);
  }

  /** Removes what `reference` names. */
  delete(reference: string): { readonly set: ResourceSet; readonly deleted: readonly Resource[] } {
    const deleted = this.#find(reference);
    const gone = new Set(deleted);
    return { set: deleted.length === 0 ? this : new ResourceSet(this.all.filter((resource) => !gone.has(resource))), deleted };
  }

  /** `VirtualService` (all of the kind), `vs/reviews` (in namespace `default`), `vs/shop/cart`. */
  get(reference: string): ResourceObject[] {
    return this.#find(reference).map(toObject);
  }

  #find(reference: string): Resource[] {
    const { kind, namespace, name } = parseReference(reference);
    return this.all.filter(
      (resource) =>
        resource.kind.toLowerCase() === kind.toLowerCase() &&
        (name === undefined || resource.name === name) &&
        (name === undefined || resource.namespace === (namespace ?? 'default')),
    );
  }
}

function keyOf({ kind, namespace, name }: Resource): string {
  return `${kind}/${namespace}/${name}`;
}

function parseReference(reference: string): Reference {
  const [rawKind = '', ...rest] = reference.trim().split('/');
  const lower = rawKind.toLowerCase().replace(/\..*$/, '');
  const kind = KIND_NAMES[lower] ?? lower.replace(/ies$/, 'y').replace(/(?<=[a-z]{3})s$/, '');
  const known = KIND_NAMES[lower] ?? (['virtualservice', 'destinationrule', 'serviceentry', 'workloadentry'].includes(kind) ? kind : lower);
  const [namespace, name] = rest.length > 1 ? rest : [undefined, rest[0]];
  return { kind: known, namespace, name };
}

function toObject({ apiVersion, kind, name, namespace, labels, annotations, spec }: Resource): ResourceObject {
  const metadata = {
    name,
    namespace,
    ...(Object.keys(labels).length === 0 ? {} : { labels }),
    ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
  };
  return { apiVersion, kind, metadata, spec };
}
