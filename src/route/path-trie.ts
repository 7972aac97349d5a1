/** What is filed in a trie: the whole path, or how it begins. */
export interface PathKey {
  readonly text: string;
  readonly kind: 'exact' | 'prefix';
}

// What a node takes in the table: where its edge, its children and its positions are, and how many.
const EDGE = 0;
const EDGE_LENGTH = 1;
const CHILDREN = 2;
const CHILD_COUNT = 3;
const PREFIXES = 4;
const PREFIX_COUNT = 5;
const EXACTS = 6;
const EXACT_COUNT = 7;
const NODE_SIZE = 8;

/** Up to so many children are looked at in turn, more are halved. */
const LINEAR_CHILDREN = 6;

/**
 * Finds all keys that a path equals or begins with, in one walk along the path, however many keys there are.
 *
 * All of it lies in one list of numbers: among thousands of routes a decision costs what it misses in the processor's caches, and objects
 * that point to objects miss at every step.
 */
export class PathTrie {
  /** The nodes, the root first; then edges (character codes), children (first code of the edge, node; by code) and positions (ascending). */
  readonly #table: Int32Array;

  /** @param keys - by position; `undefined`: not in the trie */
  constructor(keys: readonly (PathKey | undefined)[]) {
    this.#table = flatten(grow(keys));
  }

  /**
   * The first position before `best` whose key fits `path` up to `end` and that `holds` agrees to; else `best`.
   *
   * @param subject - handed to `holds`, so that it need not be a closure
   */
  first<T>(path: string, end: number, best: number, holds: (position: number, subject: T) => boolean, subject: T): number {
    const table = this.#table;
    let node = 0;
    let at = 0;
    let found = best;
    for (;;) {
      found = firstOf(table, table[node + PREFIXES]!, table[node + PREFIX_COUNT]!, found, holds, subject);
      if (at === end) return firstOf(table, table[node + EXACTS]!, table[node + EXACT_COUNT]!, found, holds, subject);
      node = childOf(table, node, path.charCodeAt(at));
      if (node < 0) return found;
      const length = table[node + EDGE_LENGTH]!;
      if (at + length > end) return found;
      const edge = table[node + EDGE]!;
      // The first character has led here.
      for (let i = 1; i < length; i++) if (table[edge + i] !== path.charCodeAt(at + i)) return found;
      at += length;
    }
  }
}

function firstOf<T>(table: Int32Array, start: number, count: number, best: number, holds: (position: number, subject: T) => boolean, subject: T): number {
  for (let i = start; i < start + count; i++) {
    const position = table[i]!;
    if (position >= best) return best;
    if (holds(position, subject)) return position;
  }
  return best;
}

/** The child whose edge begins with `code`, or -1. */
function childOf(table: Int32Array, node: number, code: number): number {
  const first = table[node + CHILDREN]!;
  let low = 0;
  let high = table[node + CHILD_COUNT]!;
  while (high - low > LINEAR_CHILDREN) {
    const middle = (low + high) >>> 1;
    if (table[first + 2 * middle]! <= code) low = middle;
    else high = middle;
  }
  for (let at = first + 2 * low; at < first + 2 * high; at += 2) if (table[at] === code) return table[at + 1]!;
  return -1;
}

/** A node while the trie grows. */
interface Branch {
  edge: string;
  children: Map<number, Branch>;
  readonly prefixes: number[];
  readonly exacts: number[];
}

function branch(edge: string): Branch {
  return { edge, children: new Map(), prefixes: [], exacts: [] };
}

function grow(keys: readonly (PathKey | undefined)[]): Branch {
  const root = branch('');
  keys.forEach((key, position) => {
    if (key === undefined) return;
    const { text, kind } = key;
    // No recursion: thousands of prefixes may be within each other.
    let node = root;
    for (let at = 0; at < text.length; at += node.edge.length) node = childOn(node, text, at);
    (kind === 'exact' ? node.exacts : node.prefixes).push(position);
  });
  return root;
}

/** The child that `text` leads to from `at` on; made, or its edge shortened, where there is none such. */
function childOn(node: Branch, text: string, at: number): Branch {
  const code = text.charCodeAt(at);
  const child = node.children.get(code);
  if (child === undefined) {
    const leaf = branch(text.slice(at));
    node.children.set(code, leaf);
    return leaf;
  }
  const shared = sharedLength(child.edge, text, at);
  if (shared === child.edge.length) return child;
  const fork = branch(child.edge.slice(0, shared));
  child.edge = child.edge.slice(shared);
  fork.children.set(child.edge.charCodeAt(0), child);
  node.children.set(code, fork);
  return fork;
}

/** How far `edge` and `text` from `at` on are equal. */
function sharedLength(edge: string, text: string, at: number): number {
  let length = 0;
  while (length < edge.length && edge.charCodeAt(length) === text.charCodeAt(at + length)) length++;
  return length;
}

function flatten(root: Branch): Int32Array {
  const branches = [root];
  // Breadth first; the list grows while it is gone through.
  for (const { children } of branches) for (const child of [...children.values()].sort((a, b) => a.edge.charCodeAt(0) - b.edge.charCodeAt(0))) branches.push(child);
  const table: number[] = Array.from({ length: branches.length * NODE_SIZE });
  let nextChild = 1;
  branches.forEach(({ edge, children, prefixes, exacts }, index) => {
    const place = (numbers: readonly number[]): number => {
      const start = table.length;
      for (const one of numbers) table.push(one);
      return start;
    };
    const firstChild = nextChild;
    nextChild += children.size;
    const codesAndNodes = branches.slice(firstChild, nextChild).flatMap((child, i) => [child.edge.charCodeAt(0), (firstChild + i) * NODE_SIZE]);
    const node = index * NODE_SIZE;
    table[node + EDGE] = place(Array.from(edge, (_, i) => edge.charCodeAt(i)));
    table[node + EDGE_LENGTH] = edge.length;
    table[node + CHILDREN] = place(codesAndNodes);
    table[node + CHILD_COUNT] = children.size;
    table[node + PREFIXES] = place(prefixes);
    table[node + PREFIX_COUNT] = prefixes.length;
    table[node + EXACTS] = place(exacts);
    table[node + EXACT_COUNT] = exacts.length;
  });
  return Int32Array.from(table);
}
