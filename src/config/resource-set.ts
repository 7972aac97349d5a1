import { stringify } from 'yaml';
import type { ResourceReference } from './resource-reference.ts';
import { resourceName, type Resource } from './resource.ts';
import { kindInfo } from './kinds.ts';
import { formatTimestamp } from './timestamps.ts';

/** The resources in force. Immutable: each change gives another set. */
export class ResourceSet {
  static readonly empty = new ResourceSet(new Map(), 0);

  readonly #byName: ReadonlyMap<string, Resource>;
  readonly #nextOrder: number;

  private constructor(byName: ReadonlyMap<string, Resource>, nextOrder: number) {
    this.#byName = byName;
    this.#nextOrder = nextOrder;
  }

  /** In the order of arrival. */
  get all(): readonly Resource[] {
    return [...this.#byName.values()];
  }

  get size(): number {
    return this.#byName.size;
  }

  /** A set with `resources` added, in their order; one of the same kind, namespace and name is replaced and its place kept. */
  apply(resources: readonly Resource[]): ResourceSet {
    const byName = new Map(this.#byName);
    let nextOrder = this.#nextOrder;
    for (const resource of resources) {
      const key = resourceName(resource);
      const order = byName.get(key)?.order ?? nextOrder++;
      byName.set(key, Object.freeze({ ...resource, order }));
    }
    return new ResourceSet(byName, nextOrder);
  }

  /** A set without what `reference` means, see {@link ResourceSet.get}; this very set when that is nothing. */
  delete(reference: ResourceReference): ResourceSet {
    const gone = this.get(reference);
    if (gone.length === 0) return this;
    const byName = new Map(this.#byName);
    for (const resource of gone) byName.delete(resourceName(resource));
    return new ResourceSet(byName, this.#nextOrder);
  }

  /**
   * What `reference` means, in the order of arrival. A name without a namespace means the one in `default`, or else the
   * one of that name elsewhere; of several elsewhere none, for that would be a guess. Without a name: all of the kind.
   */
  get({ kind, name, namespace }: ResourceReference): readonly Resource[] {
    if (name !== undefined) {
      const exact = this.#byName.get(resourceName({ kind, namespace: namespace ?? 'default', name }));
      if (exact !== undefined) return [exact];
      if (namespace !== undefined) return [];
    }
    const found = this.all.filter(
      (resource) =>
        resource.kind === kind &&
        (name === undefined || resource.name === name) &&
        (namespace === undefined || resource.namespace === namespace),
    );
    return name !== undefined && found.length > 1 ? [] : found;
  }
}

/** `resource` as a document that could be applied again. */
export function exportResource(resource: Resource): Record<string, unknown> {
  const { kind, apiVersion, name, namespace, labels, annotations, createdAtMs } = resource;
  const metadata = {
    name,
    namespace,
    ...(Object.keys(labels).length === 0 ? {} : { labels: { ...labels } }),
    ...(Object.keys(annotations).length === 0 ? {} : { annotations: { ...annotations } }),
    ...(createdAtMs === 0 ? {} : { creationTimestamp: formatTimestamp(createdAtMs) }),
  };
  const spec = structuredClone(resource.spec);
  if (kind === 'ConfigMap') return { apiVersion, kind, metadata, data: { mesh: stringify(spec) } };
  if (kindInfo(kind)?.body === 'document') return { apiVersion, kind, metadata, ...(spec as object) };
  return { apiVersion, kind, metadata, spec };
}
