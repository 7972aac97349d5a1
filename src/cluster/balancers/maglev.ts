import { MeshError } from '../../common/errors.ts';
import { moduloHash64, type Hash64 } from '../../common/hash64.ts';
import { isPrime } from '../../common/prime.ts';
import { xxHash64 } from '../../common/xxhash64.ts';
import type { Host } from '../host.ts';
import type { HashTable, TableMember } from './hashed.ts';

const SEED_OF_SKIP: Hash64 = { high: 0, low: 1 };
const FREE = 0xffff_ffff;

/** A member while the table is filled. */
interface Claimant {
  readonly share: number;
  readonly skip: number;
  /** The slot it wants next; by its skip it comes to every slot once. */
  slot: number;
  /** It sits out the rounds in which its share would not have brought it this far. */
  target: number;
}

/**
 * Maglev: a table of which every host holds as many slots as its weight makes due; a request belongs to the slot that its
 * hash falls on. Finding is one look; a host that goes moves few keys besides its own.
 *
 * Source: Istio `consistentHash.maglev`; Envoy `MaglevTable`; the Maglev paper, listing 1.
 */
export class MaglevTable implements HashTable {
  readonly #hosts: readonly Host[];
  /** For each slot an index into the hosts. */
  readonly #slots: Uint32Array;

  /**
   * @param members not empty. Their order makes no difference.
   * @param size a prime number.
   */
  constructor(members: readonly TableMember[], size: number) {
    const sorted = members.toSorted((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
    this.#hosts = sorted.map(({ host }) => host);
    this.#slots = filledSlots(sorted, size);
  }

  /** A repick goes far away: Envoy flips the bits of the hash that are set in minus the number of the repick. */
  find(hash: Hash64, repick: number): Host {
    const flipped = repick === 0 ? hash : { high: ~hash.high >>> 0, low: (hash.low ^ -repick) >>> 0 };
    return this.#hosts[this.#slots[moduloHash64(flipped, this.#slots.length)]!]!;
  }
}

/** @throws {MeshError} `ERR_INVALID_CONFIG`: in a table of another size a skip may never come to the slots that are free. */
export function assertTableSize(size: number): void {
  if (!isPrime(size)) throw new MeshError('ERR_INVALID_CONFIG', `maglev.tableSize: must be a prime number, not ${size}`);
}

function filledSlots(members: readonly TableMember[], size: number): Uint32Array {
  const slots = new Uint32Array(size).fill(FREE);
  const largest = members.reduce((most, { share }) => Math.max(most, share), 0);
  const claimants = members.map(({ key, share }): Claimant => ({
    share,
    skip: moduloHash64(xxHash64(key, SEED_OF_SKIP), size - 1) + 1,
    slot: moduloHash64(xxHash64(key), size),
    target: 0,
  }));
  for (let round = 1, filled = 0; filled < size; round++) {
    for (let i = 0; i < claimants.length && filled < size; i++) {
      const claimant = claimants[i]!;
      if (round * claimant.share < claimant.target) continue;
      claimant.target += largest;
      while (slots[claimant.slot] !== FREE) claimant.slot = (claimant.slot + claimant.skip) % size;
      slots[claimant.slot] = i;
      filled++;
    }
  }
  return slots;
}
