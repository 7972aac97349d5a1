import type { Resource } from '../resource.ts';

const CLUSTER_WIDE = ['Namespace', 'Node'];

/** `VirtualService default/reviews`; `Namespace shop`. */
export function nameOf(resource: Pick<Resource, 'kind' | 'namespace' | 'name'>): string {
  return `${resource.kind} ${fullName(resource)}`;
}

/** `default/reviews`; of what has no namespace its name. */
export function fullName({ kind, namespace, name }: Pick<Resource, 'kind' | 'namespace' | 'name'>): string {
  return CLUSTER_WIDE.includes(kind) ? name : `${namespace}/${name}`;
}

/** `name`, or `namespace/name`, as a full name. Source: istio `resource.NewShortOrFullName`. */
export function resolveName(name: string, namespace: string): string {
  return name.includes('/') ? name : `${namespace}/${name}`;
}

/** As many names are told at most: of thousands with the same fault each would name all the others. */
const MOST_NAMES = 100;

/** `items` with `separator` between them; of very many the first. */
export function joined(items: readonly (string | number)[], separator: string): string {
  return items.length <= MOST_NAMES ? items.join(separator) : [...items.slice(0, MOST_NAMES), '…'].join(separator);
}

/** As Go prints a list: `[a b]`. */
export function goList(items: readonly (string | number)[]): string {
  return `[${joined(items, ' ')}]`;
}
