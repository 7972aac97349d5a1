import { describe, expect, it } from 'vitest';
import { addresses, cluster, goals, hostNames, istio, snapshotOf, virtualHost } from './support.ts';

const k8s = (kind: string, name: string, body: string, apiVersion = 'v1', metadata = ''): string => `
---
apiVersion: ${apiVersion}
kind: ${kind}
metadata: {name: ${name}${metadata}}
${body}
`;
const svc = (name: string, spec: string): string => k8s('Service', name, `spec: ${spec}`);
const WEB = svc('web', '{selector: {app: web}, ports: [{name: http, port: 80, targetPort: main}]}');
const pod = (name: string, ip: string, { labels = 'app: web', ready = 'True', extra = '' } = {}): string =>
  k8s(
    'Pod',
    name,
    `spec: {containers: [{name: c, ports: [{name: main, containerPort: 8080}]}]}
status: {phase: Running, podIP: ${ip}, conditions: [{type: Ready, status: "${ready}"}]}`,
    'v1',
    `, labels: {${labels}}${extra}`,
  );
const slice = (name: string, body: string): string =>
  k8s('EndpointSlice', name, `addressType: IPv4\n${body}`, 'discovery.k8s.io/v1', ', labels: {kubernetes.io/service-name: web}');
const NAME = 'outbound|80||web.default.svc.cluster.local';

describe('endpoints of a Kubernetes Service', () => {
  it('come from its EndpointSlices, with the labels of the pods', () => {
    const text =
      WEB + pod('a', '10.0.0.1', { labels: 'app: web, version: v1' }) + slice('x', 'ports: [{name: http, port: 9000}]\nendpoints: [{addresses: [10.0.0.1], targetRef: {kind: Pod, name: a}}]');

    expect(cluster(snapshotOf(text), NAME).endpoints).toMatchObject([{ address: '10.0.0.1', port: 9000, labels: { app: 'web', version: 'v1' } }]);
  });

  it('are one per address though several slices have it', () => {
    const endpoints = 'ports: [{name: http, port: 9000}]\nendpoints: [{addresses: [10.0.0.1]}]';

    expect(addresses(snapshotOf(WEB + slice('x', endpoints) + slice('y', endpoints)), NAME)).toEqual(['10.0.0.1:9000']);
  });

  it('are left out while their Pod is unknown, where Pods are known at all', () => {
    const body = `ports: [{name: http, port: 9000}]
endpoints: [{addresses: [10.0.0.1], targetRef: {kind: Pod, name: gone}}, {addresses: [10.0.0.2], targetRef: {kind: Pod, name: b}}, {addresses: [10.0.0.3]}]`;

    expect(addresses(snapshotOf(WEB + pod('b', '10.0.0.2') + slice('x', body)), NAME)).toEqual(['10.0.0.2:9000', '10.0.0.3:9000']);
    expect(addresses(snapshotOf(WEB + slice('x', body)), NAME)).toHaveLength(3);
  });

  it('that are not ready or end are left out, unless the Service publishes them', () => {
    const body = `ports: [{name: http, port: 9000}]
endpoints: [{addresses: [10.0.0.1], conditions: {ready: false}}, {addresses: [10.0.0.2], conditions: {ready: false, serving: true, terminating: true}}, {addresses: [10.0.0.3]}]`;
    const published = svc('web', '{publishNotReadyAddresses: true, ports: [{name: http, port: 80}]}');

    expect(addresses(snapshotOf(WEB + slice('x', body)), NAME)).toEqual(['10.0.0.3:9000']);
    expect(addresses(snapshotOf(published + slice('x', body)), NAME)).toHaveLength(3);
  });

  it('come from Endpoints where there is no slice', () => {
    const classic = k8s('Endpoints', 'web', 'subsets: [{addresses: [{ip: 10.0.0.1}], notReadyAddresses: [{ip: 10.0.0.2}], ports: [{name: http, port: 9000}]}]');

    expect(addresses(snapshotOf(WEB + classic), NAME)).toEqual(['10.0.0.1:9000']);
    expect(addresses(snapshotOf(WEB + classic + slice('x', 'ports: [{name: http, port: 1}]\nendpoints: [{addresses: [10.0.0.3]}]')), NAME)).toEqual(['10.0.0.3:1']);
  });

  it('are the ready pods it selects where there is neither', () => {
    const text = WEB + pod('a', '10.0.0.1') + pod('b', '10.0.0.2', { ready: 'False' }) + pod('c', '10.0.0.3', { labels: 'app: other' }) + pod('d', '10.0.0.4', { extra: ', namespace: other' });

    expect(addresses(snapshotOf(text), NAME)).toEqual(['10.0.0.1:8080']);
  });

  it('are WorkloadEntries that it selects, besides whatever the cluster runs', () => {
    const ports = 'ports: [{name: http, port: 80, targetPort: main}, {name: admin, port: 81, targetPort: 8081}, {name: plain, port: 82}]';
    const service = svc('web', `{selector: {app: web}, ${ports}}`);
    const entries =
      istio('WorkloadEntry', 'named', '{address: 10.1.0.1, labels: {app: web, version: vm}, ports: {main: 7000, admin: 7001}, weight: 3, locality: r/z/s}') +
      istio('WorkloadEntry', 'bare', '{address: 10.1.0.2, labels: {app: web}}') +
      istio('WorkloadEntry', 'other', '{address: 10.1.0.3, labels: {app: else}}') +
      istio('WorkloadEntry', 'name', '{address: vm.example.com, labels: {app: web}}') +
      istio('WorkloadEntry', 'far', '{address: 10.1.0.4, labels: {app: web}}', 'far');
    const snapshot = snapshotOf(service + entries + pod('a', '10.0.0.1'));

    expect(addresses(snapshot, NAME)).toEqual(['10.0.0.1:8080', '10.1.0.1:7000']);
    expect(addresses(snapshot, NAME.replace('80', '81'))).toEqual(['10.0.0.1:8081', '10.1.0.2:8081', '10.1.0.1:7001']);
    expect(addresses(snapshot, NAME.replace('80', '82'))).toEqual(['10.0.0.1:82', '10.1.0.2:82', '10.1.0.1:82']);
    expect(cluster(snapshot, NAME).endpoints[1]).toMatchObject({ weight: 3, labels: { version: 'vm' }, locality: { region: 'r', zone: 'z' } });
    expect(addresses(snapshotOf(svc('web', `{${ports}}`) + entries), NAME)).toEqual([]);
  });

  it('serve a port only by its name', () => {
    const two = svc('web', '{ports: [{name: http, port: 80}, {name: http-b, port: 81}]}');
    const snapshot = snapshotOf(two + slice('x', 'ports: [{name: http-b, port: 9001}]\nendpoints: [{addresses: [10.0.0.1]}]'));

    expect(addresses(snapshot, NAME)).toEqual([]);
    expect(addresses(snapshot, NAME.replace('|80|', '|81|'))).toEqual(['10.0.0.1:9001']);
  });

  it('have the locality of the pod label', () => {
    const text = WEB + pod('a', '10.0.0.1', { labels: 'app: web, istio-locality: r.z.s' });

    expect(cluster(snapshotOf(text), NAME).endpoints[0]?.locality).toEqual({ region: 'r', zone: 'z', subzone: 's' });
  });
});

