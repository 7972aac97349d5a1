import type { Location, Origin } from '../common/origin.ts';

/**
 * One resource as the compiler wants it: names and namespace filled in, `spec` in camelCase, checked. For kinds without a
 * `spec` (ConfigMap, EndpointSlice, Endpoints) `spec` is the document's own body.
 */
export interface Resource<Kind extends string = string, Spec = unknown> {
  readonly kind: Kind;
  readonly apiVersion: string;
  readonly name: string;
  /** `default` when the document has none. */
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** Milliseconds since the epoch; 0 when the document has no `creationTimestamp`. */
  readonly createdAtMs: number;
  /** Order of arrival, which is the order of creation of resources without `creationTimestamp`. A replaced resource keeps its place. */
  readonly order: number;
  readonly spec: Spec;
  /** Where a field stands in its source; the nearest parent's place when the field itself is absent. */
  readonly locate: (path: string) => Location;
}

/** The place of `path` in `resource`, for explanations and errors. */
export function originOf(resource: Resource, path = ''): Origin {
  const { kind, namespace, name } = resource;
  return { kind, namespace, name, path, ...resource.locate(path) };
}

/** `VirtualService default/reviews` */
export function resourceName(resource: Pick<Resource, 'kind' | 'namespace' | 'name'>): string {
  return `${resource.kind} ${resource.namespace}/${resource.name}`;
}
