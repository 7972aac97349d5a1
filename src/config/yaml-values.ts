import { isAlias, isMap, isScalar, isSeq, type Node, type Pair, type Scalar, type YAMLMap, type YAMLSeq } from 'yaml';
import { MAX_ALIASED_NODES, MAX_ALIASED_NODES_IN_TEXT, MAX_DEPTH, MAX_STRUCTURE_ISSUES } from './limits.ts';
import type { PositionIndex } from './position-index.ts';
import type { ReadBudget } from './read-options.ts';
import { resolvePlainScalar } from './yaml-scalars.ts';

/** Something wrong in a document's structure, at an offset into its text. */
export interface YamlProblem {
  readonly offset: number;
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
}

/** Where tools differ in how they read YAML. */
export interface YamlOptions {
  /** A key that overrides one brought in by `<<` is a duplicate, as for Kubernetes' strict decoder. */
  readonly strict: boolean;
  /** Unquoted `yes`, `on` and the like are booleans, as for Kubernetes. */
  readonly booleanWords: boolean;
  /** A key that is given twice passes, and the last one counts. */
  readonly repeatedKeys: boolean;
}

interface Anchored {
  readonly value: unknown;
  /** Nodes of the subtree with its own aliases expanded; `undefined` while the subtree is still being read. */
  readonly size: number | undefined;
}

const MERGE = '<<';

/** A second one at the top of a document is mostly a second resource, from which nothing parts the first. */
const OF_A_RESOURCE: ReadonlySet<string> = new Set(['apiVersion', 'kind', 'metadata', 'spec']);

/**
 * Makes plain values of one document's syntax tree and notes in `index` where each field stands.
 *
 * Aliases share their anchor's value, and what they would expand to is only counted, so that a small text cannot grow
 * large. Recursion ends at {@link MAX_DEPTH}.
 */
export class YamlValues {
  readonly problems: YamlProblem[] = [];
  readonly #index: PositionIndex;
  readonly #options: YamlOptions;
  readonly #anchors = new Map<string, Anchored>();
  readonly #budget: ReadBudget;
  #nodes = 0;
  #aliased = 0;
  #overdrawn = false;

  constructor(index: PositionIndex, options: YamlOptions, budget: ReadBudget) {
    this.#index = index;
    this.#options = options;
    this.#budget = budget;
  }

  /** The value of `node`; its place goes into the index under `name`. */
  read(node: unknown, name: string, keyOffset: number, depth = 0): unknown {
    const offset = startOf(node) ?? keyOffset;
    // An empty value stands nowhere of its own: after its key is where people look.
    const empty = isScalar(node) && node.source === '' && node.type === 'PLAIN';
    const entry = this.#index.open(name, keyOffset, empty ? keyOffset : offset);
    this.#nodes += 1;
    const anchor = isAlias(node) ? undefined : (node as Node | null)?.anchor;
    const before = this.#nodes + this.#aliased;
    if (anchor !== undefined) this.#anchors.set(anchor, { value: undefined, size: undefined });
    const value = this.#value(node, offset, depth);
    if (anchor !== undefined) this.#anchors.set(anchor, { value, size: this.#nodes + this.#aliased - before + 1 });
    this.#index.close(entry);
    return value;
  }

