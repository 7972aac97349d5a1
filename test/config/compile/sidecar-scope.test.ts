import { describe, expect, it } from 'vitest';
import { hostNames, istio, service, snapshotOf } from './support.ts';

const SERVICES = service('a.default.svc.cluster.local') + service('b.default.svc.cluster.local') + service('c.shop.svc.cluster.local', { namespace: 'shop' });
const sidecar = (name: string, spec: string, namespace?: string): string => istio('Sidecar', name, spec, namespace);
const hosts = (...names: string[]): string => `{egress: [{hosts: [${names.map((name) => `"${name}"`).join(', ')}]}]}`;
const seen = (text: string, labels = {}): string[] => hostNames(snapshotOf(SERVICES + text, { workload: { namespace: 'default', labels } }), 80).map((name) => name.split('.')[0]!);

describe('the egress hosts of a Sidecar', () => {
  it.each([
    [['*/*'], ['a', 'b', 'c', 'allow_any']],
    [['./*'], ['a', 'b', 'allow_any']],
    [['shop/*'], ['c', 'allow_any']],
    [['*/b.default.svc.cluster.local', 'shop/*'], ['b', 'c', 'allow_any']],
    [['*/*.shop.svc.cluster.local'], ['c', 'allow_any']],
    [['~/*'], []],
    [['./nobody.default.svc.cluster.local'], []],
  ])('%j leave %j', (egress, expected) => {
    expect(seen(sidecar('default', hosts(...egress)))).toEqual(expected);
  });

  it('bring in destinations of rules as clusters, not as hosts', () => {
    const rule = istio('VirtualService', 'a', '{hosts: [a], http: [{route: [{destination: {host: c.shop.svc.cluster.local}}]}]}');
    const snapshot = snapshotOf(SERVICES + rule + sidecar('default', hosts('./a.default.svc.cluster.local')));

    expect(hostNames(snapshot, 80)).toEqual(['a.default.svc.cluster.local:80', 'allow_any']);
    expect([...snapshot.clusters.keys()]).toEqual(['outbound|80||a.default.svc.cluster.local', 'outbound|80||c.shop.svc.cluster.local', 'PassthroughCluster', 'BlackHoleCluster']);
  });

  it('of an earlier listener bring in destinations before those of a later one', () => {
    const twice = service('d.example.com') + service('d.example.com', { namespace: 'shop', ports: '[{number: 81, name: http, protocol: HTTP}]' });
    const rule = istio('VirtualService', 'a', '{hosts: [a], http: [{route: [{destination: {host: d.example.com}}]}]}');
    const spec = '{egress: [{port: {number: 80, protocol: HTTP, name: x}, hosts: ["./a.default.svc.cluster.local"]}, {hosts: ["shop/d.example.com"]}]}';
    const snapshot = snapshotOf(SERVICES + twice + rule + sidecar('default', spec));

    expect(hostNames(snapshot, 81)).toEqual(['d.example.com:81', 'allow_any']);
    expect([...snapshot.clusters.keys()]).toContain('outbound|80||d.example.com');
    expect([...snapshot.clusters.keys()]).not.toContain('outbound|81||d.example.com');
  });

  it('of a listener with a port are for that port alone', () => {
    const two = service('d.default.svc.cluster.local', { ports: '[{number: 80, name: http, protocol: HTTP}, {number: 90, name: http-b, protocol: HTTP}]' });
    const spec = '{egress: [{port: {number: 90, protocol: HTTP, name: x}, hosts: ["./d.default.svc.cluster.local"]}, {hosts: ["shop/*"]}]}';
    const snapshot = snapshotOf(SERVICES + two + sidecar('default', spec));

    expect(hostNames(snapshot, 90)).toEqual(['d.default.svc.cluster.local:90', 'allow_any']);
    expect(hostNames(snapshot, 80)).toEqual(['c.shop.svc.cluster.local:80', 'allow_any']);
  });
});

describe('an egress listener with a port', () => {
  const ported = (own: string, rest: string): string => `{egress: [{port: {number: 90, protocol: HTTP, name: x}, hosts: ["${own}"]}, {hosts: ["${rest}"]}]}`;

  it('is none when no service that it imports has the port', () => {
    const { routes } = snapshotOf(SERVICES + sidecar('default', ported('./a.default.svc.cluster.local', './*')));

    expect(routes.hasPort(90)).toBe(false);
    expect(routes.hasPort(80)).toBe(true);
  });

  it('still says what is known on it when a later one has services there', () => {
    const late = service('d.default.svc.cluster.local', { ports: '[{number: 90, name: http, protocol: HTTP}]' });
    const snapshot = snapshotOf(SERVICES + late + sidecar('default', ported('./a.default.svc.cluster.local', './*')));

    expect(hostNames(snapshot, 90)).toEqual(['allow_any']);
  });
});

