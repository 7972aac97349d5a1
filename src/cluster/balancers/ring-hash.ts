import type { Hash64 } from '../../common/hash64.ts';
import { xxHash64 } from '../../common/xxhash64.ts';
import type { Host } from '../host.ts';
import type { HashTable, TableMember } from './hashed.ts';

/** A ring never gets more entries. Envoy's default, which Istio leaves alone. */
const MAX_RING_SIZE = 8 * 1024 * 1024;

/** Above every index: rounding may add an entry to the largest ring. */
const MAX_INDEX = 2 * MAX_RING_SIZE;

/**
 * Ketama: every host has many entries on a ring of hashes, and a request belongs to the first entry at or after its own
 * hash. A host that goes leaves its keys to others; no other key moves, as long as the number of entries of each host
 * stays the same.
 *
 * Source: Istio `consistentHash.ringHash`; Envoy `RingHashLoadBalancer::Ring`.
 */
export class HashRing implements HashTable {
  /** Entry by entry, in the order of the hashes. */
  readonly #highs: Uint32Array;
  readonly #lows: Uint32Array;
  readonly #owners: Uint32Array;
  readonly #hosts: readonly Host[];

  /**
   * @param members not empty.
   * @param minimumSize how many entries the ring has at least.
   */
  constructor(members: readonly TableMember[], minimumSize: number) {
    this.#hosts = members.map(({ host }) => host);
    const counts = entryCounts(members, minimumSize);
    const size = counts.reduce((sum, count) => sum + count, 0);
    const highs = new Uint32Array(size);
    const lows = new Uint32Array(size);
    const owners = new Uint32Array(size);
    let entry = 0;
    members.forEach(({ key }, owner) => {
      for (let i = 0; i < counts[owner]!; i++, entry++) {
        const { high, low } = xxHash64(`${key}_${i}`);
        highs[entry] = high;
        lows[entry] = low;
        owners[entry] = owner;
      }
    });
    const order = ascending(highs, lows);
    this.#highs = order.map((from) => highs[from]!);
    this.#lows = order.map((from) => lows[from]!);
    this.#owners = order.map((from) => owners[from]!);
  }

  /** How many entries there are. */
  get size(): number {
    return this.#owners.length;
  }

  /** A rejected pick moves on by one entry for each repick; that may be the same host again. */
  find(hash: Hash64, repick: number): Host {
    const entry = (this.#firstFrom(hash) + repick) % this.size;
    return this.#hosts[this.#owners[entry]!]!;
  }

  /** The first entry whose hash is not below `hash`; past the last one the ring begins again. */
  #firstFrom({ high, low }: Hash64): number {
    const highs = this.#highs;
    let from = 0;
    let to = highs.length;
    while (from < to) {
      const middle = (from + to) >>> 1;
      const reached = highs[middle]!;
      if (reached < high || (reached === high && this.#lows[middle]! < low)) from = middle + 1;
      else to = middle;
    }
    return from === highs.length ? 0 : from;
  }
}

/**
 * The indices of 64-bit numbers, given as halves, in ascending order of these.
 *
 * A ring may have millions of entries, for which a sort that calls back takes many seconds. Doubles are sorted without: each
 * is the first 29 bits of a number and, in the other 24, its index. The few that are alike so far change places afterwards.
 */
function ascending(highs: Uint32Array, lows: Uint32Array): Uint32Array {
  const keys = new Float64Array(highs.length);
  for (let i = 0; i < keys.length; i++) keys[i] = (highs[i]! >>> 3) * MAX_INDEX + i;
  keys.sort();
  const order = new Uint32Array(keys.length);
  for (let i = 0; i < order.length; i++) {
    const index = keys[i]! % MAX_INDEX;
    let place = i;
    for (; place > 0; place--) {
      const before = order[place - 1]!;
      const difference = highs[before]! - highs[index]! || lows[before]! - lows[index]!;
      if (difference <= 0) break;
      order[place] = before;
    }
    order[place] = index;
  }
  return order;
}

/**
 * Entries of each member, in proportion to its share and such that the smallest share is a whole number of them. What
 * rounding leaves over is carried from member to member, which makes their order matter.
 */
function entryCounts(members: readonly TableMember[], minimumSize: number): readonly number[] {
  const smallest = members.reduce((least, { share }) => Math.min(least, share), 1);
  const scale = Math.min(Math.ceil(smallest * minimumSize) / smallest, MAX_RING_SIZE);
  let placed = 0;
  let target = 0;
  return members.map(({ share }) => {
    target += scale * share;
    const count = Math.max(0, Math.ceil(target) - placed);
    placed += count;
    return count;
  });
}