describe('a Kubernetes Service', () => {
  it('without endpoints has a cluster without endpoints; with DNS discovery its own name is looked up', () => {
    expect(cluster(snapshotOf(WEB), NAME)).toMatchObject({ discovery: 'static', endpoints: [] });
    expect(cluster(snapshotOf(WEB, { dnsDiscovery: true }), NAME)).toMatchObject({
      discovery: 'strict-dns',
      endpoints: [{ address: 'web.default.svc.cluster.local', port: 80 }],
    });
  });

  it('with DNS discovery has subsets by labels, which what DNS gives has not', () => {
    const rule = istio('DestinationRule', 'web', '{host: web, subsets: [{name: v1, labels: {version: v1}}, {name: all}]}');
    const snapshot = snapshotOf(WEB + rule, { dnsDiscovery: true });

    expect(cluster(snapshot, NAME.replace('||', '|v1|'))).toMatchObject({ discovery: 'static', endpoints: [] });
    expect(cluster(snapshot, NAME.replace('||', '|all|'))).toMatchObject({ discovery: 'strict-dns', endpoints: [{ address: 'web.default.svc.cluster.local' }] });
  });

  it('without cluster IP is addressed pod by pod, by names below its own too', () => {
    const snapshot = snapshotOf(svc('db', '{clusterIP: None, ports: [{name: http, port: 80}]}'));

    expect(cluster(snapshot, 'outbound|80||db.default.svc.cluster.local')).toMatchObject({ discovery: 'original-dst', loadBalancer: { kind: 'PASSTHROUGH' } });
    expect(virtualHost(snapshot, 'db.default.svc.cluster.local:80').domains).toContain('*.db.default');
  });

  it('is seen where its annotation says', () => {
    const hidden = k8s('Service', 'web', 'spec: {ports: [{name: http, port: 80}]}', 'v1', ', namespace: shop, annotations: {networking.istio.io/exportTo: "., other"}');
    const from = (namespace: string): boolean => snapshotOf(hidden, { workload: { namespace, labels: {} } }).clusters.has('outbound|80||web.shop.svc.cluster.local');

    expect([from('shop'), from('other'), from('default')]).toEqual([true, true, false]);
  });

  it.each([
    ['{name: http-x, port: 1}', 'http1'],
    ['{name: http2, port: 1}', 'http2'],
    ['{name: grpc-web-x, port: 1}', 'http2'],
    ['{name: GRPC, port: 1}', 'http2'],
    ['{name: anything, port: 1}', 'downstream'],
    ['{name: http2, port: 1, appProtocol: http}', 'http1'],
    ['{name: http, port: 1, appProtocol: kubernetes.io/h2c}', 'http2'],
    ['{name: http, port: 1, appProtocol: something}', 'downstream'],
  ])('port %s is spoken to in %s', (port, protocol) => {
    const snapshot = snapshotOf(svc('web', `{ports: [${port}]}`));

    expect(hostNames(snapshot, 1)).toContain('web.default.svc.cluster.local:1');
    expect(cluster(snapshot, 'outbound|1||web.default.svc.cluster.local').protocol).toBe(protocol);
  });

  it.each(['{name: tcp, port: 1}', '{name: https, port: 1}', '{name: mysql-main, port: 1}', '{name: x, port: 3306}', '{name: http, port: 1, appProtocol: tcp}', '{name: http, port: 1, appProtocol: tcp-x}', '{name: http, port: 3306, appProtocol: unheard-of}', '{name: http, port: 1, protocol: UDP}'])(
    'port %s has no HTTP routes',
    (port) => {
      expect(snapshotOf(svc('web', `{ports: [${port}]}`)).routes.configurations).toEqual([]);
    },
  );

  it('with an undeclared protocol does not answer for unknown hosts of its port', () => {
    expect(hostNames(snapshotOf(svc('web', '{ports: [{name: main, port: 80}]}')), 80)).toEqual(['web.default.svc.cluster.local:80']);
  });
});

