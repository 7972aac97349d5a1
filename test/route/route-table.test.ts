import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { Route } from '../../src/route/route.ts';
import { RouteTable } from '../../src/route/route-table.ts';
import { VirtualHost } from '../../src/route/virtual-host.ts';
import { forward, head, route, virtualHost } from './support.ts';

describe('RouteTable', () => {
  const makeTable = (): RouteTable => new RouteTable([
    { port: 80, virtualHosts: [virtualHost(['reviews', 'reviews.default'], [route('on-80')]), virtualHost('*')] },
    { port: 9080, virtualHosts: [virtualHost('reviews', [route('on-9080')])] },
  ]);

  it('looks a host up on the port that was called, not the one in the Host', () => {
    const table = makeTable();

    expect(table.virtualHost(80, 'reviews:9080')?.routes[0]?.name).toBe('on-80');
    expect(table.virtualHost(9080, 'reviews')?.routes[0]?.name).toBe('on-9080');
  });

  it('knows its ports', () => {
    const table = makeTable();

    expect(table.hasPort(80)).toBe(true);
    expect(table.hasPort(81)).toBe(false);
    expect(table.virtualHost(81, 'reviews')).toBeUndefined();
    expect(table.virtualHost(9080, 'details')).toBeUndefined();
  });

  it('has hosts for services of their own on one port, told by the host that was dialled', () => {
    const own = (host: string, name: string) => ({ port: 80, hosts: [host, `*.${host}`], virtualHosts: [virtualHost('*', [route(name)])] });
    const table = new RouteTable([own('db', 'db'), own('cache', 'cache'), own('db', 'late'), { port: 80, virtualHosts: [virtualHost('*', [route('general')])] }, { ...own('db', 'elsewhere'), port: 81 }]);
    const named = (port: number, dialledHost?: string): string | undefined => table.virtualHost(port, 'any', dialledHost)?.routes[0]?.name;

    expect(named(80, 'db')).toBe('db');
    expect(named(80, 'x.cache')).toBe('cache');
    expect(named(80, 'other')).toBe('general');
    expect(named(80)).toBe('general');
    expect(named(81, 'db')).toBe('elsewhere');
    expect(named(81, 'other')).toBeUndefined();
    expect(named(82, 'db')).toBeUndefined();
    expect([table.hasPort(81, 'db'), table.hasPort(81, 'other'), table.hasPort(81)]).toEqual([true, false, false]);
    expect(table.explain(head({ port: 81, authority: 'db' }), 'db').outcome).toBe('routed');
    expect(table.explain(head({ port: 82, authority: 'db:82' })).knownOnPorts).toEqual([80, 81]);
    expect(table.explain(head({ port: 82, authority: 'other' })).knownOnPorts).toEqual([]);
  });

  it('knows the ports of a host that has none of its own there', () => {
    const table = new RouteTable([{ port: 80, hosts: ['db'], virtualHosts: [virtualHost('*')] }, { port: 81, virtualHosts: [virtualHost('db')] }, { port: 82, virtualHosts: [virtualHost('*')] }]);

    expect(table.explain(head({ port: 83, authority: 'db' })).knownOnPorts).toEqual([80, 81]);
  });

  it('knows a Host by a name of its own or a wildcard, but not as any other', () => {
    const table = new RouteTable([{ port: 80, virtualHosts: [virtualHost(['reviews', '*.test']), virtualHost('*')] }, { port: 81, hosts: ['db'], virtualHosts: [virtualHost('*')] }, { port: 82, virtualHosts: [virtualHost('db')] }]);

    expect(['reviews', 'a.test', 'details'].map((host) => table.knows(80, host))).toEqual([true, true, false]);
    expect([table.knows(81, 'db'), table.knows(82, 'db'), table.knows(82, 'reviews'), table.knows(83, 'db')]).toEqual([false, true, false, false]);
  });

  it('is made in steps, one for each virtual host', () => {
    const configurations = [{ port: 80, virtualHosts: [virtualHost('reviews', [route('a')]), virtualHost('*')] }, { port: 81, virtualHosts: [virtualHost('*')] }];
    const previous = new RouteTable([configurations[1]!]);
    const steps = RouteTable.of(configurations, previous);

    for (let i = 0; i < 3; i++) expect(steps.next().done).toBe(false);
    const { done, value } = steps.next();
    expect(done).toBe(true);
    expect((value as RouteTable).virtualHost(80, 'reviews')?.routes[0]?.name).toBe('a');
    expect((value as RouteTable).virtualHost(81, 'a')).toBe(previous.virtualHost(81, 'a'));
  });

  it('refuses a bad expression in the step of its virtual host', () => {
    const steps = RouteTable.of([{ port: 80, virtualHosts: [virtualHost('details'), virtualHost('reviews', [route('bad', { uri: { regex: '(' } })])] }]);

    expect(steps.next().done).toBe(false);
    expect(() => steps.next()).toThrow();
  });

  it('counts virtual hosts that have a route with a name for its statistics', () => {
    const counted = virtualHost('reviews', [route('plain'), route('counted', {}, { statPrefix: 's' })]);

    expect([...new RouteTable([{ port: 80, virtualHosts: [counted, virtualHost('*', [route('plain')])] }]).counted]).toEqual([counted]);
  });

  it('takes the first configuration of a port', () => {
    const twice = new RouteTable([
      { port: 80, virtualHosts: [virtualHost('a')] },
      { port: 80, virtualHosts: [virtualHost('b')] },
    ]);

    expect(twice.virtualHost(80, 'a')).toBeDefined();
    expect(twice.virtualHost(80, 'b')).toBeUndefined();
  });

  it('takes compiled virtual hosts over where the specification is the same object', () => {
    const [same, changed] = [virtualHost('same', [route('x')]), virtualHost('changed', [route('x')])];
    const before = new RouteTable([{ port: 80, virtualHosts: [same, changed] }]);
    const after = new RouteTable([{ port: 80, virtualHosts: [{ ...changed }, same] }], before);

    expect(after.virtualHost(80, 'same')).toBe(before.virtualHost(80, 'same'));
    expect(after.virtualHost(80, 'changed')).not.toBe(before.virtualHost(80, 'changed'));
  });

  it('refuses a bad expression when it is made, not when a request comes', () => {
    const bad = virtualHost('a', [route('x', { uri: { regex: '(' } })]);

    expect(() => new RouteTable([{ port: 80, virtualHosts: [bad] }])).toThrow(/missing closing \)/);
  });
});

