import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { HostTable } from '../../src/route/host-table.ts';
import { VirtualHost } from '../../src/route/virtual-host.ts';
import { virtualHost } from './support.ts';

function table(...domains: readonly (string | readonly string[])[]): HostTable {
  return new HostTable(domains.map((of) => new VirtualHost(virtualHost(of))));
}

describe('HostTable', () => {
  it.each([
    ['reviews', 'reviews'],
    ['reviews:9080', 'reviews'],
    ['REVIEWS:1', 'reviews'],
    ['reviews.default', 'reviews.default'],
    ['reviews.other', '*'],
    ['a.foo.com', '*.foo.com'],
    ['a.b.foo.com:80', '*.foo.com'],
    ['A.Bar.Foo.com', '*.bar.foo.com'],
    // A wildcard stands for one character at least.
    ['foo.com', '*.com'],
    ['.foo.com', '*.com'],
    ['www.foo.com', 'www.foo.com'],
    ['a-bar.baz.org', '*-bar.baz.org'],
    // Suffixes come before prefixes, however long these are.
    ['api.internal.example.com', '*.com'],
    ['api.internal.example.net', 'api.internal.*'],
    ['api.example.net', 'api.*'],
    ['api.', '*'],
    ['10.0.0.1:80', '10.0.0.1'],
    ['[::1]:80', '::1'],
    ['[::1]', '::1'],
    ['::1', '::1'],
    ['[2001:db8::1]', '[2001:db8::1]'],
    ['[::2]:80', '*'],
    ['reviews.', '*'],
  ])('%j selects %j', (authority, domain) => {
    const hosts = table(
      ['reviews', 'reviews.default'], '*.foo.com', '*.bar.foo.com', '*.com', 'www.foo.com', '*-bar.baz.org', 'api.*', 'api.internal.*',
      '10.0.0.1', '::1', '[2001:db8::1]', '*',
    );

    expect(hosts.lookUp(authority)?.domain).toBe(domain);
    expect(hosts.find(authority)?.domains).toContain(domain);
  });

  it('selects nothing when nothing fits, or there is no Host', () => {
    expect(table('reviews').find('details')).toBeUndefined();
    expect(table('*').find('')).toBeUndefined();
    expect(table('*').find(':80')).toBeUndefined();
  });

  it('leaves a domain to the first that claims it, whatever its case', () => {
    const hosts = table(['a', '*.x', '*'], ['A', '*.X', '*']);

    for (const authority of ['a', 'y.x', 'other']) expect(hosts.find(authority)).toBe(hosts.virtualHosts[0]);
  });

  it('answers the same when asked again', () => {
    const hosts = table('a', '*.b');

    expect(hosts.find('x.b:80')).toBe(hosts.find('x.b:80'));
    expect(hosts.find('c')).toBeUndefined();
    expect(hosts.find('c')).toBeUndefined();
  });

  it('looks a Host up once, however often it is asked', () => {
    const hosts = table('*.b');
    const lookUp = vi.spyOn(hosts, 'lookUp');
    for (let i = 0; i < 3; i++) hosts.find('x.b:80');

    expect(lookUp).toHaveBeenCalledTimes(1);
  });

  it('remembers a bounded number of hosts, and none that it does not know', () => {
    const hosts = table('*.b');
    const lookUp = vi.spyOn(hosts, 'lookUp');
    const asked = (authority: string): boolean => {
      lookUp.mockClear();
      hosts.find(authority);
      return lookUp.mock.calls.length > 0;
    };
    const limit = 4096;

    for (let i = 0; i < limit; i++) hosts.find(`${i}.b`);
    for (let i = 0; i < limit; i++) hosts.find(`${i}.unknown`);
    expect(asked('0.b')).toBe(false);
    expect(asked('one-more.b')).toBe(true);
    expect(asked('one-more.b')).toBe(false);
    expect(asked('0.b')).toBe(true);

    // Nor any that is longer than a name in DNS with a port.
    const long = (length: number): string => `${'x'.repeat(length - 2)}.b`;
    for (const length of [261, 262]) hosts.find(long(length));
    expect([asked(long(261)), asked(long(262))]).toEqual([false, true]);
  });

  it('stays right when callers name more hosts than it remembers', () => {
    const hosts = table('*.b', '*.c');

    for (let i = 0; i < 10_000; i++) hosts.find(`${i}.b`);

    expect(hosts.find('1.c')).toBe(hosts.virtualHosts[1]);
    expect(hosts.find('1.b')).toBe(hosts.virtualHosts[0]);
  });

  it('agrees with a slow, obvious search', () => {
    const label = fc.constantFrom('a', 'b', 'ab', 'c');
    const name = fc.array(label, { minLength: 1, maxLength: 3 }).map((labels) => labels.join('.'));
    const domain = fc.oneof(name, name.map((text) => `*.${text}`), name.map((text) => `${text}.*`), name.map((text) => `*${text}`), fc.constant('*'));
    fc.assert(
      fc.property(fc.uniqueArray(domain, { maxLength: 12 }), name, fc.boolean(), (domains, host, withPort) => {
        expect(table(...domains).lookUp(withPort ? `${host}:8080` : host.toUpperCase())?.domain).toBe(slowSearch(domains, host));
      }),
      { numRuns: 1000 },
    );
  });
});

function slowSearch(domains: readonly string[], host: string): string | undefined {
  const rank = (domain: string): number => {
    if (domain === host) return 3000;
    if (domain === '*') return 1;
    if (domain.startsWith('*')) return host.endsWith(domain.slice(1)) && host.length >= domain.length ? 2000 + domain.length : 0;
    if (domain.endsWith('*')) return host.startsWith(domain.slice(0, -1)) && host.length >= domain.length ? 1000 + domain.length : 0;
    return 0;
  };
  const best = Math.max(0, ...domains.map(rank));
  return best === 0 ? undefined : domains.find((domain) => rank(domain) === best);
}
