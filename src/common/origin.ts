/** A place in a source text; `line` and `column` count from 1. */
export interface Location {
  /** File path, or the name given to a text; `<inline>` when it has none. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** Which resource (and which part of it) something in a snapshot comes from. Explanations and errors print it. */
export interface Origin extends Partial<Location> {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  /** Path inside the resource, such as `spec.http[1].match[0]`; empty for the whole. */
  readonly path: string;
}

/** `VirtualService default/reviews spec.http[1] (mesh/reviews.yaml:12)`. */
export function formatOrigin(origin: Origin): string {
  const path = origin.path === '' ? '' : ` ${origin.path}`;
  const place = origin.file === undefined ? '' : ` (${origin.file}${origin.line === undefined ? '' : `:${origin.line}`})`;
  return `${origin.kind} ${origin.namespace}/${origin.name}${path}${place}`;
}
