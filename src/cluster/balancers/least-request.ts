import { randomInt } from '../../common/random.ts';
import type { Host } from '../host.ts';
import type { Balancer, PickContext } from './balancer.ts';
import type { EdfScheduler } from './edf-scheduler.ts';
import { declaredWeight, weightedSchedule } from './weights.ts';

/**
 * Of two hosts drawn at random (possibly the same one twice) the one with fewer active requests, the first drawn when they
 * are even. Where weights differ: a schedule by weight / (active requests + 1).
 *
 * Source: Istio `LEAST_REQUEST`, its default.
 */
export class LeastRequestBalancer implements Balancer {
  #hosts: readonly Host[] | undefined;
  #schedule: EdfScheduler<Host> | undefined;

  pick(hosts: readonly Host[], context: PickContext): Host | undefined {
    if (hosts.length < 2) return hosts[0];
    if (hosts !== this.#hosts) {
      this.#hosts = hosts;
      this.#schedule = weightedSchedule(hosts, loadedWeight, context.random);
    }
    if (this.#schedule !== undefined) return this.#schedule.pick(loadedWeight);
    const first = hosts[randomInt(context.random, hosts.length)]!;
    const second = hosts[randomInt(context.random, hosts.length)]!;
    return second.activeRequests < first.activeRequests ? second : first;
  }
}

/** Source: Envoy `LeastRequestLoadBalancer::hostWeight`. */
export function loadedWeight(host: Host): number {
  return declaredWeight(host) / (host.activeRequests + 1);
}
