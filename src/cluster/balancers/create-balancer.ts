import { MeshError } from '../../common/errors.ts';
import type { Host } from '../host.ts';
import type { LoadBalancerOptions, WarmupOptions } from '../model.ts';
import type { Balancer } from './balancer.ts';
import { HashedBalancer } from './hashed.ts';
import { LeastRequestBalancer, loadedWeight } from './least-request.ts';
import { assertTableSize, MaglevTable } from './maglev.ts';
import { RandomBalancer } from './random.ts';
import { HashRing } from './ring-hash.ts';
import { RoundRobinBalancer } from './round-robin.ts';
import { WarmingBalancer } from './warming.ts';
import { declaredWeight } from './weights.ts';

/**
 * The balancer for `options`.
 *
 * @param localityWeights sum of the weights of all localities of the hosts' priority, for balancers that take them into
 * account by themselves (see `isHashed`); absent: localities are not weighted.
 *
 * @throws {MeshError} `ERR_INVALID_CONFIG` for a kind that picks no endpoint (PASSTHROUGH) or that is not built in, and for
 * a Maglev table whose size is not a prime number.
 */
export function createBalancer(options: LoadBalancerOptions, localityWeights?: number): Balancer {
  switch (options.kind) {
    case 'ROUND_ROBIN':
      return warmed(new RoundRobinBalancer(), declaredWeight, options.warmup);
    case 'LEAST_REQUEST':
      return warmed(new LeastRequestBalancer(), loadedWeight, options.warmup);
    case 'RANDOM':
      return new RandomBalancer();
    case 'RING_HASH':
      return new HashedBalancer((members) => new HashRing(members, options.minimumRingSize), localityWeights);
    case 'MAGLEV':
      assertTableSize(options.tableSize);
      return new HashedBalancer((members) => new MaglevTable(members, options.tableSize), localityWeights);
    default:
      throw new MeshError('ERR_INVALID_CONFIG', `loadBalancer: no balancer for ${options.kind}`);
  }
}

function warmed(plain: Balancer, weightOf: (host: Host) => number, warmup: WarmupOptions | undefined): Balancer {
  return warmup === undefined ? plain : new WarmingBalancer(warmup, weightOf, plain);
}

/** Whether a request's hash decides where it goes, its priority and locality included. */
export function isHashed({ kind }: LoadBalancerOptions): boolean {
  return kind === 'RING_HASH' || kind === 'MAGLEV';
}
