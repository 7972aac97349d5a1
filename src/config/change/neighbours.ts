import type { Steps } from '../../common/steps.ts';
import { between } from '../between.ts';
import type { Resource } from '../resource.ts';
import { resourceName } from '../resource.ts';
import { sameParts } from '../same-content.ts';
import { endpointNames, namesOf, type NameContext, type Names } from './names.ts';

/** Beyond this a part is nearly the whole, or might as well be. */
const MAX_PART = 256;

/** A resource, or a key of `options.endpoints`, among others. */
interface Node {
  resource: Resource | undefined;
  /** What `resource` was at the move before, if that moved it. */
  before: Resource | undefined;
  movedAt: number;
  readonly endpoints: string | undefined;
  readonly names: Names;
}

/** The part of the resources that a change concerns, as it was and as it is, in order; and what of it changed. */
export interface Part {
  readonly before: readonly Resource[];
  readonly after: readonly Resource[];
  /** Keys of `options.endpoints`. */
  readonly endpoints: readonly string[];
  /** Whether something is younger or older than the resource of its name was. */
  readonly changesAges: boolean;
  readonly changesServices: boolean;
  /** Whether there are services in it only because rules send there: what has to do with these themselves is not all in it. */
  readonly hasProviders: boolean;
}

interface Move {
  readonly gone: readonly Node[];
  readonly come: readonly Node[];
}

/**
 * Knows which resources have to do with each other, by the names in them. Resources that have no name in common, not even by way of others, don't
 * see each other when they are compiled.
 */
export class Neighbours {
  #resources: readonly Resource[] = [];
  /** Of each of the resources. */
  #nodes: Node[] = [];
  readonly #context: NameContext;
  readonly #owners = new Map<string, Node[]>();
  readonly #askers = new Map<string, Node[]>();
  /** Wildcard hosts of services and of rules that callers are subject to, and how often. */
  readonly #wildcards = new Map<string, number>();
  readonly #defaults = new Set<Node>();
  readonly #namespaces = new Map<string, number>();
  readonly #endpoints: readonly string[];
  #moves = 0;
  /** Whether keys of endpoints may mean other hosts than they did. */
  #isOutdated = false;

  private constructor(context: NameContext, endpoints: readonly string[]) {
    this.#context = context;
    this.#endpoints = endpoints;
  }

  /** @param endpoints - keys of `options.endpoints` */
  static *of(resources: readonly Resource[], context: NameContext, endpoints: readonly string[]): Steps<Neighbours> {
    const made = new Neighbours(context, endpoints);
    for (const resource of resources) {
      const node = nodeOf(resource, context);
      made.#nodes.push(node);
      made.#add(node);
      yield;
    }
    made.#resources = resources;
    const { namespaces } = made;
    for (const key of endpoints) {
      made.#add({ resource: undefined, before: undefined, movedAt: 0, endpoints: key, names: endpointNames(key, context, namespaces) });
      yield;
    }
    return made;
  }

  get resources(): readonly Resource[] {
    return this.#resources;
  }

  /** Whether it knows these very resources. */
  isFor(resources: readonly Resource[]): boolean {
    return this.#resources === resources && !this.#isOutdated;
  }

