/** Stands for a key that is not there any more. */
const GONE = Symbol('gone');

/** More changes than this, beside a share of the map, are worth a copy. */
const MAX_CHANGES = 64;
const MAX_SHARE = 16;

/**
 * A map that never changes, and gives others that differ in a few entries for the price of these few: they share what is the same. A key that is
 * set again keeps its place, as in a `Map`.
 */
export class LayeredMap<K, V> implements ReadonlyMap<K, V> {
  readonly size: number;
  readonly #base: ReadonlyMap<K, V>;
  readonly #changes: ReadonlyMap<K, V | typeof GONE>;

  private constructor(base: ReadonlyMap<K, V>, changes: ReadonlyMap<K, V | typeof GONE>, size: number) {
    this.#base = base;
    this.#changes = changes;
    this.size = size;
  }

  /** @param map - not to be changed any more; one that is layered already is itself */
  static of<K, V>(map: ReadonlyMap<K, V>): LayeredMap<K, V> {
    return map instanceof LayeredMap ? (map as LayeredMap<K, V>) : new LayeredMap(map, new Map(), map.size);
  }

  /** A map without the keys of `gone` and with the entries of `come`; a key of both keeps its place. */
  with(gone: Iterable<K>, come: Iterable<readonly [K, V]>): LayeredMap<K, V> {
    const changes = new Map(this.#changes);
    let { size } = this;
    const put = (key: K, value: V | typeof GONE): void => {
      const known = changes.get(key);
      const isThere = known === undefined ? this.#base.has(key) : known !== GONE;
      size += Number(value !== GONE) - Number(isThere);
      // What is in no base needs no mark that it is gone.
      if (value === GONE && !this.#base.has(key)) changes.delete(key);
      else changes.set(key, value);
    };
    for (const key of gone) put(key, GONE);
    for (const [key, value] of come) put(key, value);
    const made = new LayeredMap(this.#base, changes, size);
    return changes.size <= MAX_CHANGES + this.#base.size / MAX_SHARE ? made : new LayeredMap(new Map(made), new Map(), size);
  }

  get(key: K): V | undefined {
    const changed = this.#changes.size === 0 ? undefined : this.#changes.get(key);
    if (changed === undefined) return this.#base.get(key);
    return changed === GONE ? undefined : changed;
  }

  has(key: K): boolean {
    return this.get(key) !== undefined;
  }

  *entries(): MapIterator<[K, V]> {
    for (const [key, value] of this.#base) {
      const changed = this.#changes.get(key);
      if (changed !== GONE) yield [key, changed ?? value];
    }
    for (const [key, value] of this.#changes) if (value !== GONE && !this.#base.has(key)) yield [key, value];
  }

  *keys(): MapIterator<K> {
    for (const [key] of this.entries()) yield key;
  }

  *values(): MapIterator<V> {
    for (const [, value] of this.entries()) yield value;
  }

  [Symbol.iterator](): MapIterator<[K, V]> {
    return this.entries();
  }

  forEach(callback: (value: V, key: K, map: ReadonlyMap<K, V>) => void): void {
    for (const [key, value] of this.entries()) callback(value, key, this);
  }

  /** The keys under which `other` may have another value than this one; `undefined`: any, for the two have nothing in common. */
  differences(other: ReadonlyMap<K, V>): Set<K> | undefined {
    if (other === this.#base) return new Set(this.#changes.keys());
    if (!(other instanceof LayeredMap) || (other as LayeredMap<K, V>).#base !== this.#base) return undefined;
    return new Set([...this.#changes.keys(), ...(other as LayeredMap<K, V>).#changes.keys()]);
  }
}