describe('VirtualHost', () => {
  it('gives the first route that matches, although a later one is more specific', () => {
    const host = new VirtualHost(
      virtualHost('reviews', [
        route('both', { uri: { prefix: '/v' }, headers: { 'x-env': { exact: 'dev' } } }),
        route('prefix', { uri: { prefix: '/v' } }),
        route('exact', { uri: { exact: '/v' } }),
      ]),
    );

    expect(host.match(head({ path: '/v', headers: ['x-env', 'dev'] }))?.name).toBe('both');
    expect(host.match(head({ path: '/v?x' }))?.name).toBe('prefix');
    expect(host.match(head({ path: '/' }))).toBeUndefined();
  });

  it('matches route by route what it matches as a whole', () => {
    const host = new VirtualHost(virtualHost('reviews', [route('a', { uri: { exact: '/a' } }), route('b', { uri: { prefix: '/' } })]));

    fc.assert(
      fc.property(fc.constantFrom('/a', '/a?x', '/b', '*'), (path) => {
        const request = head({ path });
        expect(host.match(request)).toBe(host.routes.find((each) => each.matches(request)));
      }),
    );
  });

  // Below that a walk is as fast as looking up, which finds the one whose path it is.
  it.each([
    [3, 3],
    [4, 0],
  ])('of %i routes with paths of their own compares %i with that of the last one', (count, expected) => {
    const host = new VirtualHost(virtualHost('reviews', Array.from({ length: count }, (_, i) => route(`r${i}`, { uri: { exact: `/${i}` } }))));
    const spies = host.routes.map(({ matcher }) => vi.spyOn(matcher, 'matches'));

    expect(host.match(head({ path: `/${count - 1}?q` }))).toBe(host.routes.at(-1));
    expect(spies.flatMap(({ mock }) => mock.calls)).toHaveLength(expected);
  });

  it('has no default route', () => {
    expect(new VirtualHost(virtualHost('reviews')).match(head())).toBeUndefined();
  });
});

describe('Route', () => {
  it('has its faults, if there are any', () => {
    expect(new Route(route('a', {}, { fault: { abort: { httpStatus: 500, percentage: 100 } } })).faults?.decide(() => 0)).toMatchObject({ abort: { httpStatus: 500 } });
    expect(new Route(route('a')).faults).toBeUndefined();
  });

  it('sends requests with a key where the key belongs, others by chance', () => {
    const sticky = { keys: [{ kind: 'header', name: 'end-user' }], salt: '' } as const;
    const { action } = new Route(route('a', {}, { action: { ...forward('v1', 'v2'), sticky } }));
    if (action.kind !== 'forward') throw new Error('it forwards');
    const clusters = (headers: readonly string[]): string[] => [0, 0.99].map((chance) => action.pick(head({ headers: [...headers] }), () => chance).cluster);

    expect(clusters([])).toEqual(['v1', 'v2']);
    const users = Array.from({ length: 20 }, (_, i) => clusters(['end-user', `user-${i}`]));
    expect(users.every(([one, other]) => one === other)).toBe(true);
    expect(new Set(users.flat())).toEqual(new Set(['v1', 'v2']));
  });

  it('answers by itself or sends on, as its action says', () => {
    expect(new Route(route('a')).action.kind).toBe('forward');
    expect(new Route(route('a', {}, { action: { kind: 'redirect', redirect: { uri: '/' } } })).action.kind).toBe('redirect');
    expect(new Route(route('a', {}, { action: { kind: 'direct', status: 200 } })).action.kind).toBe('direct');
  });
});
