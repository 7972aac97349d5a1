import { describe, expect, it } from 'vitest';
import { ListenerTable } from '../../src/route/listener-table.ts';
import { OwnHosts } from '../../src/route/own-hosts.ts';

describe('OwnHosts', () => {
  it.each([
    ['db', 'db'],
    ['DB', 'db'],
    ['10.0.0.1', 'db'],
    ['cache', 'cache'],
    ['pod-0.db.default', 'db'],
    ['a.b.db.default', 'db'],
    ['web.default', 'cache'],
    ['db.default', 'db'],
    ['default', undefined],
    ['other', undefined],
    ['web.other.local', undefined],
    ['', undefined],
  ])('%s belongs to %s', (host, expected) => {
    const hosts = OwnHosts.of([[['db', 'db.default', '10.0.0.1', '*.db.default'], 'db'], [['db', 'cache', '*.default'], 'cache']]);

    expect(hosts.find(host)).toBe(expected);
  });

  it('has a wildcard stand for labels, not for a part of one', () => {
    const odd = OwnHosts.of([[['*ther', '*'], 'odd']]);

    for (const host of ['other', 'some.other', '.other']) expect(odd.find(host)).toBeUndefined();
  });

  it('knows no wildcards where there are none', () => {
    const plain = OwnHosts.of([[['a.b'], 'plain']]);
    expect(plain.find('x.a.b')).toBeUndefined();
    expect(plain.find('a.b')).toBe('plain');
  });
});

describe('ListenerTable', () => {
  const own = { name: '10.0.0.1_9000', port: 9000, hosts: ['db', '10.0.0.1'], http: false, chains: [] };
  const general = { name: '0.0.0.0_9000', port: 9000, http: true, chains: [] };
  const makeTable = (): ListenerTable => new ListenerTable([own, { ...own, name: 'late' }, general, { ...general, name: 'late' }], 'PassthroughCluster');

  it('finds the listener of a host on a port', () => {
    expect(makeTable().own(9000, 'db')?.spec).toBe(own);
    expect(makeTable().own(9000, 'other')).toBeUndefined();
    expect(makeTable().own(9001, 'db')).toBeUndefined();
    expect(new ListenerTable([general], '').own(9000, 'db')).toBeUndefined();
  });

  it('finds the listener of the rest of a port', () => {
    expect(makeTable().general(9000)?.spec).toBe(general);
    expect(makeTable().general(9001)).toBeUndefined();
    expect(new ListenerTable([own], 'BlackHoleCluster').general(9000)).toBeUndefined();
  });

  it('keeps what it was made of', () => {
    expect(makeTable().specs).toHaveLength(4);
    expect(makeTable().fallbackCluster).toBe('PassthroughCluster');
  });
});
