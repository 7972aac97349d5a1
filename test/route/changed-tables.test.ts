import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ListenerTable } from '../../src/route/listener-table.ts';
import type { RouteConfigurationSpec, VirtualHostSpec } from '../../src/route/model.ts';
import { OwnHosts } from '../../src/route/own-hosts.ts';
import { RouteTable, type ConfigurationChange } from '../../src/route/route-table.ts';
import { route } from './support.ts';

// A table that is made of another and a change answers as one that is made of everything, or it is not made.

const NAMES = ['a', 'b', 'ab', '*.a', '*.b', '*b', 'a.*', 'b.*'];
const HOSTS = ['a', 'b', 'ab', 'x.a', 'x.b', 'a.b', 'b.a', 'xb', 'a.x', 'y', ''];
const ANY: VirtualHostSpec = { name: 'any', domains: ['*'], routes: [route('any')] };

const counted = (name: string, isCounted: boolean): VirtualHostSpec['routes'] => [route(name, {}, isCounted ? { statPrefix: 's' } : {})];
/** Virtual hosts by name, as in a configuration: in order of their names. */
const virtualHosts = fc.uniqueArray(fc.record({ name: fc.constantFrom('v1', 'v2', 'v3', 'v4', 'v5'), domains: fc.uniqueArray(fc.constantFrom(...NAMES), { minLength: 1, maxLength: 3 }), isCounted: fc.boolean() }), { selector: ({ name }) => name })
  .map((list) => list.map(({ isCounted, ...one }) => ({ ...one, routes: counted(one.name, isCounted) })).sort((a, b) => (a.name < b.name ? -1 : 1)));
const disjoint = (list: readonly VirtualHostSpec[]): boolean => new Set(list.flatMap(({ domains }) => domains)).size === list.flatMap(({ domains }) => domains).length;

function answers(table: RouteTable): unknown {
  return [80, 81].map((port) => HOSTS.map((host) => [table.virtualHost(port, host)?.name, table.virtualHost(port, host, host)?.name, table.knows(port, host), table.hasPort(port, host)]));
}

function configuration(list: readonly VirtualHostSpec[], port = 80): RouteConfigurationSpec {
  return { port, virtualHosts: [...list, ANY] };
}

