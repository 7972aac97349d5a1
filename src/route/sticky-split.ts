import { getHeader } from '../common/headers.ts';
import type { Hash64 } from '../common/hash64.ts';
import { utf8, xxHash64 } from '../common/xxhash64.ts';
import { cookieValue } from './cookie.ts';
import type { RequestHead, StickyKey, StickyOptions } from './model.ts';
import { queryParameter } from './path.ts';

/** What a key is given to. */
export interface StickyChoice {
  readonly cluster: string;
  readonly weight: number;
}

/** One destination, and where the hashes of keys for it begin. */
interface Bidder<T> {
  readonly choice: T;
  readonly seed: Hash64;
}

/**
 * A split that gives the same key the same destination, in shares that are the weights'.
 *
 * Each destination bids for a key with a number that only the key, the destination and its weight decide; the highest bid has it. So a key that a
 * destination has stays there as long as no other weight grows in relation to its own: whoever is in a canary stays in it while the canary's share
 * grows and no other does, however many destinations there are and in whatever order they are written. A change of one weight, or a destination
 * that comes or goes, moves no key between the others.
 *
 * Intervals of [0, 1) laid out in order would do the same for two destinations; with three, those between the ends move when an end grows.
 *
 * Source: weighted rendezvous hashing (Mosko, "Weighted distributed hash tables").
 */
export class StickySplit<T extends StickyChoice> {
  readonly keys: readonly StickyKey[];
  readonly #bidders: readonly Bidder<T>[];

  /** @param choices - all of the route, also those without a weight, since equal ones are told apart by their order */
  constructor({ keys, salt }: StickyOptions, choices: readonly T[]) {
    this.keys = keys;
    const seen = new Map<string, number>();
    this.#bidders = choices
      .map((choice) => {
        const name = withoutPort(choice.cluster);
        const nth = seen.get(name) ?? 0;
        seen.set(name, nth + 1);
        return { choice, seed: xxHash64(utf8(`${salt} ${name} ${nth}`)) };
      })
      .filter(({ choice }) => choice.weight > 0);
  }

  /** `undefined` when the request has no key: chance decides then. */
  pick(head: RequestHead): T | undefined {
    const key = this.keyOf(head);
    if (key === undefined) return undefined;
    let best: T | undefined;
    let highest = -1;
    for (const { choice, seed } of this.#bidders) {
      const bid = choice.weight / -Math.log(unit(xxHash64(key, seed)));
      if (bid <= highest) continue;
      highest = bid;
      best = choice;
    }
    return best;
  }

  /** The first of the keys that the request has and that says anything. */
  keyOf(head: RequestHead): string | undefined {
    for (const { kind, name } of this.keys) {
      const value = kind === 'header' ? getHeader(head.headers, name) : kind === 'query' ? queryParameter(head.path, name) : cookieValue(head.headers, name);
      if (value !== undefined && value !== '') return value;
    }
    return undefined;
  }
}

/** Above 0 and below 1, uniformly: its 52 highest bits and a half, which a double just holds. */
function unit({ high, low }: Hash64): number {
  return (high * 0x10_0000 + (low >>> 12) + 0.5) / 0x10_0000_0000_0000;
}

/** The same for every port of a service, so that no one changes sides with the port. */
function withoutPort(cluster: string): string {
  const [, , subset, host] = cluster.split('|');
  return host === undefined ? cluster : `${subset} ${host}`;
}
