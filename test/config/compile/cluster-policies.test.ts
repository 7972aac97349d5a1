import { describe, expect, it } from 'vitest';
import type { ClusterSpec } from '../../../src/cluster/model.ts';
import { cluster, istio, service, snapshotOf } from './support.ts';

const WEB = service('web.default.svc.cluster.local');
const NAME = 'outbound|80||web.default.svc.cluster.local';
const configMap = (mesh: string): string => `\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: istio, namespace: istio-system}\ndata:\n  mesh: |\n    ${mesh}\n`;
const under = (policy: string, { mesh = '', legacySemantics = true, text = WEB } = {}): ClusterSpec => {
  const rule = policy === '' ? '' : istio('DestinationRule', 'web', `{host: web, trafficPolicy: {${policy}}}`);
  return cluster(snapshotOf(text + rule + (mesh === '' ? '' : configMap(mesh)), { legacySemantics }), NAME);
};

describe('connection pools', () => {
  it('without any rule have no limits, and defaults of Istio and Envoy', () => {
    expect(under('')).toMatchObject({
      circuitBreaker: { maxConnections: Infinity, maxPendingRequests: Infinity, maxRequests: Infinity, maxRetries: Infinity },
      connection: { connectTimeoutMs: 10_000, idleTimeoutMs: 3_600_000, maxRequestsPerConnection: 0, maxConnectionDurationMs: 0 },
      panicThreshold: 0,
    });
  });

  it('take 0 for no limit', () => {
    const { circuitBreaker } = under('connectionPool: {tcp: {maxConnections: 0}, http: {http1MaxPendingRequests: 1, http2MaxRequests: 2, maxRetries: 3}}');

    expect(circuitBreaker).toEqual({ maxConnections: Infinity, maxPendingRequests: 1, maxRequests: 2, maxRetries: 3 });
  });

  it('use the idle timeout of TCP where HTTP has none', () => {
    expect(under('connectionPool: {tcp: {idleTimeout: 5s}}').connection.idleTimeoutMs).toBe(5000);
    expect(under('connectionPool: {tcp: {idleTimeout: 5s}, http: {idleTimeout: 7s}}').connection.idleTimeoutMs).toBe(7000);
  });

  it('take connect timeout and keep-alive from the mesh', () => {
    const { connection } = under('', { mesh: '{connectTimeout: 3s, tcpKeepalive: {probes: 2, time: 1m}}' });

    expect(connection).toMatchObject({ connectTimeoutMs: 3000, tcpKeepalive: { probes: 2, timeMs: 60_000 } });
  });

  it('have a retry budget with its own defaults', () => {
    expect(under('retryBudget: {}').circuitBreaker.retryBudget).toEqual({ percent: 20, minRetryConcurrency: 3 });
    // To Istio a number of 0 is none that was given, a share of 0 is one.
    expect(under('retryBudget: {percent: 0, minRetryConcurrency: 0}').circuitBreaker.retryBudget).toEqual({ percent: 0, minRetryConcurrency: 3 });
  });

  it('limit streams only where the cluster speaks HTTP/2 to everybody', () => {
    const streams = 'maxConcurrentStreams: 7, http2KeepAlive: {interval: 30s, timeout: 5s}';
    const limited = { maxConcurrentStreams: 7, http2Keepalive: { intervalMs: 30_000, timeoutMs: 5000 } };

    expect(under(`connectionPool: {http: {h2UpgradePolicy: UPGRADE, ${streams}}}`).connection).toMatchObject(limited);
    for (const http of [streams, `useClientProtocol: true, ${streams}`]) {
      const { connection } = under(`connectionPool: {http: {${http}}}`);
      for (const setting of Object.keys(limited)) expect(connection).not.toHaveProperty(setting);
    }
  });
});

describe('outlier detection', () => {
  it('is on, with nothing said, by an empty block', () => {
    expect(under('outlierDetection: {}').outlierDetection).toEqual({});
    expect(under('loadBalancer: {simple: RANDOM}').outlierDetection).toBeUndefined();
  });

  it('tells 0 from unset', () => {
    expect(under('outlierDetection: {consecutive5xxErrors: 0, consecutiveGatewayErrors: 0, maxEjectionPercent: 0}').outlierDetection).toEqual({
      consecutive5xxErrors: 0,
      consecutiveGatewayErrors: 0,
    });
  });

  it('takes 0 local failures for unset', () => {
    const split = (failures: number): unknown => under(`outlierDetection: {splitExternalLocalOriginErrors: true, consecutiveLocalOriginFailures: ${failures}}`).outlierDetection;

    expect(split(0)).toEqual({ splitExternalLocalOriginErrors: true });
    expect(split(2)).toEqual({ splitExternalLocalOriginErrors: true, consecutiveLocalOriginFailures: 2 });
  });

  it('reads consecutiveErrors as gateway errors with legacy semantics only', () => {
    const policy = 'outlierDetection: {consecutiveErrors: 1, interval: 1s, baseEjectionTime: 3m, maxEjectionPercent: 100}';

    expect(under(policy).outlierDetection).toEqual({ consecutiveGatewayErrors: 1, intervalMs: 1000, baseEjectionTimeMs: 180_000, maxEjectionPercent: 100 });
    expect(under(policy, { legacySemantics: false }).outlierDetection).not.toHaveProperty('consecutiveGatewayErrors');
  });

  it('makes minHealthPercent the panic threshold', () => {
    expect(under('outlierDetection: {minHealthPercent: 30}').panicThreshold).toBe(30);
  });

  it("comes from the mesh's default policy where the rule has none", () => {
    const mesh = 'defaultTrafficPolicy: {outlierDetection: {interval: 2s}}';

    expect(under('', { mesh }).outlierDetection).toEqual({ intervalMs: 2000 });
    expect(under('outlierDetection: {}', { mesh }).outlierDetection).toEqual({});
  });
});

