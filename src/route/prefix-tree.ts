/**
 * A node of a radix tree over prefixes. Walking down with a path meets, and meets only, the nodes whose prefix the path
 * begins with, so that thousands of prefixes cost as much as a few.
 */
export class PrefixNode {
  /** What this node adds to its parent's prefix; empty for the root. */
  readonly edge: string;
  /** By the first character code of their edges. */
  readonly children = new Map<number, PrefixNode>();
  /** Ascending positions of the routes that have exactly this prefix. */
  readonly positions: number[] = [];

  constructor(edge = '') {
    this.edge = edge;
  }

  /** Files `position`, which must be larger than any before, under `prefix`. */
  insert(prefix: string, position: number): void {
    if (prefix === '') {
      this.positions.push(position);
      return;
    }
    const code = prefix.charCodeAt(0);
    const child = this.children.get(code);
    if (child === undefined) {
      const leaf = new PrefixNode(prefix);
      leaf.positions.push(position);
      this.children.set(code, leaf);
      return;
    }
    const shared = sharedLength(child.edge, prefix);
    if (shared === child.edge.length) {
      child.insert(prefix.slice(shared), position);
      return;
    }
    const fork = new PrefixNode(prefix.slice(0, shared));
    const rest = child.#withEdge(child.edge.slice(shared));
    fork.children.set(rest.edge.charCodeAt(0), rest);
    this.children.set(code, fork);
    fork.insert(prefix.slice(shared), position);
  }

  /** The child whose edge `path` continues with at `at`, if any. */
  next(path: string, at: number): PrefixNode | undefined {
    const child = this.children.get(path.charCodeAt(at));
    return child !== undefined && path.startsWith(child.edge, at) ? child : undefined;
  }

  #withEdge(edge: string): PrefixNode {
    const copy = new PrefixNode(edge);
    for (const [code, child] of this.children) copy.children.set(code, child);
    copy.positions.push(...this.positions);
    return copy;
  }
}

function sharedLength(a: string, b: string): number {
  let length = 0;
  // Past its end a text has NaN, which equals nothing.
  while (a.charCodeAt(length) === b.charCodeAt(length)) length++;
  return length;
}
