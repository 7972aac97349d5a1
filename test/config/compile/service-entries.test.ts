import { describe, expect, it } from 'vitest';
import { addresses, cluster, hostNames, istio, service, snapshotOf, virtualHost } from './support.ts';

const entry = (name: string, spec: string, namespace?: string): string => istio('ServiceEntry', name, spec, namespace);
const HTTP = 'ports: [{number: 80, name: http, protocol: HTTP}]';
const A = 'outbound|80||a.example.com';

describe('a ServiceEntry', () => {
  it.each([
    ['STATIC', 'endpoints: [{address: 10.0.0.1}]', 'static', ['10.0.0.1:80']],
    ['DNS', 'endpoints: [{address: x.example.com}]', 'strict-dns', ['x.example.com:80']],
    ['DNS', '', 'strict-dns', ['a.example.com:80']],
    ['DNS_ROUND_ROBIN', '', 'logical-dns', ['a.example.com:80']],
    ['NONE', '', 'original-dst', []],
  ])('resolution %s {%s} is %s', (resolution, endpoints, discovery, expected) => {
    const snapshot = snapshotOf(entry('a', `{hosts: [a.example.com], resolution: ${resolution}, ${HTTP}${endpoints === '' ? '' : `, ${endpoints}`}}`));

    expect(cluster(snapshot, A).discovery).toBe(discovery);
    expect(addresses(snapshot, A)).toEqual(expected);
  });

  it.each([
    ['5s', 'DNS', 5000],
    ['5s', 'DNS_ROUND_ROBIN', 5000],
    ['5s', 'STATIC', undefined],
    ['5s', 'NONE', undefined],
    ['0s', 'DNS', undefined],
  ])('dnsRefreshRate %s is for names: with %s %s', (rate, resolution, dnsRefreshMs) => {
    const settings = `\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: istio, namespace: istio-system}\ndata: {mesh: "dnsRefreshRate: ${rate}"}\n`;
    const endpoints = resolution === 'STATIC' ? ', endpoints: [{address: 10.0.0.1}]' : '';
    const snapshot = snapshotOf(entry('a', `{hosts: [a.example.com], resolution: ${resolution}, ${HTTP}${endpoints}}`) + settings);

    expect(cluster(snapshot, A).dnsRefreshMs).toBe(dnsRefreshMs);
  });

  it('DNS without any name to look up has no cluster', () => {
    const rule = istio('DestinationRule', 'a', '{host: a.example.com, subsets: [{name: none, labels: {version: none}}]}');
    const snapshot = snapshotOf(entry('a', `{hosts: [a.example.com], resolution: DNS, ${HTTP}}`) + rule);

    expect(snapshot.clusters.has(A)).toBe(true);
    expect(snapshot.clusters.has('outbound|80|none|a.example.com')).toBe(false);
  });

  it("an endpoint's own port beats the target port, which beats the number", () => {
    const ports = 'ports: [{number: 80, name: a, protocol: HTTP, targetPort: 8080}, {number: 81, name: b, protocol: HTTP}]';
    const snapshot = snapshotOf(entry('a', `{hosts: [a.example.com], resolution: STATIC, ${ports}, endpoints: [{address: 10.0.0.1, ports: {a: 1, b: 2}}, {address: 10.0.0.2}]}`));

    expect(addresses(snapshot, A)).toEqual(['10.0.0.1:1', '10.0.0.2:8080']);
    expect(addresses(snapshot, 'outbound|81||a.example.com')).toEqual(['10.0.0.1:2', '10.0.0.2:81']);
  });

  it('a Unix socket has no port', () => {
    const snapshot = snapshotOf(entry('a', `{hosts: [a.example.com], resolution: STATIC, ${HTTP}, endpoints: [{address: "unix:///run/a.sock"}]}`));

    expect(cluster(snapshot, A).endpoints).toMatchObject([{ address: '/run/a.sock', port: 0 }]);
  });

  it('selects WorkloadEntries of its namespace, and pods when it is inside the mesh', () => {
    const workloads =
      istio('WorkloadEntry', 'one', '{address: 10.0.0.1, labels: {app: vm}, weight: 4, locality: r/z/s}') +
      istio('WorkloadEntry', 'two', '{address: 10.0.0.2, labels: {app: other}}') +
      istio('WorkloadEntry', 'far', '{address: 10.0.0.3, labels: {app: vm}}', 'far') +
      '\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: p, labels: {app: vm}}\nstatus: {podIP: 10.0.0.4}\n';
    const selecting = (location: string): string => entry('a', `{hosts: [a.example.com], location: ${location}, resolution: STATIC, ${HTTP}, workloadSelector: {labels: {app: vm}}}`);

    expect(addresses(snapshotOf(selecting('MESH_EXTERNAL') + workloads), A)).toEqual(['10.0.0.1:80']);
    expect(addresses(snapshotOf(selecting('MESH_INTERNAL') + workloads), A).sort()).toEqual(['10.0.0.1:80', '10.0.0.4:80']);
    expect(cluster(snapshotOf(selecting('MESH_EXTERNAL') + workloads), A).endpoints[0]).toMatchObject({ weight: 4, locality: { region: 'r', zone: 'z', subzone: 's' } });
  });

  it('shares a host with another of its namespace: ports and endpoints add up', () => {
    const first = entry('first', `{hosts: [a.example.com], resolution: STATIC, ${HTTP}, endpoints: [{address: 10.0.0.1}]}`);
    const second = entry('second', '{hosts: [a.example.com], resolution: STATIC, ports: [{number: 80, name: http, protocol: HTTP}, {number: 81, name: http-b, protocol: HTTP}], endpoints: [{address: 10.0.0.2}]}');
    const snapshot = snapshotOf(first + second);

    expect(addresses(snapshot, A)).toEqual(['10.0.0.1:80', '10.0.0.2:80']);
    expect(addresses(snapshot, 'outbound|81||a.example.com')).toEqual(['10.0.0.2:81']);
  });

  describe('that shares a host with another of its namespace, but is not like it,', () => {
    const B = 'outbound|81||a.example.com';
    const first = entry('first', `{hosts: [a.example.com], resolution: STATIC, ${HTTP}, endpoints: [{address: 10.0.0.1}]}`);
    const second = (more: string): string =>
      entry('second', `{hosts: [a.example.com], ports: [{number: 81, name: http-b, protocol: HTTP}], endpoints: [{address: 10.0.0.2}], ${more}}`);

    it.each([
      ['found another way', second('resolution: DNS')],
      ['selecting others', second('resolution: STATIC').replace('endpoints: [{address: 10.0.0.2}]', 'workloadSelector: {labels: {app: b}}')],
      ['labelled otherwise', second('resolution: STATIC').replace('metadata: {', 'metadata: {labels: {team: b}, ')],
    ])('brings its port without a cluster: %s', (_, other) => {
      const snapshot = snapshotOf(first + other);

      expect(snapshot.clusters.has(A)).toBe(true);
      expect(snapshot.clusters.has(B)).toBe(false);
      expect(hostNames(snapshot, 81)).toContain('a.example.com:81');
    });

    it('is a service apart where it is exported to others', () => {
      const hidden = first.replace('{hosts', '{exportTo: [.], hosts');
      const seenFrom = (namespace: string): string[] => {
        const { clusters } = snapshotOf(hidden + second('resolution: STATIC'), { workload: { namespace, labels: {} } });
        return [...clusters.keys()].filter((name) => name.startsWith('outbound'));
      };

      expect(seenFrom('default')).toEqual([A]);
      expect(seenFrom('other')).toEqual([B]);
      expect(addresses(snapshotOf(hidden + second('resolution: STATIC')), A)).toEqual(['10.0.0.1:80']);
      expect(hostNames(snapshotOf(hidden + second('resolution: STATIC')), 81)).toContain('a.example.com:81');
    });
  });

  it('has WorkloadEntries without IP addresses only where names are looked up', () => {
    const workloads = istio('WorkloadEntry', 'ip', '{address: 10.0.0.1, labels: {app: vm}}') + istio('WorkloadEntry', 'name', '{address: vm.example.com, labels: {app: vm}}');
    const selecting = (resolution: string): string => entry('a', `{hosts: [a.example.com], resolution: ${resolution}, ${HTTP}, workloadSelector: {labels: {app: vm}}}`);

    expect(addresses(snapshotOf(selecting('STATIC') + workloads), A)).toEqual(['10.0.0.1:80']);
    expect(addresses(snapshotOf(selecting('DNS') + workloads), A).sort()).toEqual(['10.0.0.1:80', 'vm.example.com:80']);
  });

  it('has the locality of its endpoints, else that in their label', () => {
    const endpoints = 'endpoints: [{address: 10.0.0.1, locality: r/z, labels: {istio-locality: no}}, {address: 10.0.0.2, labels: {istio-locality: r.z.s}}]';
    const snapshot = snapshotOf(entry('a', `{hosts: [a.example.com], resolution: STATIC, ${HTTP}, ${endpoints}}`));
    const places = Object.fromEntries(cluster(snapshot, A).endpoints.map(({ address, locality: { region, zone, subzone } }) => [address, [region, zone, subzone]]));

    expect(places).toEqual({ '10.0.0.1': ['r', 'z', ''], '10.0.0.2': ['r', 'z', 's'] });
  });

  it("of another namespace gives way to the caller's own, and to a Kubernetes Service", () => {
    const far = service('web.shop.svc.cluster.local', { namespace: 'far', ports: '[{number: 81, name: http, protocol: HTTP}]' });
    const near = service('web.shop.svc.cluster.local', { namespace: 'default', ports: '[{number: 82, name: http, protocol: HTTP}]' });
    const real = '\n---\napiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: shop}\nspec: {ports: [{name: http, port: 83}]}\n';
    const ports = (text: string): number[] => snapshotOf(text).routes.configurations.map(({ port }) => port);

    expect(ports(far + near)).toEqual([82]);
    expect(ports(far + real)).toEqual([83]);
    expect(ports(far + real + near)).toEqual([82]);

    const named = service('web.shop.svc.cluster.local', { namespace: 'named', ports: '[{number: 84, name: http, protocol: HTTP}]', more: 'exportTo: [default]' });
    expect(ports(far + named)).toEqual([84]);
  });

  it('has no short names unless it is called like a Service of the cluster', () => {
    const names = (host: string): readonly string[] | undefined => snapshotOf(service(host)).routes.configurations[0]?.virtualHosts[0]?.domains;

    expect(names('a.example.com')).toEqual(['a.example.com', 'a.example.com.']);
    expect(names('a.default.svc.cluster.local')).toEqual(['a.default.svc.cluster.local', 'a.default.svc.cluster.local.', 'a', 'a.default.svc', 'a.default']);
    expect(names('A.shop.svc.cluster.local')).toEqual(['a.shop.svc.cluster.local', 'a.shop.svc.cluster.local.', 'a.shop', 'a.shop.svc']);
  });

  it('is known by its addresses, not by ranges', () => {
    const snapshot = snapshotOf(service('a.example.com', { more: 'addresses: [10.1.0.1, 10.2.0.0/16, 10.3.0.1/32, "fd00::1"]' }));

    expect(snapshot.routes.configurations[0]?.virtualHosts[0]?.domains).toEqual(['a.example.com', 'a.example.com.', '10.1.0.1', '10.3.0.1', '[fd00::1]']);
  });
});