describe('load balancers', () => {
  it.each([
    ['', { kind: 'LEAST_REQUEST' }],
    ['loadBalancer: {simple: LEAST_CONN}', { kind: 'LEAST_REQUEST' }],
    ['loadBalancer: {simple: UNSPECIFIED}', { kind: 'LEAST_REQUEST' }],
    ['loadBalancer: {simple: ROUND_ROBIN}', { kind: 'ROUND_ROBIN' }],
    ['loadBalancer: {simple: RANDOM}', { kind: 'RANDOM' }],
    ['loadBalancer: {simple: ROUND_ROBIN, warmup: {duration: 30s}}', { kind: 'ROUND_ROBIN', warmup: { durationMs: 30_000, minimumPercent: 10, aggression: 1 } }],
    ['loadBalancer: {consistentHash: {useSourceIp: true}}', { kind: 'RING_HASH', minimumRingSize: 1024 }],
    ['loadBalancer: {consistentHash: {useSourceIp: true, ringHash: {minimumRingSize: 64}}}', { kind: 'RING_HASH', minimumRingSize: 64 }],
    ['loadBalancer: {consistentHash: {useSourceIp: true, maglev: {tableSize: 101}}}', { kind: 'MAGLEV', tableSize: 101 }],
  ])('{%s} is %j', (policy, expected) => {
    expect(under(policy).loadBalancer).toEqual(expected);
  });

  it('PASSTHROUGH sends to the dialled address, of a subset too', () => {
    const rule = istio('DestinationRule', 'web', '{host: web, subsets: [{name: s, labels: {version: v1}, trafficPolicy: {loadBalancer: {simple: PASSTHROUGH}}}]}');
    const snapshot = snapshotOf(WEB + rule);

    expect(under('loadBalancer: {simple: PASSTHROUGH}')).toMatchObject({ discovery: 'original-dst', endpoints: [] });
    expect(cluster(snapshot, NAME.replace('80||', '80|s|')).discovery).toBe('original-dst');
    expect(cluster(snapshot, NAME).discovery).toBe('static');
  });

  it('PASSTHROUGH of the whole service is that of its subsets, whatever balancer they ask for', () => {
    const rule = istio('DestinationRule', 'web', '{host: web, trafficPolicy: {loadBalancer: {simple: PASSTHROUGH}}, subsets: [{name: s, labels: {version: v1}, trafficPolicy: {loadBalancer: {simple: RANDOM}}}]}');

    expect(cluster(snapshotOf(WEB + rule), NAME.replace('80||', '80|s|'))).toMatchObject({ discovery: 'original-dst', loadBalancer: { kind: 'PASSTHROUGH' }, endpoints: [] });
  });
});

describe('the protocol to the endpoints', () => {
  it.each([
    ['', '', 'http1'],
    ['connectionPool: {http: {h2UpgradePolicy: UPGRADE}}', '', 'http2'],
    ['connectionPool: {http: {useClientProtocol: true}}', '', 'downstream'],
    ['', 'h2UpgradePolicy: UPGRADE', 'http2'],
    ['connectionPool: {http: {h2UpgradePolicy: DO_NOT_UPGRADE}}', 'h2UpgradePolicy: UPGRADE', 'http1'],
  ])('{%s} with mesh {%s} is %s', (policy, mesh, protocol) => {
    expect(under(policy, { mesh }).protocol).toBe(protocol);
  });
});

describe('TLS', () => {
  it.each([
    ['tls: {mode: DISABLE}', undefined],
    ['tls: {mode: SIMPLE}', { mode: 'SIMPLE' }],
    ['tls: {mode: SIMPLE, sni: a.example.com, caCertificates: /ca.pem}', { mode: 'SIMPLE', sni: 'a.example.com', caCertificates: '/ca.pem' }],
    ['tls: {mode: MUTUAL, clientCertificate: /c.pem, privateKey: /k.pem, subjectAltNames: [x]}', { mode: 'MUTUAL', clientCertificate: '/c.pem', privateKey: '/k.pem', subjectAltNames: ['x'] }],
    ['tls: {mode: SIMPLE, caCrl: /crl.pem}', { mode: 'SIMPLE', caCrl: '/crl.pem' }],
    ['tls: {mode: ISTIO_MUTUAL, caCrl: /crl.pem}', { mode: 'ISTIO_MUTUAL', sni: 'outbound_.80_._.web.default.svc.cluster.local', caCrl: '/crl.pem' }],
    ['tls: {mode: ISTIO_MUTUAL}', { mode: 'ISTIO_MUTUAL', sni: 'outbound_.80_._.web.default.svc.cluster.local' }],
    // A sidecar fetches credentials only for rules that select it.
    ['tls: {mode: SIMPLE, credentialName: secret}', undefined],
  ])('{%s} is %j', (policy, expected) => {
    expect(under(policy).tls).toEqual(expected);
  });
});

