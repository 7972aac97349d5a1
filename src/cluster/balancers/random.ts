import { randomInt } from '../../common/random.ts';
import type { Host } from '../host.ts';
import type { Balancer, PickContext } from './balancer.ts';

/** Every host alike. Endpoint weights don't count here, as in Envoy. Source: Istio `RANDOM`. */
export class RandomBalancer implements Balancer {
  pick(hosts: readonly Host[], context: PickContext): Host | undefined {
    return hosts.length < 2 ? hosts[0] : hosts[randomInt(context.random, hosts.length)];
  }
}