describe('unknown hosts', () => {
  const mesh = (mode: string): string => `\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: istio, namespace: istio-system}\ndata: {mesh: "outboundTrafficPolicy: {mode: ${mode}}"}\n`;

  it('pass through by default, and are refused with REGISTRY_ONLY', () => {
    expect(hostNames(snapshotOf(service('a.example.com')), 80)).toEqual(['a.example.com:80', 'allow_any']);
    expect(hostNames(snapshotOf(service('a.example.com') + mesh('REGISTRY_ONLY')), 80)).toEqual(['a.example.com:80', 'block_all']);
    expect(snapshotOf(mesh('REGISTRY_ONLY')).settings.outboundTrafficPolicy).toBe('REGISTRY_ONLY');
  });

  it('have neither timeout nor retries', () => {
    expect(virtualHost(snapshotOf(service('a.example.com')), 'allow_any', 80)).toEqual({
      name: 'allow_any',
      domains: ['*'],
      routes: [{ name: 'allow_any', match: {}, action: { kind: 'forward', destinations: [{ cluster: 'PassthroughCluster', weight: 0 }] } }],
    });
  });

  it('go to two clusters that are always there', () => {
    expect([...snapshotOf('').clusters.keys()]).toEqual(['PassthroughCluster', 'BlackHoleCluster']);
  });
});
