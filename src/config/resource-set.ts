import { stringify } from 'yaml';
import { LayeredMap } from '../common/layered-map.ts';
import { between } from './between.ts';
import { sameItems } from './memo.ts';
import type { ResourceReference } from './resource-reference.ts';
import { resourceName, type Resource } from './resource.ts';
import { kindInfo } from './kinds.ts';
import { sameContent, sameParts } from './same-content.ts';
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
  static readonly empty = new ResourceSet(new Map(), new Set(), new Map());

  readonly #declared: ByName;
  /** In their order. */
  readonly #declaredList: readonly Resource[];
  /** Names of declared resources that were deleted since. */
  readonly #hidden: ReadonlySet<string>;
  readonly #applied: ByName;
  readonly #inForce: ByName;
  /** In the order of creation: what is declared, then what was applied beside it. */
  readonly all: readonly Resource[];

  private constructor(
    declared: ByName,
    hidden: ReadonlySet<string>,
    applied: ByName,
    inForce: ByName = new Map(),
    all: readonly Resource[] = [...inForce.values()],
    declaredList: readonly Resource[] = [...declared.values()],
  ) {
    this.#declared = declared;
    this.#declaredList = declaredList;
    this.#hidden = hidden;
    this.#applied = applied;
    this.#inForce = inForce;
    this.all = all;
  }

  get size(): number {
    return this.all.length;
  }

  /** A set with `resources` added, in their order; one of the same kind, namespace and name is replaced and its place kept. Costs what they cost. */
  apply(resources: readonly Resource[]): ResourceSet {
    const byName = new Map(resources.map((resource) => [resourceName(resource), resource]));
    const all = [...this.all];
    const put: [string, Resource][] = [];
    for (const [name, resource] of byName) {
      const known = this.#inForce.get(name);
      if (known !== undefined && sameParts(known, resource)) continue;
      const order = known?.order ?? all.length;
      all[order] = Object.freeze({ ...resource, order });
      put.push([name, all[order]]);
    }
    return new ResourceSet(this.#declared, this.#hidden, LayeredMap.of(this.#applied).with([], byName), LayeredMap.of(this.#inForce).with([], put), all, this.#declaredList);
  }

  /** A set without what `reference` means, see {@link ResourceSet.get}; this very set when that is nothing. */
  delete(reference: ResourceReference): ResourceSet {
    const gone = this.get(reference).map(resourceName);
    if (gone.length === 0) return this;
    const applied = new Map(this.#applied);
    for (const name of gone) applied.delete(name);
    const hidden = new Set([...this.#hidden, ...gone.filter((name) => this.#declared.has(name))]);
    return this.#changed(this.#declared, hidden, applied);
  }

  /**
   * A set whose declared resources are these and no others; of several with one name the last counts, in the place of the
   * first. Who speaks last decides: what was applied or deleted meanwhile stays so, until the declared resource of that
   * name is another than before.
   */
  declare(resources: readonly Resource[]): ResourceSet {
    const edited = this.#editedIn(resources);
    if (edited !== undefined) return this.#withEdited(edited, resources);
    const declared = new Map(resources.map((resource) => [resourceName(resource), resource]));
    const hidden = new Set([...this.#hidden].filter((name) => declared.has(name)));
    const applied = new Map(this.#applied);
    for (const [name, resource] of declared) {
      const before = this.#declared.get(name);
      if (before !== undefined && sameContent(before, resource)) continue;
      hidden.delete(name);
      applied.delete(name);
    }
    return this.#changed(declared, hidden, applied);
  }

  /** Those of `resources` that are other than they were declared; `undefined`: what there is, and where, is other too. */
  #editedIn(resources: readonly Resource[]): readonly Resource[] | undefined {
    if (resources.length !== this.#declaredList.length) return undefined;
    const edited: Resource[] = [];
    for (const [at, known] of this.#declaredList.entries()) {
      const resource = resources[at]!;
      if (known.name !== resource.name || known.namespace !== resource.namespace || known.kind !== resource.kind) return undefined;
      if (!sameParts(known, resource)) edited.push(resource);
    }
    return edited.some((resource) => this.#hidden.has(resourceName(resource))) ? undefined : edited;
  }

  /** A set where `edited` are declared instead of those of their names, in their places. */
  #withEdited(edited: readonly Resource[], declared: readonly Resource[]): ResourceSet {
    const byName = edited.map((resource) => [resourceName(resource), resource] as const);
    const speaking = byName.filter(([name, resource]) => !sameContent(this.#declared.get(name)!, resource));
    const applied = new Map(this.#applied);
    for (const [name] of speaking) applied.delete(name);
    const all = [...this.all];
    const put = byName.filter(([name]) => !applied.has(name)).map(([name, resource]) => {
      const { order } = this.#inForce.get(name)!;
      return [name, (all[order] = Object.freeze({ ...resource, order }))] as const;
    });
    return new ResourceSet(LayeredMap.of(this.#declared).with([], byName), this.#hidden, applied, LayeredMap.of(this.#inForce).with([], put), all, declared);
  }

  /** Whether the resource of that name (see `resourceName`) is in force as it was declared. */
  isAsDeclared(name: string): boolean {
    return this.#declared.has(name) && !this.#hidden.has(name) && !this.#applied.has(name);
  }

  /** Whether this set and `other` are the same resources, from the same places, in the same order. */
  equals(other: ResourceSet): boolean {
    return sameItems(this.all, other.all);
  }

  #changed(declared: ByName, hidden: ReadonlySet<string>, applied: ByName): ResourceSet {
    return new ResourceSet(declared, hidden, applied, inForce(declared, hidden, applied, this.#inForce));
  }

  /** What is different since `before`. */
  changesSince(before: ResourceSet): ResourceChanges {
    const added: string[] = [];
    const updated: string[] = [];
    const { start, endA, endB } = between(this.all, before.all);
    for (const resource of this.all.slice(start, endA)) {
      const name = resourceName(resource);
      const old = before.#inForce.get(name);
      if (old === undefined) added.push(name);
      else if (old !== resource && !sameContent(old, resource)) updated.push(name);
    }
    return { added, updated, deleted: before.all.slice(start, endB).map(resourceName).filter((name) => !this.#inForce.has(name)) };
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