  get namespaces(): Set<string> {
    return new Set(['default', this.#context.namespace, ...this.#namespaces.keys()]);
  }

  /**
   * Goes on to `resources`. Returns what of them, and of those before, has to do with the difference; `undefined`: too much, or anything.
   */
  move(resources: readonly Resource[]): Part | undefined {
    const known = this.#endpoints.length === 0 ? undefined : this.namespaces;
    const move = this.#move(resources);
    this.#isOutdated ||= known !== undefined && known.symmetricDifference(this.namespaces).size > 0;
    if (move === undefined || this.#isOutdated) return undefined;
    const found = this.#partOf(move);
    if (found === undefined) return undefined;
    const all = [...found.nodes, ...this.#defaults];
    const of = (nodes: readonly Node[], when: (node: Node) => Resource | undefined): Resource[] =>
      nodes.map(when).filter((resource) => resource !== undefined).sort((a, b) => a.order - b.order);
    const ages = new Map(move.gone.map((node) => [nameOf(node), this.#before(node)?.createdAtMs]));
    return {
      before: of([...all, ...move.gone], (node) => this.#before(node)),
      after: of([...all, ...move.come], (node) => node.resource),
      endpoints: all.map(({ endpoints }) => endpoints).filter((key) => key !== undefined),
      hasProviders: found.hasProviders,
      changesServices: [...move.gone, ...move.come].some(({ resource }) => resource?.kind.startsWith('Service') === true),
      changesAges: move.come.some((node) => ages.has(nameOf(node)) && ages.get(nameOf(node)) !== node.resource?.createdAtMs),
    };
  }

  #before(node: Node): Resource | undefined {
    return node.movedAt === this.#moves ? node.before : node.resource;
  }

  /** Whatever has to do with the difference and stays as it was. */
  #partOf({ gone, come }: Move): { readonly nodes: ReadonlySet<Node>; readonly hasProviders: boolean } | undefined {
    const changed = [...gone, ...come];
    const affected = new Set(changed);
    if (!this.#spread(affected, changed)) return undefined;
    const asking = changed.some(({ resource }) => resource?.kind !== 'VirtualService') ? this.#among(this.#askers, [...affected].flatMap(({ names }) => names.own)) : [];
    if (!this.#spread(affected, asking.filter((node) => !affected.has(node)))) return undefined;
    const part = new Set(affected);
    for (const provider of this.#among(this.#owners, [...affected].flatMap(({ names }) => names.asked))) {
      if (provider.resource?.kind === 'VirtualService') continue;
      part.add(provider);
      // With its endpoints, so that it comes to what it came to before.
      for (const other of this.#among(this.#owners, provider.names.own)) if (other.resource?.kind.startsWith('Endpoint') === true) part.add(other);
    }
    const hasProviders = part.size > affected.size;
    for (const node of changed) part.delete(node);
    return part.size > MAX_PART ? undefined : { nodes: part, hasProviders };
  }

  /** Adds `nodes` to `affected`, and all that they have names in common with. Returns whether it is known where that ends. */
  #spread(affected: Set<Node>, nodes: readonly Node[]): boolean {
    const queue = [...nodes];
    for (const node of queue) affected.add(node);
    for (let node = queue.pop(); node !== undefined; node = queue.pop()) {
      if (affected.size > MAX_PART || node.names.isWide || this.#isCovered(node.names.hosts)) return false;
      for (const other of this.#among(this.#owners, node.names.own)) {
        if (affected.has(other)) continue;
        affected.add(other);
        queue.push(other);
      }
    }
    return true;
  }

  #among(index: ReadonlyMap<string, readonly Node[]>, keys: readonly string[]): Node[] {
    return keys.flatMap((key) => index.get(key) ?? []);
  }

  #isCovered(hosts: readonly string[]): boolean {
    if (this.#wildcards.size === 0) return false;
    return hosts.some((host) => {
      const name = host.toLowerCase();
      for (let start = 0; start <= name.length; start++) if (this.#wildcards.has(`*${name.slice(start)}`)) return true;
      return false;
    });
  }

  /** `undefined`: others have changed places. */
  #move(after: readonly Resource[]): Move | undefined {
    const before = this.#resources;
    this.#moves++;
    const { start, endA, endB } = between(before, after);
    let [endBefore, endAfter] = [endA, endB];
    for (; endBefore > start && endAfter > start && isSame(before[endBefore - 1]!, after[endAfter - 1]!); endBefore--, endAfter--) {
      this.#renew(this.#nodes[endBefore - 1]!, after[endAfter - 1]!);
    }
    const middle = new Map(this.#nodes.slice(start, endBefore).map((node, i) => [nameOf(node), { node, place: i }]));
    const kept = new Set<Node>();
    const come: Node[] = [];
    let last = -1;
    let inOrder = true;
    const nodes = after.slice(start, endAfter).map((resource) => {
      const known = middle.get(resourceName(resource));
      if (known !== undefined) {
        inOrder &&= known.place > last;
        last = known.place;
        if (isSame(known.node.resource!, resource)) {
          kept.add(known.node);
          this.#renew(known.node, resource);
          return known.node;
        }
      }
      const node = nodeOf(resource, this.#context);
      come.push(node);
      return node;
    });
    const gone = this.#nodes.slice(start, endBefore).filter((node) => !kept.has(node));
    this.#nodes = this.#nodes.slice(0, start).concat(nodes, this.#nodes.slice(endBefore));
    this.#resources = after;
    for (const node of gone) this.#remove(node);
    for (const node of come) this.#add(node);
    return inOrder ? { gone, come } : undefined;
  }

  #renew(node: Node, resource: Resource): void {
    if (node.resource === resource) return;
    node.before = node.resource;
    node.movedAt = this.#moves;
    node.resource = resource;
  }

  #add(node: Node): void {
    const { own, asked, hosts, isWide, isDefault } = node.names;
    for (const key of new Set(own)) append(this.#owners, key, node);
    for (const key of asked) append(this.#askers, key, node);
    if (isDefault === true) this.#defaults.add(node);
    if (isWide) for (const host of hosts) if (host.startsWith('*')) count(this.#wildcards, host.toLowerCase(), 1);
    if (node.resource !== undefined) count(this.#namespaces, node.resource.namespace, 1);
  }

  #remove(node: Node): void {
    const { own, asked, hosts, isWide } = node.names;
    for (const key of new Set(own)) drop(this.#owners, key, node);
    for (const key of asked) drop(this.#askers, key, node);
    this.#defaults.delete(node);
    if (isWide) for (const host of hosts) if (host.startsWith('*')) count(this.#wildcards, host.toLowerCase(), -1);
    if (node.resource !== undefined) count(this.#namespaces, node.resource.namespace, -1);
  }
}

function nodeOf(resource: Resource, context: NameContext): Node {
  return { resource, before: undefined, movedAt: 0, endpoints: undefined, names: namesOf(resource, context) };
}

function nameOf({ resource }: Node): string {
  return resource === undefined ? '' : resourceName(resource);
}

/** Whether `b` is `a`, or `a` at another place among others. */
function isSame(a: Resource, b: Resource): boolean {
  return a === b || (a.name === b.name && a.namespace === b.namespace && a.kind === b.kind && sameParts(a, b));
}

function append(index: Map<string, Node[]>, key: string, node: Node): void {
  const list = index.get(key);
  if (list === undefined) index.set(key, [node]);
  else list.push(node);
}

function drop(index: Map<string, Node[]>, key: string, node: Node): void {
  const rest = index.get(key)?.filter((other) => other !== node) ?? [];
  if (rest.length === 0) index.delete(key);
  else index.set(key, rest);
}

function count(counts: Map<string, number>, key: string, change: number): void {
  const sum = (counts.get(key) ?? 0) + change;
  if (sum === 0) counts.delete(key);
  else counts.set(key, sum);
}
