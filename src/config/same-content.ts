import type { Resource } from './resource.ts';

/** Whether two resources say the same, wherever they are written. */
export function sameContent(a: Resource, b: Resource): boolean {
  return (
    a.apiVersion === b.apiVersion &&
    a.createdAtMs === b.createdAtMs &&
    sameData(a.labels, b.labels) &&
    sameData(a.annotations, b.annotations) &&
    sameData(a.spec, b.spec)
  );
}

/** Of two resources of one name: whether they are made of the same objects. */
export function sameParts(a: Resource, b: Resource): boolean {
  return (
    a.spec === b.spec &&
    a.locate === b.locate &&
    a.labels === b.labels &&
    a.annotations === b.annotations &&
    a.createdAtMs === b.createdAtMs &&
    a.apiVersion === b.apiVersion
  );
}

/** Deep equality of JSON-like data. The order of fields does not count, an undefined field is as none. */
export function sameData(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    return Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((entry, at) => sameData(entry, b[at]));
  }
  return sameFields(a as Record<string, unknown>, b as Record<string, unknown>);
}

function sameFields(a: Readonly<Record<string, unknown>>, b: Readonly<Record<string, unknown>>): boolean {
  for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
    // What an object inherits is no field of it, whatever a document calls its labels.
    const [left, right] = [Object.hasOwn(a, key) ? a[key] : undefined, Object.hasOwn(b, key) ? b[key] : undefined];
    if (!sameData(left, right)) return false;
  }
  return true;
}
