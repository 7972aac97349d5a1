import { describe, expect, it } from 'vitest';
import { LayeredMap } from '../../../src/common/layered-map.ts';
import { CompileMemo } from '../../../src/config/compile-memo.ts';
import { finish } from '../../../src/common/steps.ts';
import { compileChange, compileSnapshot, type CompileOptions } from '../../../src/config/compile.ts';
import { readResources } from '../../../src/config/read-resources.ts';
import { parseReference } from '../../../src/config/resource-reference.ts';
import { ResourceSet } from '../../../src/config/resource-set.ts';
import type { Snapshot } from '../../../src/config/snapshot.ts';
import { istio, service } from '../compile/support.ts';

const kubernetes = (kind: string, name: string, body: string, apiVersion = 'v1', labels = ''): string => `
---
apiVersion: ${apiVersion}
kind: ${kind}
metadata: {name: ${name}, labels: {${labels}}}
${body}
`;
const cluster = (name: string, more = '', port = '{name: http, port: 9080}'): string => kubernetes('Service', name, `spec: {${more}ports: [${port}]}`);
const slice = (name: string, address: string): string =>
  kubernetes('EndpointSlice', name, `addressType: IPv4\nendpoints: [{addresses: [${address}]}]\nports: [{name: http, port: 8080}]`, 'discovery.k8s.io/v1', `kubernetes.io/service-name: ${name}`);
const rule = (name: string, to = name, more = ''): string => istio('VirtualService', name, `{hosts: [${name}], http: [{${more}route: [{destination: {host: ${to}}}]}]}`);
const policy = (name: string, host = name, more = ''): string => istio('DestinationRule', name, `{host: "${host}", ${more}trafficPolicy: {loadBalancer: {simple: RANDOM}}}`);

const BASE = [cluster('a'), slice('a', '10.0.0.1'), rule('a'), policy('a'), cluster('b'), rule('b', 'a'), service('c.example.com'), policy('c', 'c.example.com')].join('');
const OPTIONS: CompileOptions = { version: 1, workload: { namespace: 'default', labels: {} }, legacySemantics: true };

/** One change after another; each is compiled in part or as a whole. */
class Changes {
  readonly #memo = new CompileMemo();
  readonly #options: CompileOptions;
  #set = ResourceSet.empty;

  constructor(text: string, options: Partial<CompileOptions> = {}) {
    this.#options = { ...OPTIONS, ...options };
    this.apply(text);
  }

  apply(text: string): 'part' | 'whole' {
    const { resources, issues } = readResources([{ text, file: 'rules.yaml' }]);
    expect(issues.filter(({ severity }) => severity === 'error')).toEqual([]);
    return this.#compile(this.#set.apply(resources));
  }

  delete(reference: string): 'part' | 'whole' {
    return this.#compile(this.#set.delete(parseReference(reference)));
  }

