import { randomHash64, type Hash64 } from '../../common/hash64.ts';
import { utf8 } from '../../common/xxhash64.ts';
import type { Host } from '../host.ts';
import type { Balancer, PickContext } from './balancer.ts';

/** A host with its share of a table. */
export interface TableMember {
  readonly host: Host;
  /** What the table hashes in the host's place: its address, one character for each byte. */
  readonly key: string;
  /** Of the whole; the shares of all members make 1 unless localities without a healthy host have a weight. */
  readonly share: number;
}

/** Says where each hash belongs. */
export interface HashTable {
  /** @param repick as in {@link Balancer.pick}. */
  find(hash: Hash64, repick: number): Host;
}

/**
 * Consistent hashing: the same hash gives the same host, as long as the hosts stay the same. A request without hash gets
 * any host.
 *
 * The table is built at the first pick from a list, not before, and kept until there is another list.
 */
export class HashedBalancer implements Balancer {
  readonly #build: (members: readonly TableMember[]) => HashTable;
  readonly #localityWeights: number | undefined;
  #hosts: readonly Host[] | undefined;
  #table: HashTable | undefined;

  /** @param localityWeights as in `createBalancer`. */
  constructor(build: (members: readonly TableMember[]) => HashTable, localityWeights?: number) {
    this.#build = build;
    this.#localityWeights = localityWeights;
  }

  pick(hosts: readonly Host[], { hash, random }: PickContext, repick = 0): Host | undefined {
    if (hosts !== this.#hosts) {
      this.#hosts = hosts;
      this.#table = this.#tableOf(hosts);
    }
    return this.#table?.find(hash ?? randomHash64(random), repick);
  }

  #tableOf(hosts: readonly Host[]): HashTable | undefined {
    const members = this.#localityWeights === undefined ? shares(hosts, 1) : sharesByLocality(hosts, this.#localityWeights);
    const [first] = members;
    if (first === undefined) return undefined;
    return members.length === 1 ? { find: () => first.host } : this.#build(members);
  }
}

/** Source: Envoy `normalizeHostWeights`. */
function shares(hosts: readonly Host[], whole: number): TableMember[] {
  const sum = hosts.reduce((total, { endpoint }) => total + endpoint.weight, 0);
  return hosts.map((host) => ({ host, key: utf8(host.key), share: (host.endpoint.weight * whole) / sum }));
}

/** The same within each locality that has a weight; the others get nothing. Source: Envoy `normalizeLocalityWeights`. */
function sharesByLocality(hosts: readonly Host[], localityWeights: number): TableMember[] {
  const localities = Map.groupBy(hosts.filter(({ localityWeight }) => localityWeight > 0), localityOf);
  return [...localities.values()].flatMap((members) => shares(members, members[0]!.localityWeight / localityWeights));
}

function localityOf({ endpoint: { locality } }: Host): string {
  return `${locality.region}/${locality.zone}/${locality.subzone}`;
}
