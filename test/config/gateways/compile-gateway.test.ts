import { describe, expect, it } from 'vitest';
import { CompileMemo } from '../../../src/config/compile-memo.ts';
import { compileGateway } from '../../../src/config/gateways/compile-gateway.ts';
import type { GatewaySnapshot } from '../../../src/config/gateways/gateway-model.ts';
import { readResources } from '../../../src/config/read-resources.ts';
import { ResourceSet } from '../../../src/config/resource-set.ts';
import type { RequestHead } from '../../../src/route/model.ts';

const SHOP = `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: shop, namespace: default}
spec:
  hosts: [shop.default.svc.cluster.local]
  location: MESH_INTERNAL
  resolution: STATIC
  ports: [{number: 9080, name: http, protocol: HTTP}]
  endpoints: [{address: 10.0.0.1}]
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: db, namespace: default}
spec:
  hosts: [db.example.com]
  resolution: STATIC
  ports: [{number: 5432, name: tcp, protocol: TCP}, {number: 443, name: tls, protocol: TLS}]
  endpoints: [{address: 10.0.0.2}]
`;

/** The gateway of `labels` under `documents`. */
function compiled(documents: string, labels: Record<string, string> = { istio: 'edge' }): GatewaySnapshot {
  const { resources, issues } = readResources([{ text: `${SHOP}---\n${documents}`, file: 'a.yaml' }], { legacySemantics: false });
  expect(issues.filter(({ severity }) => severity === 'error')).toEqual([]);
  return compileGateway(resources, { version: 1, workload: { namespace: 'istio-system', labels }, legacySemantics: false });
}

function gateway(name: string, servers: string, namespace = 'default'): string {
  return `
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: ${name}, namespace: ${namespace}}
spec: {selector: {istio: edge}, servers: [${servers}]}
---`;
}

function rule(name: string, spec: string, namespace = 'default'): string {
  return `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: ${name}, namespace: ${namespace}}
spec: {${spec}}
---`;
}

const PLAIN = '{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}';
const https = (name: string, hosts: string): string => `{port: {number: 443, name: ${name}, protocol: HTTPS}, hosts: [${hosts}], tls: {mode: SIMPLE, credentialName: c}}`;
const passing = (name: string, hosts: string): string => `{port: {number: 443, name: ${name}, protocol: TLS}, hosts: [${hosts}], tls: {mode: PASSTHROUGH}}`;

const toHttps = (hosts: string): string => `{port: {number: 80, name: http, protocol: HTTP}, hosts: [${hosts}], tls: {httpsRedirect: true}}`;

/** What answers a GET: a status, a cluster, or nothing. */
function answer({ snapshot }: GatewaySnapshot, routes: string, authority: string, path = '/'): number | string | undefined {
  const head: RequestHead = { method: 'GET', scheme: 'http', authority, path, port: snapshot.routes.configurations.find(({ hosts }) => hosts?.[0] === routes)?.port ?? 0, headers: [] };
  const route = snapshot.routes.virtualHost(head.port, authority, routes)?.match(head);
  if (route === undefined) return undefined;
  const { action } = route.spec;
  return action.kind === 'direct' ? action.status : action.kind === 'redirect' ? 301 : action.destinations[0]?.cluster;
}

describe('which servers a workload serves', () => {
  it('takes those of Gateways whose selector its labels have', () => {
    const documents = gateway('a', PLAIN);

    expect(compiled(documents).listeners.map(({ name }) => name)).toEqual(['0.0.0.0_80']);
    expect(compiled(documents, { istio: 'other' }).listeners).toEqual([]);
  });

  it.each([
    ['HTTP beside TLS on one port', `${PLAIN.replace('80', '443')}`, https('b', 'b.com')],
    ['two of TCP', '{port: {number: 9000, name: tcp, protocol: TCP}, hosts: ["*"]}', '{port: {number: 9000, name: other, protocol: TCP}, hosts: ["*"]}'],
    ['two of TLS with one host', https('a', 'a.com'), passing('b', 'a.com')],
    ['two that lead one host to https', toHttps('a.com'), toHttps('b.com, a.com')],
  ])('keeps the older of %s', (_what, first, second) => {
    const { rejected } = compiled(gateway('a', first) + gateway('b', second));

    expect(rejected).toEqual([expect.stringMatching(/^Gateway default\/b spec\.servers\[0\]: .*/)]);
  });

  it.each([[PLAIN, toHttps('"*"')], [toHttps('"*"'), PLAIN], [toHttps('a.com'), toHttps('b.com')]])('serves %s and %s on one port', (first, second) => {
    expect(compiled(gateway('a', first) + gateway('b', second)).rejected).toEqual([]);
  });

  it('keeps apart what has addresses of its own', () => {
    const { listeners, rejected } = compiled(gateway('a', `${PLAIN}, {port: {number: 80, name: two, protocol: TCP}, bind: 10.9.0.1, hosts: ["*"]}`) + rule('r', 'hosts: ["*"], gateways: [a], tcp: [{route: [{destination: {host: db.example.com, port: {number: 5432}}}]}]'));

    expect(listeners.map(({ name }) => name)).toEqual(['0.0.0.0_80', '10.9.0.1_80']);
    expect(rejected).toEqual([]);
  });

  it('has no listener for bytes that no rule is bound to', () => {
    expect(compiled(gateway('a', '{port: {number: 9000, name: tcp, protocol: TCP}, hosts: ["*"]}')).listeners).toEqual([]);
  });
});