  #compile(set: ResourceSet): 'part' | 'whole' {
    this.#set = set;
    const before = this.#memo.latest;
    const { snapshot } = finish(compileChange(set.all, this.#options, this.#memo));
    expect(form(snapshot)).toEqual(form(compileSnapshot(set.all, this.#options).snapshot));
    return snapshot.clusters instanceof LayeredMap || snapshot.clusters === before?.snapshot.clusters ? 'part' : 'whole';
  }
}

function form({ routes, httpsRoutes, listeners, clusters, warnings, resources }: Snapshot): unknown {
  return { routes: routes.configurations, https: httpsRoutes.configurations, listeners: listeners.specs, clusters: new Map(clusters), warnings, resources };
}

describe('a change is compiled in part', () => {
  it.each([
    ['a rule that is edited', rule('a', 'a', 'timeout: 1s, ')],
    ['a rule that is new', rule('new', 'a')],
    ['a rule for nobody', rule('c', 'nowhere')],
    ['a policy', policy('a', 'a', 'subsets: [{name: v1}], ')],
    ['a policy for nobody', policy('nobody')],
    ['an external service', service('c.example.com', { ports: '[{number: 80, name: http, protocol: HTTP2}]' })],
    ['a service', cluster('a', 'clusterIP: 10.1.1.1, ')],
    ['a service that is new', cluster('new')],
    ['a service on a port that nobody had', cluster('new', '', '{name: http, port: 9999}')],
    ['a service that leaves a port', cluster('a', '', '{name: http, port: 9999}')],
    ['a service with connections', cluster('b', 'clusterIP: 10.1.1.1, ', '{name: tcp, port: 9999}')],
    ['endpoints', slice('a', '10.0.0.2')],
    ['what no mesh is made of', istio('Gateway', 'g', '{selector: {a: b}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]}')],
    ['nothing', rule('a')],
  ])('%s', (_what, text) => {
    expect(new Changes(BASE).apply(text)).toBe('part');
  });

  it('is what is deleted', () => {
    const changes = new Changes(BASE);

    expect(changes.delete('vs/a')).toBe('part');
    expect(changes.delete('svc/a')).toBe('part');
    expect(changes.delete('se/c-example-com')).toBe('whole');
  });

  it('whatever else is far away: rules for any host, policies for all, Sidecars of others', () => {
    const text = [service('*.wide.com'), istio('VirtualService', 'wide', '{hosts: ["*.wide.com"], http: [{route: [{destination: {host: a}}]}]}'), policy('all', '*.local'), istio('Sidecar', 'x', '{egress: [{hosts: ["./*"]}]}', 'other')].join('');
    const changes = new Changes(BASE + text);

    expect(changes.apply(rule('a', 'b'))).toBe('part');
    expect(changes.apply(service('d.com'))).toBe('part');
    expect(changes.apply(service('x.wide.com'))).toBe('whole');
  });

  it('with what is near: rules that send there, their delegates, other names of the service', () => {
    const root = istio('VirtualService', 'root', '{hosts: [root.com], http: [{match: [{uri: {prefix: /x}}], delegate: {name: leaf}}]}');
    const leaf = (to: string): string => istio('VirtualService', 'leaf', `{http: [{route: [{destination: {host: ${to}}}]}]}`);
    const changes = new Changes(BASE + root + leaf('a') + service('root.com') + rule('c', 'b'));

    expect(changes.apply(leaf('b'))).toBe('part');
    expect(changes.apply(cluster('b', 'type: ExternalName, externalName: c.example.com, '))).toBe('part');
    expect(changes.apply(istio('VirtualService', 'short', '{hosts: [a.default.svc], http: [{route: [{destination: {host: b}}]}]}'))).toBe('part');
    expect(changes.delete('vs/leaf')).toBe('part');
  });
});

describe('a change is compiled as a whole', () => {
  const mesh = (text: string): string => kubernetes('ConfigMap', 'istio', `data: {mesh: "${text}"}`).replace('name: istio,', 'name: istio, namespace: istio-system,');
  it.each([
    ['mesh settings', mesh('outboundTrafficPolicy: {mode: REGISTRY_ONLY}')],
    ['a Sidecar', istio('Sidecar', 'x', '{egress: [{hosts: ["./*"]}]}')],
    ['a policy for all', policy('all', '*.local')],
    ['a service of many hosts', service('*.wide.com')],
    ['a rule for many hosts', istio('VirtualService', 'many', '{hosts: ["*.local"], http: [{route: [{destination: {host: a}}]}]}')],
    ['a workload', istio('WorkloadEntry', 'w', '{address: 10.3.3.3}')],
  ])('for %s', (_what, text) => {
    expect(new Changes(BASE).apply(text)).toBe('whole');
  });

  it('where a Sidecar is in force, for rules say there which services have clusters', () => {
    expect(new Changes(BASE + istio('Sidecar', 'x', '{egress: [{hosts: ["./*"]}]}')).apply(rule('a', 'b'))).toBe('whole');
  });

  it('when a port opens, and its rules send to services that have it and are governed themselves', () => {
    const alias = cluster('a', 'type: ExternalName, externalName: x.example.com, ');
    const entry = service('b.shop', { ports: '[{number: 9080, name: http, protocol: HTTP}]' });
    const sender = istio('VirtualService', 'b', '{hosts: [b.shop], http: [{route: [{destination: {host: a}}]}]}');
    const changes = new Changes([alias, rule('a')].join(''));

    expect(changes.apply(entry + sender)).toBe('whole');
    expect(changes.delete('se/b-shop')).toBe('whole');
  });

  it('when port 80 opens, where rules have hosts of their own', () => {
    expect(new Changes([cluster('a'), rule('other.com', 'a')].join('')).apply(service('d.com'))).toBe('whole');
  });

  it('when several services share an address, of which the first has it', () => {
    const pair = (hosts: string, weight: number): string => istio('ServiceEntry', 'pair', `{hosts: [${hosts}], addresses: [10.1.1.1], ports: [{number: 9000, name: tls, protocol: TLS}], resolution: STATIC, endpoints: [{address: 10.0.0.1, weight: ${weight}}]}`);
    const changes = new Changes(BASE + pair('x.com, y.com', 1));

    expect(changes.apply(pair('y.com, x.com', 2))).toBe('whole');
  });

  it('when it takes too much with it', () => {
    const many = Array.from({ length: 300 }, (_, i) => rule(`r${i}`, 'a')).join('');
    const changes = new Changes(BASE + many);

    expect(changes.apply(cluster('a', 'clusterIP: 10.1.1.1, '))).toBe('whole');
    expect(changes.apply(rule('r7', 'b'))).toBe('part');
  });

  it('when endpoints from code may mean another service', () => {
    const changes = new Changes(BASE, { endpoints: { 'x.shop': [{ address: '10.9.9.9:1' }], a: [{ address: '10.9.9.9:2' }], 'only.default:80': [{ address: '10.9.9.9:3' }] } });

    expect(changes.apply(rule('a', 'only'))).toBe('part');
    expect(changes.apply(cluster('a', 'clusterIP: 10.1.1.1, '))).toBe('part');
    expect(changes.apply(service('y.com', { namespace: 'shop' }))).toBe('whole');
    expect(changes.apply(service('x.shop', { namespace: 'shop' }))).toBe('whole');
  });
});

it('compiles the next change right after one that came to nothing', () => {
  const memo = new CompileMemo();
  const set = ResourceSet.empty.apply(readResources([{ text: BASE, file: 'a.yaml' }]).resources);
  finish(compileChange(set.all, OPTIONS, memo));
  const ports = `[${Array.from({ length: 1000 }, (_, i) => `{number: ${i + 1}, name: p${i}, protocol: HTTP}`).join(', ')}]`;
  const hosts = Array.from({ length: 400 }, (_, i) => `h${i}.com`).join(', ');
  const tooMuch = istio('ServiceEntry', 'much', `{hosts: [${hosts}], ports: ${ports}, endpoints: [{address: 10.0.0.1}], resolution: STATIC}`);
  const refused = set.apply(readResources([{ text: tooMuch, file: 'b.yaml' }]).resources);
  const next = set.apply(readResources([{ text: rule('a', 'b'), file: 'c.yaml' }]).resources);

  expect(() => finish(compileChange(refused.all, OPTIONS, memo))).toThrow(/multiplies to more than fits/);
  expect(form(finish(compileChange(next.all, OPTIONS, memo)).snapshot)).toEqual(form(compileSnapshot(next.all, OPTIONS).snapshot));
  expect(form(finish(compileChange(set.all, OPTIONS, memo)).snapshot)).toEqual(form(compileSnapshot(set.all, OPTIONS).snapshot));
});
