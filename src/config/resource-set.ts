import { stringify } from 'yaml';
import type { ResourceReference } from './resource-reference.ts';
import { resourceName, type Resource } from './resource.ts';
import { kindInfo } from './kinds.ts';
import { sameContent } from './same-content.ts';
import { formatTimestamp } from './timestamps.ts';

/** What two sets of resources differ in, by `resourceName`. */
export interface ResourceChanges {
  readonly added: readonly string[];
  /** In force before and after, with another content. */
  readonly updated: readonly string[];
  readonly deleted: readonly string[];
}

type ByName = ReadonlyMap<string, Resource>;

/**
 * The resources in force: those that sources declare, in the sources' order, changed by what was applied and deleted one
 * by one. Immutable: each change gives another set.
 */
export class ResourceSet {
  static readonly empty = new ResourceSet(new Map(), new Set(), new Map(), new Map());

  readonly #declared: ByName;
  /** Names of declared resources that were deleted since. */
  readonly #hidden: ReadonlySet<string>;
  readonly #applied: ByName;
  readonly #inForce: ByName;

  private constructor(declared: ByName, hidden: ReadonlySet<string>, applied: ByName, before: ByName) {
    this.#declared = declared;
    this.#hidden = hidden;
    this.#applied = applied;
    this.#inForce = inForce(declared, hidden, applied, before);
  }

  /** In the order of creation: what is declared, then what was applied beside it. */
  get all(): readonly Resource[] {
    return [...this.#inForce.values()];
  }

  get size(): number {
    return this.#inForce.size;
  }

  /** A set with `resources` added, in their order; one of the same kind, namespace and name is replaced and its place kept. */
  apply(resources: readonly Resource[]): ResourceSet {
    const applied = new Map(this.#applied);
    for (const resource of resources) applied.set(resourceName(resource), resource);
    return new ResourceSet(this.#declared, this.#hidden, applied, this.#inForce);
  }

  /** A set without what `reference` means, see {@link ResourceSet.get}; this very set when that is nothing. */
  delete(reference: ResourceReference): ResourceSet {
    const gone = this.get(reference).map(resourceName);
    if (gone.length === 0) return this;
    const applied = new Map(this.#applied);
    for (const name of gone) applied.delete(name);
    const hidden = new Set([...this.#hidden, ...gone.filter((name) => this.#declared.has(name))]);
    return new ResourceSet(this.#declared, hidden, applied, this.#inForce);
  }

  /**
   * A set whose declared resources are these and no others; of several with one name the last counts, in the place of the
   * first. Who speaks last decides: what was applied or deleted meanwhile stays so, until the declared resource of that
   * name is another than before.
   */
  declare(resources: readonly Resource[]): ResourceSet {
    const declared = new Map(resources.map((resource) => [resourceName(resource), resource]));
    const hidden = new Set([...this.#hidden].filter((name) => declared.has(name)));
    const applied = new Map(this.#applied);
    for (const [name, resource] of declared) {
      const before = this.#declared.get(name);
      if (before !== undefined && sameContent(before, resource)) continue;
      hidden.delete(name);
      applied.delete(name);
    }
    return new ResourceSet(declared, hidden, applied, this.#inForce);
  }

  /** Whether the resource of that name (see `resourceName`) is in force as it was declared. */
  isAsDeclared(name: string): boolean {
    return this.#declared.has(name) && !this.#hidden.has(name) && !this.#applied.has(name);
  }

  /** Whether this set and `other` are the same resources, from the same places, in the same order. */
  equals(other: ResourceSet): boolean {
    const others = other.all;
    return others.length === this.size && this.all.every((resource, at) => resource === others[at]);
  }

  /** What is different since `before`. */
  changesSince(before: ResourceSet): ResourceChanges {
    const added: string[] = [];
    const updated: string[] = [];
    for (const [name, resource] of this.#inForce) {
      const known = before.#inForce.get(name);
      if (known === undefined) added.push(name);
      else if (known !== resource && !sameContent(known, resource)) updated.push(name);
    }
    return { added, updated, deleted: [...before.#inForce.keys()].filter((name) => !this.#inForce.has(name)) };
  }

  /**
   * What `reference` means, in the order of arrival. A name without a namespace means the one in `default`, or else the
   * one of that name elsewhere; of several elsewhere none, for that would be a guess. Without a name: all of the kind.
   */
  get({ kind, name, namespace }: ResourceReference): readonly Resource[] {
    if (name !== undefined) {
      const exact = this.#inForce.get(resourceName({ kind, namespace: namespace ?? 'default', name }));
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

/** What of each floor counts, with the places in order as `order`. Whatever is as `before` is the same object. */
function inForce(declared: ByName, hidden: ReadonlySet<string>, applied: ByName, before: ByName): ByName {
  const result = new Map<string, Resource>();
  const put = (name: string, resource: Resource): void => {
    const order = result.size;
    const known = before.get(name);
    const isKnown = known !== undefined && known.order === order && sameParts(known, resource);
    result.set(name, isKnown ? known : Object.freeze({ ...resource, order }));
  };
  for (const [name, resource] of declared) {
    if (!hidden.has(name)) put(name, applied.get(name) ?? resource);
  }
  for (const [name, resource] of applied) {
    if (!result.has(name)) put(name, resource);
  }
  return result;
}

/** Of two resources of one name: whether they are made of the same objects. */
function sameParts(a: Resource, b: Resource): boolean {
  return (
    a.spec === b.spec &&
    a.locate === b.locate &&
    a.labels === b.labels &&
    a.annotations === b.annotations &&
    a.createdAtMs === b.createdAtMs &&
    a.apiVersion === b.apiVersion
  );
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