describe('locality', () => {
  const endpoints = 'endpoints: [{address: 10.0.0.1, locality: west/z/s}, {address: 10.0.0.2, locality: east/z/s}]';
  const zones = istio('ServiceEntry', 'web', `{hosts: [web.default.svc.cluster.local], resolution: STATIC, ports: [{number: 80, name: http, protocol: HTTP}], ${endpoints}}`);
  const priorities = (policy: string, mesh = ''): unknown => {
    const rule = istio('DestinationRule', 'web', `{host: web, trafficPolicy: {${policy}}}`);
    const options = { workload: { namespace: 'default', labels: {}, locality: 'west/z/s' } };
    const found = cluster(snapshotOf(zones + rule + (mesh === '' ? '' : configMap(mesh)), options), NAME);
    return found.endpoints.map(({ locality: { region } }, index) => `${region} ${found.priorities?.[index] ?? 0}`);
  };

  it('sets priorities only with outlier detection, and not when it is off', () => {
    expect(priorities('outlierDetection: {}')).toEqual(['east 1', 'west 0']);
    expect(priorities('loadBalancer: {simple: RANDOM}')).toEqual(['east 0', 'west 0']);
    expect(priorities('outlierDetection: {}, loadBalancer: {localityLbSetting: {enabled: false}}')).toEqual(['east 0', 'west 0']);
    expect(priorities('outlierDetection: {}', 'localityLbSetting: {enabled: false}')).toEqual(['east 0', 'west 0']);
  });

  // Source: istio `GetTrafficDistribution`, `GetLocalityLbSetting`.
  it.each([
    ['trafficDistribution: PreferClose', '', '', '', [0, 0, 1, 2]],
    ['trafficDistribution: PreferSameZone', '', '', '', [0, 0, 1, 2]],
    ['trafficDistribution: PreferSameNode', '', '', '', [0, 1, 2, 3]],
    ['trafficDistribution: preferclose', '', '', '', undefined],
    ['', 'preferCLOSE', '', '', [0, 0, 1, 2]],
    ['', 'PreferSameNode', '', '', [0, 1, 2, 3]],
    ['trafficDistribution: PreferSameNode', 'PreferClose', '', '', [0, 1, 2, 3]],
    ['trafficDistribution: PreferClose', '', '', 'localityLbSetting: {enabled: false}', [0, 0, 1, 2]],
    ['trafficDistribution: PreferClose', '', 'loadBalancer: {simple: RANDOM}', '', [0, 0, 1, 2]],
    ['trafficDistribution: PreferClose', '', 'loadBalancer: {localityLbSetting: {enabled: false}}', '', undefined],
    ['trafficDistribution: PreferClose', '', 'loadBalancer: {localityLbSetting: {failover: [{from: west, to: east}]}}', '', undefined],
  ])('{%s} and the annotation %j prefer endpoints nearby unless a rule speaks of places: {%s} {%s}', (field, annotation, policy, mesh, expected) => {
    const service = `
---
apiVersion: v1
kind: Service
metadata: {name: web${annotation === '' ? '' : `, annotations: {networking.istio.io/traffic-distribution: ${annotation}}`}}
spec: {ports: [{name: http, port: 80}]${field === '' ? '' : `, ${field}`}}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
ports: [{name: http, port: 80}]
endpoints:
${[1, 2, 3, 4].map((n) => `- {addresses: [10.0.0.${n}], targetRef: {kind: Pod, name: p${n}}}`).join('\n')}
`;
    const pods = ['west.z.s', 'west.z.t', 'west.y.s', 'east.z.s'].map((locality, index) => `
---
apiVersion: v1
kind: Pod
metadata: {name: p${index + 1}, labels: {istio-locality: ${locality}}}
status: {podIP: 10.0.0.${index + 1}}
`);
    const rule = policy === '' ? '' : istio('DestinationRule', 'web', `{host: web, trafficPolicy: {${policy}}}`);
    const options = { workload: { namespace: 'default', labels: {}, locality: 'west/z/s' } };
    const found = cluster(snapshotOf(service + pods.join('') + rule + (mesh === '' ? '' : configMap(mesh)), options), NAME);
    const priorityOf = (address: string): number | undefined => found.priorities?.[found.endpoints.findIndex((endpoint) => endpoint.address === address)];

    expect(found.priorities && [1, 2, 3, 4].map((n) => priorityOf(`10.0.0.${n}`))).toEqual(expected);
  });
});
