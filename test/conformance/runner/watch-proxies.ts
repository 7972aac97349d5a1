import { setTimeout as sleep } from 'node:timers/promises';
import type { EndedByProxy } from '../record/record-connection.ts';
import type { MeshUnderTest } from './outcome.ts';

/** Gateways on the way note the end of a connection when it has come to them: this much later at most. */
const ON_THE_WAY_MS = 40;

/**
 * Notes what proxies have told so far, and gives a function that tells what they tell after that.
 *
 * @returns waits until `first` has told of `number` connections, and others had time for theirs
 */
export function watchProxies({ ended, gateways = new Map() }: MeshUnderTest): (first: string, number: number) => Promise<EndedByProxy> {
  const proxies = [['client', ended] as const, ...[...gateways].map(([name, gateway]) => [name, gateway.ended] as const)];
  const marks = proxies.map(([, entries]) => entries.count);
  return async (first, number) => {
    for (const [at, [name, entries]] of proxies.entries()) if (name === first) await entries.since(marks[at]!, number);
    if (gateways.size > 0) await sleep(ON_THE_WAY_MS);
    return new Map(await Promise.all(proxies.map(async ([name, entries], at) => [name, await entries.since(marks[at]!, 0)] as const)));
  };
}
