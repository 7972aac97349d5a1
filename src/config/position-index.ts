import { parsePath } from './field-path.ts';
import { sameField } from './spelling.ts';

/** From here on it pays to remember how far a list was walked. */
const LONG_LIST = 64;

/** Where one field stands, as offsets into the source text. */
export interface FieldOffsets {
  /** Offset of the key; of the value for list entries and the document itself. */
  readonly key: number;
  readonly value: number;
  /** Whether the path was found to its end; else the offsets are those of its nearest parent. */
  readonly found: boolean;
}

/**
 * Where every field of a file stands, at about three numbers a field instead of a syntax tree: nodes in document order,
 * each with its key, its offsets and the number of the first node after its subtree.
 */
export class PositionIndex {
  readonly #names: string[] = [];
  readonly #keys: number[] = [];
  readonly #values: number[] = [];
  readonly #ends: number[] = [];
  /** How far long lists have been walked: entries are mostly asked for in turn. By the list's number. */
  readonly #reached = new Map<number, { readonly index: number; readonly node: number }>();

  /** How many nodes there are: the number of the next one. */
  get size(): number {
    return this.#names.length;
  }

  /** Adds a node; {@link close} ends its subtree. Gives its number. */
  open(name: string, key: number, value: number): number {
    this.#keys.push(key);
    this.#values.push(value);
    this.#ends.push(0);
    return this.#names.push(name) - 1;
  }

  close(node: number): void {
    this.#ends[node] = this.#names.length;
  }

  /** The place of `path` below the node `root`. */
  find(root: number, path: string): FieldOffsets {
    let node = root;
    let found = true;
    for (const step of parsePath(path)) {
      const child = typeof step === 'number' ? this.#entry(node, step) : this.#field(node, step);
      if (child === -1) {
        found = false;
        break;
      }
      node = child;
    }
    return { key: this.#keys[node] ?? 0, value: this.#values[node] ?? 0, found };
  }

  #field(parent: number, name: string): number {
    const end = this.#ends[parent] ?? 0;
    let alike = -1;
    for (let node = parent + 1; node < end; node = this.#ends[node]!) {
      if (this.#names[node] === name) return node;
      if (alike === -1 && sameField(this.#names[node]!, name)) alike = node;
    }
    return alike;
  }

  #entry(parent: number, index: number): number {
    const end = this.#ends[parent] ?? 0;
    const reached = this.#reached.get(parent);
    let at = 0;
    let node = parent + 1;
    if (reached !== undefined && reached.index <= index) ({ index: at, node } = reached);
    for (; node < end && at < index; at++) node = this.#ends[node]!;
    if (node >= end) return -1;
    if (index >= LONG_LIST) this.#reached.set(parent, { index, node });
    return node;
  }
}