describe('RouteTable.with', () => {
  it('answers as a table of everything', () => {
    let made = 0;
    fc.assert(
      fc.property(virtualHosts, virtualHosts, (before, after) => {
        const table = new RouteTable([configuration(before), configuration([], 81)]);
        const first = answers(table);
        const come = after.filter((one) => !before.some((known) => known.name === one.name && known.domains.join() === one.domains.join()));
        const gone = before.filter((one) => !after.some(({ name }) => name === one.name) || come.some(({ name }) => name === one.name)).map(({ name }) => name);
        const now = [...before.filter(({ name }) => !gone.includes(name)), ...come].sort((a, b) => (a.name < b.name ? -1 : 1));
        const changed = table.with([{ port: 80, host: undefined, gone, come }]);

        expect(answers(table)).toEqual(first);
        if (disjoint(before) && disjoint(now)) expect(changed).toBeDefined();
        if (changed === undefined) return;
        made++;
        const fresh = new RouteTable([configuration(now), configuration([], 81)]);
        expect(answers(changed)).toEqual(answers(fresh));
        expect(changed.configurations).toEqual(fresh.configurations);
        expect(new Set(changed.counted)).toEqual(new Set(fresh.counted));
      }),
      { numRuns: 500 },
    );
    expect(made).toBeGreaterThan(20);
  });

  const named = (name: string, ...domains: string[]): VirtualHostSpec => ({ name, domains, routes: [] });

  it('still takes the longest wildcard, whichever came last', () => {
    const table = new RouteTable([configuration([named('short', '*.b', 'a.*'), named('twice', '*.c.b')])]);
    const changed = table.with([{ port: 80, host: undefined, gone: [], come: [named('suffix', '*.long.b'), named('late', 'a.b.*')] }])!;
    const less = changed.with([{ port: 80, host: undefined, gone: ['suffix', 'late'], come: [] }])!;

    expect(['x.long.b', 'x.c.b', 'x.b', 'a.b.x', 'a.x'].map((host) => changed.virtualHost(80, host)?.name)).toEqual(['suffix', 'twice', 'short', 'late', 'short']);
    expect(['x.long.b', 'a.b.x'].map((host) => less.virtualHost(80, host)?.name)).toEqual(['short', 'short']);
  });

  it('is not made where the virtual host of whatever Host goes or a wildcard is wanted twice', () => {
    const table = new RouteTable([configuration([named('v1', '*.a', 'a.*')])]);
    const change = (gone: string[], ...come: VirtualHostSpec[]) => table.with([{ port: 80, host: undefined, gone, come }]);

    expect([change(['any']), change([], named('v2', '*.a')), change([], named('v2', 'a.*')), change([], named('v2', 'x'), named('v3', 'x'))]).toEqual([undefined, undefined, undefined, undefined]);
    expect(change(['v1'], named('v2', '*.a'))?.virtualHost(80, 'x.a')?.name).toBe('v2');
  });

  it('changes the port that was meant, and puts a new one in its place', () => {
    const own80: RouteConfigurationSpec = { port: 80, hosts: ['db'], virtualHosts: [named('own', '*')] };
    const table = new RouteTable([own80, configuration([named('v1', 'a')], 80), configuration([named('v1', 'a')], 82)]);
    const changed = table.with([
      { port: 82, host: undefined, gone: ['v1'], come: [named('v2', 'b')] },
      { port: 81, host: undefined, now: { port: 81, virtualHosts: [{ ...named('v3', 'c'), routes: counted('v3', true) }, ANY] } },
    ])!;

    expect([changed.virtualHost(80, 'a')?.name, changed.virtualHost(82, 'a')?.name, changed.virtualHost(82, 'b')?.name, changed.virtualHost(81, 'c')?.name]).toEqual(['v1', 'any', 'v2', 'v3']);
    expect(changed.configurations.map(({ port, hosts }) => [port, hosts?.[0]])).toEqual([[80, 'db'], [80, undefined], [81, undefined], [82, undefined]]);
    expect([...changed.counted].map(({ name }) => name)).toEqual(['v3']);
  });

  const own = (host: string, name = host): RouteConfigurationSpec => ({ port: 80, hosts: [host, `${host}.x`], virtualHosts: [{ name, domains: ['*'], routes: counted(name, true) }] });

  it('takes configurations in, out, and in the place of others', () => {
    const table = new RouteTable([own('a'), configuration([], 81)]);
    const on = (change: ConfigurationChange): RouteTable => table.with([change])!;

    const two = on({ port: 80, host: 'b', now: own('b') });
    expect(two.virtualHost(80, '', 'b')).toBeUndefined();
    expect([two.virtualHost(80, 'h', 'b')?.name, two.virtualHost(80, 'h', 'a')?.name, two.virtualHost(80, 'h', 'c')]).toEqual(['b', 'a', undefined]);
    expect(two.configurations.map(({ port, hosts }) => [port, hosts?.[0]])).toEqual([[80, 'a'], [80, 'b'], [81, undefined]]);
    const other = on({ port: 80, host: 'a', now: own('a', 'other') });
    expect(other.virtualHost(80, 'h', 'a.x')?.name).toBe('other');
    expect([...other.counted].map(({ name }) => name)).toEqual(['other']);
    const again = two.with([{ port: 80, host: 'a', now: own('a', 'other') }])!;
    expect(again.configurations.map(({ hosts, virtualHosts: [first] }) => [hosts?.[0], first!.name])).toEqual([['a', 'other'], ['b', 'b'], [undefined, 'any']]);
    const none = on({ port: 80, host: 'a', now: undefined });
    expect([none.hasPort(80, 'a'), none.configurations.length, none.counted.size]).toEqual([false, 1, 0]);
    const opened = on({ port: 80, host: undefined, now: configuration([{ name: 'v', domains: ['v'], routes: [] }]) });
    expect([opened.virtualHost(80, 'v')?.name, opened.virtualHost(80, 'h')?.name, opened.virtualHost(80, 'h', 'a')?.name]).toEqual(['v', 'any', 'a']);
    expect(on({ port: 81, host: undefined, now: undefined }).hasPort(81)).toBe(false);
    expect(table.with([])).toBe(table);
  });

  it('is not made where others want the same name, or nothing is there to be changed', () => {
    const table = new RouteTable([configuration([named('v1', 'a'), named('v2', 'b')]), own('a')]);

    expect(table.with([{ port: 80, host: undefined, gone: [], come: [named('v3', 'a')] }])).toBeUndefined();
    expect(table.with([{ port: 80, host: undefined, gone: [], come: [named('v1', 'c')] }])).toBeUndefined();
    expect(table.with([{ port: 80, host: undefined, gone: ['v4'], come: [] }])).toBeUndefined();
    expect(table.with([{ port: 80, host: undefined, gone: [], come: [named('v3', '*')] }])).toBeUndefined();
    expect(table.with([{ port: 9, host: undefined, gone: [], come: [named('v3', 'c')] }])).toBeUndefined();
    expect(table.with([{ port: 80, host: 'b', now: { ...own('b'), hosts: ['b', 'a'] } }])).toBeUndefined();
    const contested = new RouteTable([configuration([named('v1', 'a'), named('v2', 'a')])]);
    expect(contested.with([{ port: 80, host: undefined, gone: ['v1'], come: [] }])).toBeUndefined();
  });
});