describe('a port of undeclared protocol', () => {
  it('is the service alone at its own address, also where its VirtualService has other hosts', () => {
    const rule = istio('VirtualService', 'web', '{hosts: [web, alias.internal], http: [{directResponse: {status: 299}}]}');
    const { routes } = snapshotOf(svc('web', '{clusterIP: 10.9.0.1, ports: [{name: main, port: 80}]}') + rule);

    expect(routes.virtualHost(80, 'unknown.example.com', '10.9.0.1')?.name).toBe('web.default.svc.cluster.local:80');
  });
});

describe('an ExternalName Service', () => {
  const alias = (name: string, target: string): string => svc(name, `{type: ExternalName, externalName: ${target}, ports: [{name: http, port: 80}]}`);

  it("lends its names to the target's virtual host, through another of its kind too", () => {
    const snapshot = snapshotOf(WEB + alias('one', 'two.default.svc.cluster.local') + alias('two', 'web.default.svc.cluster.local'));

    expect(virtualHost(snapshot, 'web.default.svc.cluster.local:80').domains).toEqual(expect.arrayContaining(['web', 'one', 'two', 'one.default', 'two.default.svc.cluster.local']));
    expect(hostNames(snapshot, 80)).toEqual(['web.default.svc.cluster.local:80', 'allow_any']);
  });

  it('of a TLS service without addresses is known to handshakes by all its names', () => {
    const target = istio('ServiceEntry', 'web', '{hosts: [web.example.com], resolution: DNS, ports: [{number: 443, name: tls, protocol: TLS}]}');
    const { listeners } = snapshotOf(target + alias('one', 'web.example.com'));

    expect(listeners.general(443)?.spec.chains.map(({ sniHosts }) => sniHosts)).toEqual([
      ['web.example.com', 'one.default.svc.cluster.local', 'one.default.svc.cluster.local.', 'one', 'one.default.svc', 'one.default'],
    ]);
  });

  it('is its target as a destination, and has no clusters', () => {
    const rule = istio('VirtualService', 'web', '{hosts: [web], http: [{route: [{destination: {host: one}}]}]}');
    const snapshot = snapshotOf(WEB + alias('one', 'other.example.com') + rule);

    expect(goals(snapshot, 'web.default.svc.cluster.local:80')).toEqual(['outbound|80||other.example.com']);
    expect([...snapshot.clusters.keys()].filter((name) => name.includes('one'))).toEqual([]);
  });

  it('keeps its names when a VirtualService is for them', () => {
    const own = istio('VirtualService', 'one', '{hosts: [one], http: [{directResponse: {status: 201}}]}');
    const target = istio('VirtualService', 'web', '{hosts: [web], http: [{directResponse: {status: 202}}]}');

    const snapshot = snapshotOf(WEB + alias('one', 'web.default.svc.cluster.local') + target + own);

    expect(virtualHost(snapshot, 'one.default.svc.cluster.local:80').domains).toContain('one');
    expect(virtualHost(snapshot, 'web.default.svc.cluster.local:80').domains).not.toContain('one');
  });

  it('that leads in a circle, or nowhere, is unknown', () => {
    const circle = alias('one', 'two.default.svc.cluster.local') + alias('two', 'one.default.svc.cluster.local') + alias('three', 'gone.example.com');

    expect(hostNames(snapshotOf(WEB + circle), 80)).toEqual(['web.default.svc.cluster.local:80', 'allow_any']);
  });
});
