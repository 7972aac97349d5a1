import type { Location } from '../common/origin.ts';
import type { ConfigDocument, ParsedDocuments } from './document.ts';
import type { ConfigIssue } from './issue.ts';
import { MAX_DEPTH } from './limits.ts';
import { childPath } from './field-path.ts';
import { setOwn } from './yaml-values.ts';

/** A plain object (or a list of them) as documents. Copies it, so that later changes by the caller don't reach the rules. */
export function objectDocuments(object: unknown, name = '<inline>'): ParsedDocuments {
  const place: Location = { file: name, line: 1, column: 1 };
  const issues: ConfigIssue[] = [];
  const copier = new ObjectCopier((path, message) => {
    issues.push({ severity: 'error', code: 'ERR_INVALID_OBJECT', resource: '', path, value: '', message, ...place });
  });
  const value = copier.copy(object, '', 0);
  if (issues.length > 0) return { documents: [], issues };
  const documents = (Array.isArray(value) ? value : [value])
    .filter((entry) => entry !== null)
    .map((entry): ConfigDocument => ({ value: entry, locate: () => place, locateKey: () => place }));
  return { documents, issues };
}

class ObjectCopier {
  readonly #refuse: (path: string, message: string) => void;

  constructor(refuse: (path: string, message: string) => void) {
    this.#refuse = refuse;
  }

  copy(value: unknown, path: string, depth: number): unknown {
    if (value === null || value === undefined) return null;
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
    if (typeof value !== 'object') return this.#refused(path, `must be JSON data, got a ${typeof value}`);
    // Depth also ends objects that contain themselves.
    if (depth > MAX_DEPTH) return this.#refused(path, `nesting must not be deeper than ${MAX_DEPTH} levels; does the object contain itself?`);
    if (Array.isArray(value)) return value.map((entry, at) => this.copy(entry, childPath(path, at), depth + 1));
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== null && Object.getPrototypeOf(prototype) !== null) return this.#refused(path, `must be JSON data, got an instance of ${className(value)}`);
    const copy: Record<string, unknown> = {};
    for (const [key, entry] of Object.entries(value)) {
      if (entry !== undefined) setOwn(copy, key, this.copy(entry, childPath(path, key), depth + 1));
    }
    return copy;
  }

  #refused(path: string, message: string): null {
    this.#refuse(path, message);
    return null;
  }
}

function className(value: object): string {
  const { constructor } = value as { constructor?: unknown };
  return typeof constructor === 'function' ? constructor.name : 'a class';
}
