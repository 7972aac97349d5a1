import { describe, expect, it } from 'vitest';
import { createBalancer } from '../../../src/cluster/balancers/create-balancer.ts';
import { HashedBalancer } from '../../../src/cluster/balancers/hashed.ts';
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

  it.each([{ kind: 'RING_HASH', minimumRingSize: 16 }, { kind: 'MAGLEV', tableSize: 7 }] as const)('$kind', (options) => {
    expect(createBalancer(options)).toBeInstanceOf(HashedBalancer);
  });

  it.each([1, 4, 65_536, 2.5])('refuses a Maglev table of %d slots, which might never be full', (tableSize) => {
    expect(() => createBalancer({ kind: 'MAGLEV', tableSize })).toThrow(expect.objectContaining({ code: 'ERR_INVALID_CONFIG' }));
  });

  it('says which kind it has no balancer for', () => {
    expect(() => createBalancer({ kind: 'PASSTHROUGH' })).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_CONFIG', message: expect.stringContaining('PASSTHROUGH') }),
    );
  });
});