describe('OwnHosts.with', () => {
  const entries = fc.uniqueArray(fc.record({ name: fc.constantFrom('1', '2', '3'), hosts: fc.uniqueArray(fc.constantFrom('a', 'b', 'x.a', '*.a', '*.b'), { minLength: 1, maxLength: 3 }) }), { selector: ({ name }) => name });

  it('finds what a table of everything finds', () => {
    fc.assert(
      fc.property(entries, fc.array(fc.constantFrom('1', '2', '3')), entries, (before, gone, more) => {
        const come = more.filter(({ name }) => gone.includes(name) || !before.some((one) => one.name === name));
        const stay = before.filter(({ name }) => !gone.includes(name));
        const pairs = (list: typeof before): (readonly [string[], string])[] => list.map(({ name, hosts }) => [hosts, name]);
        const changed = OwnHosts.of(pairs(before)).with(before.filter(({ name }) => gone.includes(name)).flatMap(({ hosts }) => hosts), pairs(come));
        if (changed === undefined) return;
        const fresh = OwnHosts.of(pairs([...stay, ...come]));
        for (const host of ['a', 'b', 'x.a', 'y.a', 'x.b', 'z']) expect(changed.find(host)).toBe(fresh.find(host));
      }),
    );
  });
});

describe('ListenerTable.with', () => {
  const listener = (host: string, port = 9000) => ({ name: `${host}_${port}`, port, hosts: [host], http: false, chains: [] });
  const general = { name: '0.0.0.0_9000', port: 9000, http: true, chains: [] };

  it('has other listeners of hosts, and the same of ports', () => {
    const [a, b, c] = [listener('a'), listener('b'), listener('c', 9001)];
    const table = new ListenerTable([a, general], 'none');
    const changed = table.with([a], [b, c])!;

    expect([changed.own(9000, 'a'), changed.own(9000, 'b')?.spec, changed.own(9001, 'c')?.spec]).toEqual([undefined, b, c]);
    expect([changed.general(9000)?.spec, changed.general(9001), changed.fallbackCluster]).toEqual([general, undefined, 'none']);
    expect(changed.specs).toEqual([general, b, c]);
    expect(table.own(9000, 'a')?.spec).toBe(a);
    expect(table.with([], [{ ...a, name: 'other' }])).toBeUndefined();
    expect(table.with([], [])).toBe(table);
  });

  it('changes listeners of one name on other ports by themselves', () => {
    const [here, there] = [listener('a'), listener('a', 9001)];
    const changed = new ListenerTable([here, there], 'none').with([here], [])!;

    expect([changed.own(9000, 'a'), changed.own(9001, 'a')?.spec]).toEqual([undefined, there]);
    expect(changed.specs).toEqual([there]);
    const [other, late] = [listener('b', 9001), listener('a', 9002)];
    const apart = new ListenerTable([here, there, other], 'none').with([here, other], [late])!;
    expect([apart.own(9000, 'a'), apart.own(9001, 'a')?.spec, apart.own(9001, 'b'), apart.own(9002, 'a')?.spec]).toEqual([undefined, there, undefined, late]);
    const both = new ListenerTable([general], 'none').with([], [here, there])!;
    expect([both.own(9000, 'a')?.spec, both.own(9001, 'a')?.spec, both.own(9001, 'b')]).toEqual([here, there, undefined]);
    expect(new ListenerTable([here, there], 'none').with([here, there], [listener('b')])?.own(9001, 'a')).toBeUndefined();
  });
});