describe('the protocol of an egress listener', () => {
  it.each([
    ['HTTP', ['a.default.svc.cluster.local:80', 'allow_any']],
    ['TCP', []],
  ])('%s decides over that of the services', (protocol, expected) => {
    const spec = `{egress: [{port: {number: 80, protocol: ${protocol}, name: x}, hosts: ["./a.default.svc.cluster.local"]}]}`;

    expect(hostNames(snapshotOf(SERVICES + sidecar('default', spec)), 80)).toEqual(expected);
  });
});

describe('which Sidecar governs', () => {
  const selecting = sidecar('selecting', '{workloadSelector: {labels: {app: web}}, egress: [{hosts: ["shop/*"]}]}');
  const general = sidecar('general', hosts('./a.default.svc.cluster.local'));
  const root = sidecar('root', hosts('./b.default.svc.cluster.local'), 'istio-system');

  it('one that selects the caller, else one for all, else the root namespace\'s', () => {
    expect(seen(general + selecting + root, { app: 'web' })).toEqual(['c', 'allow_any']);
    expect(seen(general + selecting + root, { app: 'other' })).toEqual(['a', 'allow_any']);
    expect(seen(selecting + root, { app: 'other' })).toEqual(['b', 'allow_any']);
  });

  it('sets the outbound policy and where unknown hosts go', () => {
    const proxied = sidecar('p', '{egress: [{hosts: ["*/*"]}], outboundTrafficPolicy: {mode: ALLOW_ANY, egressProxy: {host: c.shop.svc.cluster.local, port: {number: 80}}}}');
    const catchAll = snapshotOf(SERVICES + proxied).routes.configurations[0]?.virtualHosts.at(-1);

    expect(seen(sidecar('closed', '{egress: [{hosts: ["./a.default.svc.cluster.local"]}], outboundTrafficPolicy: {mode: REGISTRY_ONLY}}'))).toEqual(['a', 'block_all']);
    expect(catchAll?.routes[0]?.action).toMatchObject({ destinations: [{ cluster: 'outbound|80||c.shop.svc.cluster.local' }] });
  });

  it('finds a short name of the egress proxy in its own namespace', () => {
    const proxied = sidecar('p', '{outboundTrafficPolicy: {mode: ALLOW_ANY, egressProxy: {host: b, subset: v1, port: {number: 80}}}}');
    const catchAll = snapshotOf(SERVICES + proxied).routes.configurations[0]?.virtualHosts.at(-1);

    expect(catchAll?.routes[0]?.action).toMatchObject({ destinations: [{ cluster: 'outbound|80|v1|b.default.svc.cluster.local' }] });
  });
});

describe('what is exported', () => {
  const exported = (exportTo: string): string[] =>
    hostNames(snapshotOf(`
---
apiVersion: v1
kind: Service
metadata: {name: x, namespace: shop, annotations: {networking.istio.io/exportTo: "${exportTo}"}}
spec: {clusterIP: 10.9.0.1, ports: [{name: http, port: 80}]}
`), 80);
  const asDefault = (exportTo: string): string[] =>
    seen(`
---
apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data: {mesh: "defaultServiceExportTo: [${exportTo}]"}
`);

  it.each([
    ['*', true],
    ['default, other', true],
    ['.', false],
    ['~', false],
    ['~,default', false],
    ['~,*', true],
  ])('a Service to %s', (exportTo, isSeen) => {
    expect(exported(exportTo)).toEqual(isSeen ? ['x.shop.svc.cluster.local:80', 'allow_any'] : []);
  });

  // Source: istio `initServiceRegistry`: of a default only `.` and `*` are honoured.
  it.each([
    ["'*'", ['a', 'b', 'c', 'allow_any']],
    ["'.'", ['a', 'b', 'allow_any']],
    ["'*', '.'", ['a', 'b', 'allow_any']],
    ['default', []],
  ])('services by default to %s', (exportTo, expected) => {
    expect(asDefault(exportTo)).toEqual(expected);
  });
});
