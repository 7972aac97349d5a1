import type { Location } from '../common/origin.ts';
import type { ConfigDocument, ParsedDocuments } from './document.ts';
import { childPath } from './field-path.ts';
import { shortened, type ConfigIssue } from './issue.ts';
import { MAX_DEPTH, MAX_OBJECT_NODES, MAX_STRUCTURE_ISSUES } from './limits.ts';
import { setOwn } from './yaml-values.ts';

/** The file name of what has none. */
export const INLINE = '<inline>';

/** A plain object (or a list of them) as documents. Copies it, so that later changes by the caller don't reach the rules. */
export function objectDocuments(object: unknown, name = INLINE): ParsedDocuments {
  const place: Location = { file: name, line: 1, column: 1 };
  const issues: ConfigIssue[] = [];
  const value = new ObjectCopier((path, message) => {
    if (issues.length >= MAX_STRUCTURE_ISSUES) return;
    issues.push(shortened({ severity: 'error', code: 'ERR_INVALID_OBJECT', resource: '', path, value: '', message, ...place }));
  }).copy(object);
  if (issues.length > 0) return { documents: [], issues };
  const here = (): Location => place;
  const documents = (Array.isArray(value) ? value : [value])
    .filter((entry) => entry !== null)
    .map((entry): ConfigDocument => ({ value: entry, locate: here, locateKey: here, locateInText: here }));
  return { documents, issues };
}

/** Copies what JSON would hold of a value; objects that tell their own JSON form (dates) are asked for it. */
class ObjectCopier {
  readonly #refuse: (path: string, message: string) => void;
  #left = MAX_OBJECT_NODES;

  constructor(refuse: (path: string, message: string) => void) {
    this.#refuse = refuse;
  }

  copy(value: unknown): unknown {
    try {
      return this.#copy(value, '', 0);
    } catch (error) {
      // A getter, a proxy or a toJSON of the caller's.
      return this.#refused('', `could not be read: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  #copy(value: unknown, path: string, depth: number): unknown {
    if (value === null || value === undefined) return null;
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
    if (typeof value !== 'object') return this.#refused(path, `must be JSON data, got a ${typeof value}`);
    // Depth also ends objects that contain themselves, the count those that share their parts over and over.
    if (depth > MAX_DEPTH) {
      return this.#refused(
        path,
        `nesting must not be deeper than ${MAX_DEPTH} levels; does the object contain itself?`,
      );
    }
    if (this.#left-- <= 0) {
      return this.#left === -1
        ? this.#refused(path, `an object must not have more than ${MAX_OBJECT_NODES} parts`)
        : null;
    }
    if (Array.isArray(value)) {
      return Array.from(value, (entry, at) => this.#copy(entry, childPath(path, at), depth + 1));
    }
    if (typeof (value as { toJSON?: unknown }).toJSON === 'function') {
      return this.#copy((value as { toJSON: () => unknown }).toJSON(), path, depth + 1);
    }
    const type = Object.prototype.toString.call(value);
    if (type !== '[object Object]') return this.#refused(path, `must be JSON data, got ${type}`);
    const copy: Record<string, unknown> = {};
    for (const [key, entry] of Object.entries(value)) {
      if (entry !== undefined) setOwn(copy, key, this.#copy(entry, childPath(path, key), depth + 1));
    }
    return copy;
  }

  #refused(path: string, message: string): null {
    this.#refuse(path, message);
    return null;
  }
}
