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
    // No recursion: thousands of prefixes may be within each other.
    let node = this.#childOn(prefix, 0);
    for (let at = node.edge.length; at < prefix.length; at += node.edge.length) node = node.#childOn(prefix, at);
    node.positions.push(position);
  }

  /** The child that `prefix` leads to from `at` on; made, or its edge shortened, where there is none such. */
  #childOn(prefix: string, at: number): PrefixNode {
    const code = prefix.charCodeAt(at);
    const child = this.children.get(code);
    if (child === undefined) {
      const leaf = new PrefixNode(prefix.slice(at));
      this.children.set(code, leaf);
      return leaf;
    }
    const shared = sharedLength(child.edge, prefix, at);
    if (shared === child.edge.length) return child;
    const fork = new PrefixNode(child.edge.slice(0, shared));
    const rest = child.#withEdge(child.edge.slice(shared));
    fork.children.set(rest.edge.charCodeAt(0), rest);
    this.children.set(code, fork);
    return fork;
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

/** How far `edge` and `text` from `at` on are equal. */
function sharedLength(edge: string, text: string, at: number): number {
  let length = 0;
  while (length < edge.length && edge.charCodeAt(length) === text.charCodeAt(at + length)) length++;
  return length;
}
