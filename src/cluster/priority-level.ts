import { randomInt } from '../common/random.ts';
import type { Balancer, PickContext } from './balancers/balancer.ts';
import { createBalancer, isHashed } from './balancers/create-balancer.ts';
import { EdfScheduler } from './balancers/edf-scheduler.ts';
import type { Host } from './host.ts';
import type { LoadBalancerOptions } from './model.ts';

/** Hosts that are balanced among themselves, with the balancer once it is needed. */
interface Pool {
  readonly hosts: readonly Host[];
  balancer: Balancer | undefined;
}

/** The healthy hosts of one locality, and its weight against the others. */
interface LocalityPool extends Pool {
  readonly weight: number;
}

/** The hosts of one priority as the balancer sees them between two changes. */
export class PriorityLevel {
  readonly #loadBalancer: LoadBalancerOptions;
  readonly #all: Pool;
  readonly #healthy: Pool;
  readonly #localities: readonly LocalityPool[];
  readonly #localityWeights: number | undefined;
  #schedule: EdfScheduler<LocalityPool> | undefined;

  /** @param localityWeighted whether a locality is drawn by its weight before a host. */
  constructor(hosts: readonly Host[], healthy: readonly Host[], loadBalancer: LoadBalancerOptions, localityWeighted: boolean) {
    this.#loadBalancer = loadBalancer;
    this.#all = { hosts, balancer: undefined };
    this.#healthy = hosts.length === healthy.length ? this.#all : { hosts: healthy, balancer: undefined };
    // Tables hold the hosts of all localities, each with its share of the whole.
    const inTable = localityWeighted && isHashed(loadBalancer);
    this.#localityWeights = inTable ? localityWeightSum(hosts) : undefined;
    this.#localities = localityWeighted && !inTable ? localityPools(hosts, healthy) : [];
  }

  /** How many there are, and how many are healthy. */
  get total(): number {
    return this.#all.hosts.length;
  }

  get healthy(): number {
    return this.#healthy.hosts.length;
  }

  pickHealthy(context: PickContext, repick: number): Host | undefined {
    return this.#pickFrom(this.#localities.length === 0 ? this.#healthy : this.#pickLocality(context), context, repick);
  }

  /** Whatever its health and locality: for panic. */
  pickAny(context: PickContext, repick: number): Host | undefined {
    return this.#pickFrom(this.#all, context, repick);
  }

  #pickFrom(pool: Pool, context: PickContext, repick: number): Host | undefined {
    if (pool.hosts.length === 0) return undefined;
    pool.balancer ??= createBalancer(this.#loadBalancer, this.#localityWeights);
    return pool.balancer.pick(pool.hosts, context, repick);
  }

  #pickLocality({ random }: PickContext): Pool {
    if (this.#localities.length === 1) return this.#localities[0]!;
    if (this.#schedule === undefined) {
      const round = Math.ceil(this.#localities.reduce((sum, { weight }) => sum + weight, 0));
      this.#schedule = new EdfScheduler(this.#localities, weightOf, randomInt(random, round));
    }
    return this.#schedule.pick(weightOf) ?? this.#healthy;
  }
}

function weightOf(pool: LocalityPool): number {
  return pool.weight;
}

/**
 * The localities with healthy hosts. One that lost some keeps its weight until fewer than 1 / 1.4 of them are healthy,
 * and then gets less. Source: Envoy locality weighted load balancing.
 */
function localityPools(all: readonly Host[], healthy: readonly Host[]): readonly LocalityPool[] {
  const members = Map.groupBy(all, localityKey);
  return [...Map.groupBy(healthy, localityKey)].map(([key, hosts]) => {
    const weight = hosts[0]!.localityWeight * Math.min(1, (1.4 * hosts.length) / members.get(key)!.length);
    return { hosts, balancer: undefined, weight };
  });
}

/** Localities without a healthy host count too. */
function localityWeightSum(hosts: readonly Host[]): number {
  const weights = new Map(hosts.map((host) => [localityKey(host), host.localityWeight]));
  return [...weights.values()].reduce((sum, weight) => sum + weight, 0);
}

function localityKey({ endpoint: { locality } }: Host): string {
  return `${locality.region}/${locality.zone}/${locality.subzone}`;
}
