import { randomInt } from '../../common/random.ts';
import type { EdfScheduler } from './edf-scheduler.ts';
import type { Host } from '../host.ts';
import type { Balancer, PickContext } from './balancer.ts';
import { declaredWeight, weightedSchedule } from './weights.ts';

/**
 * Host after host, from a random start; where weights differ, by a schedule that spreads each host's turns.
 *
 * Source: Istio `ROUND_ROBIN`.
 */
export class RoundRobinBalancer implements Balancer {
  #hosts: readonly Host[] | undefined;
  #schedule: EdfScheduler<Host> | undefined;
  #next = 0;

  pick(hosts: readonly Host[], context: PickContext): Host | undefined {
    if (hosts.length < 2) return hosts[0];
    if (hosts !== this.#hosts) {
      this.#hosts = hosts;
      this.#schedule = weightedSchedule(hosts, declaredWeight, context.random);
      if (this.#schedule === undefined) this.#next = randomInt(context.random, hosts.length);
    }
    if (this.#schedule !== undefined) return this.#schedule.pick(declaredWeight);
    const host = hosts[this.#next];
    this.#next = this.#next + 1 === hosts.length ? 0 : this.#next + 1;
    return host;
  }
}
