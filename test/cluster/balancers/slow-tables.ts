import type { TableMember } from '../../../src/cluster/balancers/hashed.ts';
import { xxHash64 } from '../../../src/common/xxhash64.ts';
import { toBigInt } from '../../common/slow-xxhash64.ts';
import { hostsOfWeights, numberOf } from '../support.ts';

/** Members numbered from 1, with shares as these weights. */
export function members(...weights: readonly number[]): readonly TableMember[] {
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return hostsOfWeights(...weights).map((host) => ({ host, key: host.key, share: host.endpoint.weight / sum }));
}

/** The numbers of the owners of a ring's entries with their hashes, entry by entry as Envoy's loop places them. */
export function slowRing(list: readonly TableMember[], minimumSize: number): readonly { hash: bigint; owner: number }[] {
  const smallest = Math.min(...list.map(({ share }) => share));
  const scale = Math.ceil(smallest * minimumSize) / smallest;
  const ring: { hash: bigint; owner: number }[] = [];
  let current = 0;
  let target = 0;
  for (const { host, key, share } of list) {
    target += scale * share;
    for (let i = 0; current < target; i++, current++) ring.push({ hash: toBigInt(xxHash64(`${key}_${i}`)), owner: numberOf(host)! });
  }
  return ring.sort((a, b) => (a.hash < b.hash ? -1 : 1));
}

/** The numbers of the owners of a Maglev table's slots, from whole permutations as the paper has them. */
export function slowMaglev(list: readonly TableMember[], size: number): readonly number[] {
  const largest = Math.max(...list.map(({ share }) => share));
  const rows = list
    .map(({ host, key, share }) => {
      const offset = toBigInt(xxHash64(key)) % BigInt(size);
      const skip = (toBigInt(xxHash64(key, { high: 0, low: 1 })) % BigInt(size - 1)) + 1n;
      const preferences = Array.from({ length: size }, (_, j) => Number((offset + BigInt(j) * skip) % BigInt(size)));
      return { key, owner: numberOf(host)!, share, preferences, target: 0 };
    })
    .sort((a, b) => (a.key < b.key ? -1 : 1));
  const slots: number[] = Array.from({ length: size }, () => 0);
  let free = size;
  for (let round = 1; free > 0; round++) {
    for (const row of rows) {
      if (free === 0 || round * row.share < row.target) continue;
      row.target += largest;
      const slot = row.preferences.find((preferred) => slots[preferred] === 0)!;
      slots[slot] = row.owner;
      free--;
    }
  }
  return slots;
}