  #value(node: unknown, offset: number, depth: number): unknown {
    if (isScalar(node)) return this.#scalar(node);
    if (isAlias(node)) return this.#alias(node.source, offset);
    if (depth >= MAX_DEPTH) {
      this.#problem(offset, 'ERR_TOO_DEEP', `nesting must not be deeper than ${MAX_DEPTH} levels`);
      return null;
    }
    if (isSeq(node)) return this.#list(node, offset, depth);
    if (isMap(node)) return this.#map(node, offset, depth);
    return null;
  }

  #scalar(node: Scalar): unknown {
    if (node.type === 'PLAIN' && node.tag === undefined) {
      return resolvePlainScalar(node.source ?? '', this.#options.booleanWords);
    }
    // `!!int "3"` and the like: an explicit tag other than `!!str` reads the text as if it were not quoted.
    if (node.tag !== undefined && /:(?:int|float|bool|null)$/.test(node.tag)) {
      return resolvePlainScalar(String(node.value), true);
    }
    return node.value;
  }

  #alias(name: string, offset: number): unknown {
    const anchored = this.#anchors.get(name);
    if (anchored === undefined) {
      this.#problem(offset, 'ERR_YAML', `alias *${name} has no anchor &${name} before it`);
      return null;
    }
    if (anchored.size === undefined) {
      this.#problem(offset, 'ERR_YAML', `alias *${name} stands inside its own anchor`);
      return null;
    }
    if (this.#overdrawn) return null;
    this.#aliased += anchored.size;
    this.#budget.aliasedNodes -= anchored.size;
    if (this.#aliased <= MAX_ALIASED_NODES && this.#budget.aliasedNodes >= 0) return anchored.value;
    this.#overdrawn = true;
    const limits = `${MAX_ALIASED_NODES} values in a document, or ${MAX_ALIASED_NODES_IN_TEXT} in a text`;
    this.#problem(offset, 'ERR_TOO_MANY_ALIASES', `aliases must not expand to more than ${limits}`, 'write the values out');
    return null;
  }

  #list(node: YAMLSeq, offset: number, depth: number): unknown[] {
    return node.items.map((item) => this.read(item, '', startOf(item) ?? offset, depth + 1));
  }

  #map(node: YAMLMap, offset: number, depth: number): Record<string, unknown> {
    const map: Record<string, unknown> = {};
    const own = new Set<string>();
    const merged: Record<string, unknown>[] = [];
    for (const pair of node.items as Pair[]) {
      const keyOffset = startOf(pair.key) ?? offset;
      const key = this.#key(pair.key, keyOffset);
      if (key === undefined) continue;
      if (key === MERGE && isScalar(pair.key) && pair.key.type === 'PLAIN') {
        const value = this.read(pair.value, MERGE, keyOffset, depth + 1);
        for (const source of this.#mergeSources(value, keyOffset)) merged.push(source);
        continue;
      }
      if (own.has(key) && !this.#options.repeatedKeys) {
        this.#problem(
          keyOffset,
          'ERR_DUPLICATE_KEY',
          `key ${JSON.stringify(key)} is given twice in one map`,
          depth === 0 && OF_A_RESOURCE.has(key) ? 'remove one of them; where a further resource begins, put a line --- before it' : 'remove one of them',
        );
      }
      own.add(key);
      setOwn(map, key, this.read(pair.value, key, keyOffset, depth + 1));
    }
    for (const source of merged) this.#merge(map, source, own, offset);
    return map;
  }

  #merge(
    map: Record<string, unknown>,
    source: Record<string, unknown>,
    own: ReadonlySet<string>,
    offset: number,
  ): void {
    for (const [key, value] of Object.entries(source)) {
      if (!Object.hasOwn(map, key)) {
        setOwn(map, key, value);
      } else if (this.#options.strict && own.has(key)) {
        this.#problem(offset, 'ERR_DUPLICATE_KEY', `key ${JSON.stringify(key)} overrides the one that << brings in`);
      }
    }
  }

  #key(key: unknown, offset: number): string | undefined {
    if (isScalar(key)) {
      const text = key.type === 'PLAIN' ? (key.source ?? '') : String(key.value);
      if (key.anchor !== undefined) this.#anchors.set(key.anchor, { value: text, size: 1 });
      return text;
    }
    const value = isAlias(key) ? this.#alias(key.source, offset) : undefined;
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return String(value);
    this.#problem(offset, 'ERR_YAML', 'a key must be text, not a map or a list');
    return undefined;
  }

  #mergeSources(value: unknown, offset: number): Record<string, unknown>[] {
    // Null is also what an alias beyond the limit became, which is told already.
    const sources: unknown[] = Array.isArray(value) ? value : value === null ? [] : [value];
    return sources.filter((source): source is Record<string, unknown> => {
      const isMapping = typeof source === 'object' && source !== null && !Array.isArray(source);
      if (!isMapping) this.#problem(offset, 'ERR_YAML', '<< needs a map, or a list of maps, to merge');
      return isMapping;
    });
  }

  #problem(offset: number, code: string, message: string, hint?: string): void {
    if (this.problems.length < MAX_STRUCTURE_ISSUES) this.problems.push({ offset, code, message, hint });
  }
}

function startOf(node: unknown): number | undefined {
  return (node as Node | null | undefined)?.range?.[0];
}

/** Plain assignment, but for `__proto__`, which assignment would take for the prototype. */
export function setOwn(map: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__') {
    Object.defineProperty(map, key, { value, enumerable: true, writable: true, configurable: true });
  } else {
    map[key] = value;
  }
}
