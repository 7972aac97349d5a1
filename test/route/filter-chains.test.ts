import { describe, expect, it } from 'vitest';
import { FilterChains } from '../../src/route/filter-chains.ts';
import type { FilterChainSpec } from '../../src/route/listener-model.ts';

function chain(cluster: string, conditions: Pick<FilterChainSpec, 'destinationSubnets' | 'sniHosts'> = {}): FilterChainSpec {
  const origin = { kind: 'VirtualService', namespace: 'default', name: cluster, path: 'spec.tcp[0]' };
  return { ...conditions, destinations: [{ cluster, weight: 0 }], hashesSourceIp: false, idleTimeoutMs: 0, maxConnectionDurationMs: 0, origin } as FilterChainSpec;
}

function choose(specs: readonly FilterChainSpec[], address: string | undefined, sni: string | undefined): string | undefined {
  return new FilterChains(specs).match(address, sni)?.spec.destinations[0]?.cluster;
}

describe('FilterChains', () => {
  describe('by address', () => {
    const specs = [
      chain('wide', { destinationSubnets: ['10.0.0.0/8'] }),
      chain('narrow', { destinationSubnets: ['192.168.0.0/16', '10.1.0.0/16'] }),
      chain('any'),
    ];

    it.each([
      ['10.2.0.1', 'wide'],
      ['10.1.0.1', 'narrow'],
      ['192.168.3.4', 'narrow'],
      ['172.16.0.1', 'any'],
      [undefined, 'any'],
      ['not an address', 'any'],
    ])('%s goes to %s', (address, expected) => {
      expect(choose(specs, address, undefined)).toBe(expected);
    });

    it('is told to be of use only where a chain has ranges', () => {
      expect(new FilterChains(specs).needsAddress).toBe(true);
      expect(new FilterChains([chain('any'), chain('a', { sniHosts: ['a'] })]).needsAddress).toBe(false);
    });

    it('ends nowhere when no range has the address and no chain takes any', () => {
      expect(choose(specs.slice(0, 2), '172.16.0.1', undefined)).toBeUndefined();
      expect(choose(specs.slice(0, 2), undefined, undefined)).toBeUndefined();
    });

    it('has a range of all addresses go before no range', () => {
      expect(choose([chain('any'), chain('all', { destinationSubnets: ['0.0.0.0/0'] })], '172.16.0.1', undefined)).toBe('all');
    });

    it('takes an unreadable range for none', () => {
      expect(choose([chain('bad', { destinationSubnets: ['nonsense'] })], '10.0.0.1', undefined)).toBeUndefined();
    });
  });

  describe('by server name', () => {
    it('is not asked for where no chain names one', () => {
      expect(new FilterChains([chain('any'), chain('net', { destinationSubnets: ['10.0.0.0/8'] })]).needsServerName).toBe(false);
      expect(new FilterChains([chain('any'), chain('a', { sniHosts: ['a'] })]).needsServerName).toBe(true);
    });

    const specs = [
      chain('wild', { sniHosts: ['*.example.com'] }),
      chain('eu', { sniHosts: ['*.eu.example.com'] }),
      chain('exact', { sniHosts: ['x.org', 'A.eu.Example.com'] }),
    ];

    it.each([
      ['b.example.com', 'wild'],
      ['b.c.example.com', 'wild'],
      ['b.eu.example.com', 'eu'],
      ['a.eu.example.com', 'exact'],
      ['A.EU.EXAMPLE.COM', 'exact'],
      ['x.a.eu.example.com', 'eu'],
      ['example.com', undefined],
      ['org', undefined],
      ['', undefined],
      [undefined, undefined],
    ])('%s goes to %s', (sni, expected) => {
      expect(choose(specs, undefined, sni)).toBe(expected);
    });

    it('has names before any name, whatever their order', () => {
      expect(choose([chain('any'), ...specs], undefined, 'a.eu.example.com')).toBe('exact');
      expect(choose([chain('any'), ...specs], undefined, 'b.eu.example.com')).toBe('eu');
    });

    it('has a wildcard stand for labels, not for a part of one or for nothing', () => {
      expect(choose([chain('odd', { sniHosts: ['*ample.com'] })], undefined, 'w.xample.com')).toBeUndefined();
      expect(choose([chain('odd', { sniHosts: ['*ample.com'] })], undefined, 'xample.com')).toBeUndefined();
      expect(choose([chain('odd', { sniHosts: ['*example.com'] })], undefined, 'example.com')).toBeUndefined();
      expect(choose(specs, undefined, '.example.com')).toBeUndefined();
    });

    it('falls to the chain without conditions, also without a name', () => {
      const withAny = [...specs, chain('any')];
      expect(choose(withAny, undefined, 'example.com')).toBe('any');
      expect(choose(withAny, undefined, undefined)).toBe('any');
    });

    it('prefers the first of two chains for one name', () => {
      expect(choose([chain('first', { sniHosts: ['a'] }), chain('second', { sniHosts: ['a'] })], undefined, 'a')).toBe('first');
    });
  });

  describe('by both', () => {
    const specs = [
      chain('net a', { destinationSubnets: ['10.0.0.0/8'], sniHosts: ['a'] }),
      chain('any b', { sniHosts: ['b'] }),
    ];

    it('goes by the address first', () => {
      expect(choose(specs, '10.0.0.1', 'a')).toBe('net a');
      expect(choose(specs, '11.0.0.1', 'b')).toBe('any b');
      expect(choose(specs, '11.0.0.1', 'a')).toBeUndefined();
    });

    it('does not come back to chains of wider ranges when the name fits none of the narrow ones', () => {
      expect(choose(specs, '10.0.0.1', 'b')).toBeUndefined();
    });

    it('then serves the chain without conditions', () => {
      expect(choose([...specs, chain('any')], '10.0.0.1', 'b')).toBe('any');
    });

    it('keeps all chains of the longest range', () => {
      const same = [chain('one', { destinationSubnets: ['10.0.0.0/8'], sniHosts: ['one'] }), chain('two', { destinationSubnets: ['10.0.0.0/8'], sniHosts: ['two'] })];
      expect(choose(same, '10.0.0.1', 'two')).toBe('two');
    });
  });
});
