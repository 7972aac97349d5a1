import { MeshError } from '../../common/errors.ts';
import type { LoadBalancerOptions } from '../model.ts';
import type { Balancer } from './balancer.ts';
import { LeastRequestBalancer } from './least-request.ts';
import { RandomBalancer } from './random.ts';
import { RoundRobinBalancer } from './round-robin.ts';

/**
 * The balancer for `options`.
 *
 * @throws {MeshError} `ERR_INVALID_CONFIG` for a kind that picks no endpoint (PASSTHROUGH) or that is not built in.
 */
export function createBalancer(options: LoadBalancerOptions): Balancer {
  switch (options.kind) {
    case 'ROUND_ROBIN':
      return new RoundRobinBalancer();
    case 'LEAST_REQUEST':
      return new LeastRequestBalancer();
    case 'RANDOM':
      return new RandomBalancer();
    default:
      throw new MeshError('ERR_INVALID_CONFIG', `loadBalancer: no balancer for ${options.kind}`);
  }
}
