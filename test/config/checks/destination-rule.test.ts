import { describe, expect, it } from 'vitest';
import { errors, read, resource, warnings } from '../reading.ts';

const check = (spec: string, options = {}): string[] => errors(read(resource('DestinationRule', spec), options).issues).toSorted();
const policy = (fields: string): string => `host: api\ntrafficPolicy: {${fields}}`;
const T = 'spec.trafficPolicy';

describe('a DestinationRule', () => {
  it.each([
    'host: api',
    'host: "*.example.com"\nsubsets: [{name: v1, labels: {version: v1}}, {name: V2}]',
    policy('loadBalancer: {simple: LEAST_CONN}'),
    policy('loadBalancer: {simple: 4}'),
    policy('loadBalancer: {consistentHash: {httpCookie: {name: user, ttl: 0s}}}'),
    policy('loadBalancer: {consistentHash: {httpHeaderName: x, maglev: {tableSize: 65537}}}'),
    policy('loadBalancer: {localityLbSetting: {distribute: [{from: us/*, to: {us/a/*: 80, eu: 20}}, {from: "*", to: {us: 100}}]}}'),
    policy('outlierDetection: {}, loadBalancer: {localityLbSetting: {failover: [{from: us, to: eu}], failoverPriority: [version]}}'),
    policy('loadBalancer: {warmup: {duration: 30s, minimumPercent: 0, aggression: 1.5}}'),
    policy('connectionPool: {tcp: {maxConnections: 0, idleTimeout: 0s, connectTimeout: 1s, tcpKeepalive: {time: 1m}}, http: {http1MaxPendingRequests: 1, maxRetries: 1}}'),
    policy('outlierDetection: {consecutive5xxErrors: 0, consecutiveGatewayErrors: null, interval: 1s, baseEjectionTime: 3m, maxEjectionPercent: 100}'),
    policy('outlierDetection: {splitExternalLocalOriginErrors: true, consecutiveLocalOriginFailures: 3}'),
    policy('tls: {mode: MUTUAL, credentialName: it}'),
    policy('tls: {mode: SIMPLE, insecureSkipVerify: true, sni: a}'),
    policy('portLevelSettings: [{port: {number: 80}, loadBalancer: {simple: RANDOM}}]'),
    policy('retryBudget: {percent: 25, minRetryConcurrency: 5}'),
    policy('tunnel: {targetHost: a.com, targetPort: 443}'),
    'host: api\nworkloadSelector: {matchLabels: {app: web}}\nexportTo: ["."]',
  ])('may be %s', (spec) => {
    expect(check(spec)).toEqual([]);
  });

  it.each([
    ['trafficPolicy: {tls: {}}', ['ERR_REQUIRED spec.host']],
    ['host: 10.0.0.1', ['ERR_INVALID_VALUE spec.host']],
    ['host: api\nsubsets: [{name: a}, {name: a}, {}, {name: x_y, labels: {k: "a+b", "-": c}}]', ['ERR_DUPLICATE spec.subsets[1].name', 'ERR_INVALID_VALUE spec.subsets[3].labels', 'ERR_INVALID_VALUE spec.subsets[3].labels.k', 'ERR_INVALID_VALUE spec.subsets[3].name', 'ERR_REQUIRED spec.subsets[2].name']],
    ['host: api\nsubsets: [{name: v1, labels: {version: 1.10}}]', ['ERR_WRONG_TYPE spec.subsets[0].labels.version']],
    [policy(''), [`ERR_REQUIRED ${T}`]],
    [policy('tunnel: {targetHost: "a b", targetPort: 0, protocol: GET}, proxyProtocol: {version: V2}'), [`ERR_CONFLICT ${T}`, `ERR_INVALID_VALUE ${T}.tunnel.protocol`, `ERR_INVALID_VALUE ${T}.tunnel.targetHost`, `ERR_INVALID_VALUE ${T}.tunnel.targetPort`]],
    [policy('portLevelSettings: [{loadBalancer: {simple: RANDOM}}, {port: {number: 1}}]'), [`ERR_REQUIRED ${T}.portLevelSettings[0]`, `ERR_REQUIRED ${T}.portLevelSettings[1]`]],
    [policy('connectionPool: {}'), [`ERR_REQUIRED ${T}.connectionPool`]],
    [policy('connectionPool: {tcp: {maxConnections: -1, connectTimeout: 0s, idleTimeout: 1.0005s}, http: {http1MaxPendingRequests: -1, idleTimeout: 0s}}'), ['http.http1MaxPendingRequests', 'http.idleTimeout', 'tcp.connectTimeout', 'tcp.idleTimeout', 'tcp.maxConnections'].map((field) => `ERR_INVALID_VALUE ${T}.connectionPool.${field}`)],
    [policy('connectionPool: {http: {h2UpgradePolicy: UPGRADE, useClientProtocol: true}}'), [`ERR_CONFLICT ${T}.connectionPool.http.useClientProtocol`]],
    [policy('outlierDetection: {interval: 0s, maxEjectionPercent: 101, minHealthPercent: -1, consecutiveLocalOriginFailures: 1}'), [`ERR_CONFLICT ${T}.outlierDetection.consecutiveLocalOriginFailures`, ...['interval', 'maxEjectionPercent', 'minHealthPercent'].map((field) => `ERR_INVALID_VALUE ${T}.outlierDetection.${field}`)]],
    [policy('outlierDetection: {consecutive5xxErrors: -1}'), [`ERR_WRONG_TYPE ${T}.outlierDetection.consecutive5xxErrors`]],
    [policy('loadBalancer: {simple: round_robin}'), [`ERR_WRONG_TYPE ${T}.loadBalancer.simple`]],
    [policy('loadBalancer: {consistentHash: {httpCookie: {name: "a\\r\\nb", path: "/; Secure", attributes: [{name: "x;y", value: "a\\0"}]}}}'), ['name', 'path', 'attributes[0].name', 'attributes[0].value'].map((field) => `ERR_INVALID_VALUE ${T}.loadBalancer.consistentHash.httpCookie.${field}`)],
    [policy('loadBalancer: {consistentHash: {httpCookie: {path: /}}}'), [`ERR_REQUIRED ${T}.loadBalancer.consistentHash.httpCookie`]],
    [policy('loadBalancer: {consistentHash: {useSourceIp: true, maglev: {tableSize: 65536}}}'), [`ERR_INVALID_VALUE ${T}.loadBalancer.consistentHash.maglev.tableSize`]],
    [policy('loadBalancer: {consistentHash: {useSourceIp: true, maglev: {}}}'), [`ERR_INVALID_VALUE ${T}.loadBalancer.consistentHash.maglev.tableSize`, `ERR_REQUIRED ${T}.loadBalancer.consistentHash.maglev`]],
    [policy('loadBalancer: {consistentHash: {useSourceIp: true, minimumRingSize: 5, ringHash: {}}}'), [`ERR_CONFLICT ${T}.loadBalancer.consistentHash.minimumRingSize`]],
    [policy('loadBalancer: {warmup: {minimumPercent: 101, aggression: 0.5}}'), [`ERR_INVALID_VALUE ${T}.loadBalancer.warmup.aggression`, `ERR_INVALID_VALUE ${T}.loadBalancer.warmup.minimumPercent`, `ERR_REQUIRED ${T}.loadBalancer.warmup`]],
    [policy('loadBalancer: {localityLbSetting: {distribute: [{from: a, to: {a: 90}}]}}'), [`ERR_INVALID_VALUE ${T}.loadBalancer.localityLbSetting.distribute[0].to`]],
    [policy('loadBalancer: {localityLbSetting: {distribute: [{from: a, to: {a: 100}}, {from: a/b, to: {a: 100}}]}}'), [`ERR_INVALID_VALUE ${T}.loadBalancer.localityLbSetting.distribute[1]`]],
    [policy('outlierDetection: {}, loadBalancer: {localityLbSetting: {failover: [{from: a, to: a}, {from: a/b, to: "*"}]}}'), [`ERR_INVALID_VALUE ${T}.loadBalancer.localityLbSetting.failover[0]`, `ERR_INVALID_VALUE ${T}.loadBalancer.localityLbSetting.failover[1]`, `ERR_INVALID_VALUE ${T}.loadBalancer.localityLbSetting.failover[1]`]],
    [policy('tls: {mode: MUTUAL}'), [`ERR_REQUIRED ${T}.tls`, `ERR_REQUIRED ${T}.tls`]],
    [policy('tls: {mode: SIMPLE, credentialName: it, caCertificates: /x}'), [`ERR_CONFLICT ${T}.tls.credentialName`]],
    [policy('tls: {mode: SIMPLE, insecureSkipVerify: true, subjectAltNames: []}'), [`ERR_CONFLICT ${T}.tls.insecureSkipVerify`]],
    [policy('tls: {mode: SIMPLE, insecureSkipVerify: true, caCrl: /x}'), [`ERR_CONFLICT ${T}.tls.insecureSkipVerify`]],
    [policy('tls: {mode: SIMPLE, credentialName: configmap://other/ca}'), [`ERR_INVALID_VALUE ${T}.tls.credentialName`]],
    ['host: api\nworkloadSelector: {matchLabels: {app: "w*"}}\nexportTo: ["*"]', ['ERR_CONFLICT spec.exportTo', 'ERR_INVALID_VALUE spec.workloadSelector.matchLabels.app']],
  ])('must not be %s', (spec, expected) => {
    expect(check(spec)).toEqual(expected.toSorted());
  });

  it('warns of consecutiveErrors, and says what becomes of it', () => {
    const text = resource('DestinationRule', policy('outlierDetection: {consecutiveErrors: 1}'));

    expect(read(text).issues).toMatchObject([{ severity: 'warning', code: 'WARN_DEPRECATED', path: `${T}.outlierDetection.consecutiveErrors`, message: expect.stringContaining('consecutiveGatewayErrors') }]);
    expect(read(text, { legacySemantics: false }).issues).toMatchObject([{ severity: 'warning', message: expect.stringContaining('no effect') }]);
    expect(read(text).resources).toHaveLength(1);
  });

  it('warns of a failover that nothing sets off', () => {
    expect(warnings(read(resource('DestinationRule', policy('loadBalancer: {localityLbSetting: {failover: [{from: a, to: b}]}}'))).issues)).toEqual([`WARN_NO_EFFECT ${T}.loadBalancer.localityLbSetting`]);
  });

  it.each([
    ['tunnel: {targetHost: a.com, targetPort: 443}', ['tunnel']],
    ['proxyProtocol: {version: V2}', ['proxyProtocol']],
    ['loadBalancer: {simple: RANDOM, zoneAwareLbSetting: {}}', ['loadBalancer.zoneAwareLbSetting']],
    ['connectionPool: {tcp: {tcpKeepalive: {time: 1m, probes: 3, interval: 1s}}}', ['connectionPool.tcp.tcpKeepalive.probes', 'connectionPool.tcp.tcpKeepalive.interval']],
    ['connectionPool: {http: {http2KeepAlive: {interval: 1m, timeout: 1s, connectionIdleInterval: 1s, intervalJitter: 5}}}', ['connectionIdleInterval', 'intervalJitter'].map((field) => `connectionPool.http.http2KeepAlive.${field}`)],
    ['retryBudget: {percent: 20, budgetInterval: 10s}', ['retryBudget.budgetInterval']],
    ['tls: {mode: SIMPLE, credentialName: it}', ['tls.credentialName']],
    ['tls: {mode: SIMPLE, credentialName: configmap://ca}', ['tls.credentialName']],
    ['portLevelSettings: [{port: {number: 80}, loadBalancer: {zoneAwareLbSetting: {}}}]', ['portLevelSettings[0].loadBalancer.zoneAwareLbSetting']],
    ['tls: {mode: DISABLE, credentialName: it}, connectionPool: {tcp: {tcpKeepalive: {time: 1m}}}, retryBudget: {percent: 20}', []],
  ])('warns of what changes nothing in {%s}', (fields, paths) => {
    const text = resource('DestinationRule', policy(fields));

    expect(warnings(read(text).issues).toSorted()).toEqual(paths.map((path) => `WARN_NO_EFFECT ${T}.${path}`).toSorted());
    for (const { message, line } of read(text).issues) expect([message, line]).toEqual([expect.stringMatching(/^has no effect: ./), 6]);
    // Neither istioctl nor its analysis knows of it.
    expect(read(text, { rules: 'istioctl' }).issues).toEqual([]);
    expect(read(text, { rules: 'analysis' }).issues).toEqual([]);
  });

  it('refuses what only the API server would refuse, unless istioctl\'s verdict is asked for', () => {
    const spec = policy('loadBalancer: {simple: RANDOM, warmupDurationSecs: 1s, warmup: {duration: 1s}}, retryBudget: {percent: 101}');

    expect(check(spec)).toEqual([`ERR_CONFLICT ${T}.loadBalancer.warmupDurationSecs`, `ERR_INVALID_VALUE ${T}.retryBudget.percent`]);
    expect(check(spec, { rules: 'istioctl' })).toEqual([]);
  });
});
