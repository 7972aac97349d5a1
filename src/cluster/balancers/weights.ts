import { randomInt, type Random } from '../../common/random.ts';
import type { Host } from '../host.ts';
import { EdfScheduler } from './edf-scheduler.ts';

/** The weight that was declared. */
export function declaredWeight(host: Host): number {
  return host.endpoint.weight;
}

/** A schedule from a random start where weights differ; `undefined` where they are all the same and none is needed. */
export function weightedSchedule(
  hosts: readonly Host[],
  weightOf: (host: Host) => number,
  random: Random,
): EdfScheduler<Host> | undefined {
  const first = hosts[0];
  if (first === undefined || hosts.every((host) => declaredWeight(host) === declaredWeight(first))) return undefined;
  return scheduleByWeight(hosts, weightOf, random);
}

/** A schedule from a random start. */
export function scheduleByWeight(hosts: readonly Host[], weightOf: (host: Host) => number, random: Random): EdfScheduler<Host> {
  const round = hosts.reduce((sum, host) => sum + declaredWeight(host), 0);
  return new EdfScheduler(hosts, weightOf, randomInt(random, round));
}
