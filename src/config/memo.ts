import type { Resource } from './resource.ts';

/**
 * What was made of an object before, for as long as all else that it depends on is the same. So compiling after a small change
 * is little work, and gives the very objects of before wherever nothing changed.
 */
export class Memo<Key extends object, Value> {
  readonly #entries = new WeakMap<Key, Entry<Value>>();

  /** @param on - everything that `make` looks at beside `key`; compared one by one, by identity */
  of(key: Key, on: readonly unknown[], make: () => Value): Value {
    const known = this.#entries.get(key);
    if (known !== undefined && sameItems(known.on, on)) return known.value;
    const value = make();
    this.#entries.set(key, { within: undefined, on, value });
    return value;
  }

  /**
   * As {@link of}, where to say what it depends on is work in itself: that is only asked for in other surroundings than the last time.
   *
   * @param surroundings - stands for everything that `on` is made of, beside `key`: another object as soon as any of that is another
   */
  within(surroundings: object, key: Key, on: () => readonly unknown[], make: () => Value): Value {
    const known = this.#entries.get(key);
    if (known?.within === surroundings) return known.value;
    const value = this.of(key, on(), make);
    this.#entries.get(key)!.within = surroundings;
    return value;
  }
}

/** What was made, and of what. */
interface Entry<Value> {
  within: object | undefined;
  readonly on: readonly unknown[];
  readonly value: Value;
}

/** The same for what is made of a resource, whatever its place among the others (`order`), which may shift without any change of its own. */
export class ResourceMemo<Value> {
  readonly #memo = new Memo<object, Value>();

  of({ spec, locate, labels, annotations, createdAtMs }: Resource, on: readonly unknown[], make: () => Value): Value {
    return this.#memo.of(spec as object, [locate, labels, annotations, createdAtMs, ...on], make);
  }
}

/** The same for what is made once in each compile. */
export class Latest<Value> {
  readonly #memo = new Memo<this, Value>();

  of(on: readonly unknown[], make: () => Value): Value {
    return this.#memo.of(this, on, make);
  }
}

/** Whether two lists hold the same objects in the same order. */
export function sameItems(a: readonly unknown[], b: readonly unknown[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