describe('HTTP', () => {
  it.each(['a', 'default/a', 'a.default', 'a.default.svc.cluster.local'])('binds a VirtualService to the gateway %s', (name) => {
    expect(answer(compiled(gateway('a', PLAIN) + rule('r', `hosts: [x.com], gateways: [${name}], http: [{directResponse: {status: 201}}]`)), 'http.80', 'x.com')).toBe(201);
  });

  it('takes only entries of a match that are for the gateway and the port', () => {
    const http = '[{match: [{gateways: [mesh]}, {port: 81}], directResponse: {status: 201}}, {match: [{gateways: [a]}], directResponse: {status: 202}}]';

    expect(answer(compiled(gateway('a', PLAIN) + rule('r', `hosts: [x.com], gateways: [mesh, a], http: ${http}`)), 'http.80', 'x.com')).toBe(202);
  });

  it('reads gateways of a match by the namespace of the rule that a delegate serves', () => {
    const root = rule('root', 'hosts: [x.com], gateways: [a], http: [{match: [{gateways: [a]}], delegate: {name: leaf, namespace: other}}]');
    const leaf = rule('leaf', 'http: [{directResponse: {status: 203}}]', 'other');

    expect(answer(compiled(gateway('a', PLAIN) + root + leaf), 'http.80', 'x.com')).toBe(203);
  });

  it.each([
    // Names of a delegate are of its own namespace.
    ['a', undefined],
    ['default/a', 203],
  ])('reads the gateway %s of a match in a delegate by the namespace of the delegate', (name, status) => {
    const root = rule('root', 'hosts: [x.com], gateways: [a], http: [{match: [{gateways: [a]}], delegate: {name: leaf, namespace: other}}]');
    const leaf = rule('leaf', `http: [{match: [{gateways: [${name}], uri: {prefix: /}}], directResponse: {status: 203}}]`, 'other');

    expect(answer(compiled(gateway('a', PLAIN) + root + leaf), 'http.80', 'x.com')).toBe(status);
  });

  it('leaves a wider host to another VirtualService where a narrower one has no rule for the gateway', () => {
    const narrow = rule('narrow', 'hosts: [a.x.com], gateways: [a], http: [{match: [{port: 81}], directResponse: {status: 201}}]');
    const wide = rule('wide', 'hosts: ["*.x.com"], gateways: [a], http: [{directResponse: {status: 202}}]');

    expect(answer(compiled(gateway('a', PLAIN) + narrow + wide), 'http.80', 'a.x.com')).toBe(202);
  });

  it('sees what is exported to its namespace', () => {
    const spec = (exportTo: string): string => `hosts: [x.com], gateways: [a], exportTo: [${exportTo}], http: [{directResponse: {status: 201}}]`;

    expect(answer(compiled(gateway('a', PLAIN) + rule('r', spec('.'))), 'http.80', 'x.com')).toBeUndefined();
    expect(answer(compiled(gateway('a', PLAIN) + rule('r', spec('istio-system'))), 'http.80', 'x.com')).toBe(201);
  });

  it('sends to the only port of a service', () => {
    expect(answer(compiled(gateway('a', PLAIN) + rule('r', 'hosts: [x.com], gateways: [a], http: [{route: [{destination: {host: shop}}]}]')), 'http.80', 'x.com')).toBe(
      'outbound|9080||shop.default.svc.cluster.local',
    );
  });

  it('has routes of its own for each server that ends TLS', () => {
    const documents = gateway('a', `${https('one', 'one.com')}, ${https('two', 'two.com')}`) + rule('r', 'hosts: ["*"], gateways: [a], http: [{directResponse: {status: 201}}]');
    const edge = compiled(documents);

    expect(edge.listeners[0]?.chains.map(({ sniHosts, serves }) => [sniHosts, serves])).toEqual([
      [['one.com'], { kind: 'http', routes: 'https.443.one.a.default' }],
      [['two.com'], { kind: 'http', routes: 'https.443.two.a.default' }],
    ]);
    expect(answer(edge, 'https.443.one.a.default', 'one.com')).toBe(201);
    expect(answer(edge, 'https.443.one.a.default', 'two.com')).toBeUndefined();
  });
});

