import type { Host } from '../host.ts';
import type { WarmupOptions } from '../model.ts';
import type { Balancer, PickContext } from './balancer.ts';
import type { EdfScheduler } from './edf-scheduler.ts';
import { scheduleByWeight } from './weights.ts';

/**
 * The part of its weight that a host gets while it is new: it grows with its age, along a curve that `aggression` bends, and is never
 * below the minimum.
 *
 * Source: Envoy `EdfLoadBalancerBase::applySlowStartFactor`.
 */
export function warmth({ durationMs, minimumPercent, aggression }: WarmupOptions, ageMs: number): number {
  if (ageMs >= durationMs) return 1;
  const share = Math.max(ageMs, 1) / durationMs;
  return Math.max(share ** (1 / aggression), minimumPercent / 100);
}

/**
 * Lets new hosts in slowly: while one of a list is new when the list comes into use, all are scheduled by weight, the new ones by the
 * part of it that their age gives them. Else the plain balancer picks.
 *
 * Source: Istio `loadBalancer.warmup`; Envoy `slow_start_config`.
 */
export class WarmingBalancer implements Balancer {
  readonly #warmup: WarmupOptions;
  readonly #weightOf: (host: Host) => number;
  readonly #plain: Balancer;
  #hosts: readonly Host[] | undefined;
  #schedule: EdfScheduler<Host> | undefined;

  /** @param weightOf - a host's weight once it is warm */
  constructor(warmup: WarmupOptions, weightOf: (host: Host) => number, plain: Balancer) {
    this.#warmup = warmup;
    this.#weightOf = weightOf;
    this.#plain = plain;
  }

  pick(hosts: readonly Host[], context: PickContext, repick?: number): Host | undefined {
    if (hosts.length < 2) return hosts[0];
    const { now = 0 } = context;
    const weightOf = (host: Host): number => this.#weightOf(host) * warmth(this.#warmup, now - host.addedAt);
    if (hosts !== this.#hosts) {
      this.#hosts = hosts;
      const someAreNew = hosts.some(({ addedAt }) => now - addedAt < this.#warmup.durationMs);
      this.#schedule = someAreNew ? scheduleByWeight(hosts, weightOf, context.random) : undefined;
    }
    return this.#schedule === undefined ? this.#plain.pick(hosts, context, repick) : this.#schedule.pick(weightOf);
  }
}
