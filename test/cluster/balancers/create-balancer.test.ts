import { describe, expect, it } from 'vitest';
import { createBalancer } from '../../../src/cluster/balancers/create-balancer.ts';
import { LeastRequestBalancer } from '../../../src/cluster/balancers/least-request.ts';
import { RandomBalancer } from '../../../src/cluster/balancers/random.ts';
import { RoundRobinBalancer } from '../../../src/cluster/balancers/round-robin.ts';

describe('createBalancer', () => {
  it.each([
    ['ROUND_ROBIN', RoundRobinBalancer],
    ['LEAST_REQUEST', LeastRequestBalancer],
    ['RANDOM', RandomBalancer],
  ] as const)('%s', (kind, expected) => {
    expect(createBalancer({ kind })).toBeInstanceOf(expected);
  });

  it('says which kind it has no balancer for', () => {
    expect(() => createBalancer({ kind: 'PASSTHROUGH' })).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_CONFIG', message: expect.stringContaining('PASSTHROUGH') }),
    );
  });
});