describe('bytes', () => {
  const chains = (documents: string): unknown =>
    compiled(documents).listeners.flatMap((listener) =>
      listener.chains.map(({ sniHosts, serves, tls }) => [listener.port, sniHosts, tls?.mode, serves.kind === 'bytes' ? serves.chain.destinations.map(({ cluster }) => cluster) : serves.kind]),
    );
  const DB = 'outbound|5432||db.example.com';

  it('go by the first tcp rule that fits', () => {
    const tcp = '[{match: [{port: 1}], route: [{destination: {host: shop}}]}, {match: [{port: 9000}], route: [{destination: {host: db.example.com, port: {number: 5432}}}]}, {route: [{destination: {host: shop}}]}]';

    expect(chains(gateway('a', '{port: {number: 9000, name: tcp, protocol: TCP}, hosts: ["*"]}') + rule('r', `hosts: ["*"], gateways: [a], tcp: ${tcp}`))).toEqual([[9000, undefined, undefined, [DB]]]);
  });

  it('in TLS that ends here go by tcp rules too', () => {
    const server = '{port: {number: 9443, name: tls, protocol: TLS}, hosts: [db.example.com], tls: {mode: MUTUAL, credentialName: c}}';

    expect(chains(gateway('a', server) + rule('r', 'hosts: [db.example.com], gateways: [a], tcp: [{route: [{destination: {host: db.example.com, port: {number: 5432}}}]}]'))).toEqual([
      [9443, ['db.example.com'], 'MUTUAL', [DB]],
    ]);
  });

  it('in TLS that passes go by tls rules; of two for one name the first counts', () => {
    const tls = '[{match: [{sniHosts: [a.com]}], route: [{destination: {host: db.example.com, port: {number: 443}}}]}, {match: [{sniHosts: [a.com]}, {sniHosts: [b.com]}], route: [{destination: {host: shop}}]}]';

    expect(chains(gateway('a', passing('tls', '"*"')) + rule('r', `hosts: ["*.com"], gateways: [a], tls: ${tls.replaceAll('a.com', 'a.x.com').replaceAll('b.com', 'b.x.com')}`))).toEqual([
      [443, ['a.x.com'], undefined, ['outbound|443||db.example.com']],
      [443, ['b.x.com'], undefined, ['outbound|9080||shop.default.svc.cluster.local']],
    ]);
  });

  it('with AUTO_PASSTHROUGH go to the cluster that the name spells', () => {
    const server = '{port: {number: 15443, name: tls, protocol: TLS}, hosts: ["*.local"], tls: {mode: AUTO_PASSTHROUGH}}';

    expect(chains(gateway('a', server))).toEqual([[15443, ['outbound_.9080_._.shop.default.svc.cluster.local'], undefined, ['outbound|9080||shop.default.svc.cluster.local']]]);
  });
});

describe('compiling again', () => {
  it('makes anew only what changed', () => {
    const memo = new CompileMemo();
    const options = { version: 1, workload: { namespace: 'istio-system', labels: { istio: 'edge' } }, legacySemantics: false };
    const set = (documents: string): ResourceSet => ResourceSet.empty.apply(readResources([{ text: documents, file: 'a.yaml' }], { legacySemantics: false }).resources);
    const one = (status: number): string => rule('one', `hosts: [one.com], gateways: [a], http: [{directResponse: {status: ${status}}}]`);
    const rules = set(`${SHOP}---\n${gateway('a', PLAIN)}${one(201)}${rule('two', 'hosts: [two.com], gateways: [a], http: [{route: [{destination: {host: shop}}]}]')}`);
    const changed = rules.apply(readResources([{ text: one(202), file: 'b.yaml' }], { legacySemantics: false }).resources);
    const hosts = (resources: ResourceSet) => compileGateway(resources.all, options, memo).snapshot.routes.configurations[0]!.virtualHosts;

    const before = hosts(rules);
    const after = hosts(changed);

    expect(after.map(({ name }) => name)).toEqual(['one.com:80', 'two.com:80']);
    expect([after[0] === before[0], after[1] === before[1]]).toEqual([false, true]);
    expect(after).toEqual(compileGateway(changed.all, options).snapshot.routes.configurations[0]!.virtualHosts);
  });
});
