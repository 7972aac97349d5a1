/** Resources that pass all checks and use every field that holds text, so that odd text can be tried in each. */

const ISTIO = 'networking.istio.io/v1';

const resource = (kind: string, name: string, spec: object, apiVersion = ISTIO): object => ({
  apiVersion,
  kind,
  metadata: { name, namespace: 'default', labels: { app: 'it' }, annotations: { 'example.com/a': 'b' }, creationTimestamp: '2024-05-01T10:00:00Z' },
  spec,
});

const HOST = 'all.com';
const to = (subset?: string): object => ({ destination: { host: HOST, ...(subset && { subset }), port: { number: 80 } } });

const operations = { set: { 'x-set': 'a%REQ(x)%' }, add: { 'x-add': '%PROTOCOL%' }, remove: ['x-remove'] };

const virtualService = resource('VirtualService', 'rules', {
  hosts: [HOST, '*.all.com', 'tcp.com'],
  gateways: ['mesh', 'default/edge'],
  exportTo: ['*'],
  http: [
    {
      name: 'forward',
      match: [
        { name: 'by-all', uri: { prefix: '/a' }, scheme: { exact: 'http' }, method: { regex: 'GET' }, authority: { prefix: 'all' }, headers: { 'x-h': { exact: 'a' } }, withoutHeaders: { 'x-w': { regex: 'b.+' } }, queryParams: { q: { exact: 'a' } }, sourceLabels: { app: 'it' }, sourceNamespace: 'default', gateways: ['mesh'], statPrefix: 'stat' },
        { uri: { regex: '/r.*' } },
      ],
      route: [
        { ...to('v1'), weight: 1, headers: { request: { ...operations, set: { host: 'set.com' } }, response: operations } },
        { ...to('v2'), weight: 1 },
      ],
      rewrite: { uri: '/b', authority: 'other.com' },
      retries: { attempts: 2, retryOn: '5xx,reset', perTryTimeout: '1s', backoff: '25ms' },
      timeout: '2s',
      fault: { delay: { fixedDelay: '1s', percentage: { value: 1 } }, abort: { grpcStatus: 'UNAVAILABLE', percentage: { value: 1 } } },
      mirrors: [{ ...to('v1'), percentage: { value: 10 } }],
      corsPolicy: { allowOrigins: [{ exact: 'http://a.com' }, { prefix: 'http' }, { regex: '.*' }], allowMethods: ['GET', 'OPTIONS'], allowHeaders: ['x-a'], exposeHeaders: ['x-b'], maxAge: '1s', unmatchedPreflights: 'IGNORE' },
      headers: { request: operations, response: operations },
    },
    { match: [{ uri: { prefix: '/regex' } }], route: [to()], rewrite: { uriRegexRewrite: { match: '(a)', rewrite: 'b\\1' } } },
    { match: [{ uri: { prefix: '/redirect' } }], redirect: { uri: '/c', authority: 'new.com', scheme: 'https' }, headers: { response: operations } },
    { match: [{ uri: { prefix: '/prefix' } }], redirect: { prefixRewrite: '/d' } },
    { match: [{ uri: { prefix: '/direct' } }], directResponse: { status: 200, body: { string: 'hello' } } },
    { match: [{ uri: { prefix: '/bytes' } }], directResponse: { status: 201, body: { bytes: 'aGk=' } } },
    { match: [{ uri: { prefix: '/delegate' } }], delegate: { name: 'leaf', namespace: 'default' } },
    { route: [to()] },
  ],
  tls: [{ match: [{ sniHosts: [HOST], port: 443, destinationSubnets: ['10.0.0.0/8'], sourceNamespace: 'default', sourceLabels: { app: 'it' } }], route: [{ destination: { host: HOST, port: { number: 443 } } }] }],
  tcp: [{ match: [{ port: 5432, destinationSubnets: ['10.0.0.0/8'], gateways: ['mesh'] }], route: [{ destination: { host: 'tcp.com', port: { number: 5432 } } }] }],
});

const trafficPolicy = {
  connectionPool: { tcp: { connectTimeout: '1s', maxConnectionDuration: '10s', idleTimeout: '5s' }, http: { idleTimeout: '5s', h2UpgradePolicy: 'UPGRADE' } },
  outlierDetection: { interval: '1s', baseEjectionTime: '1s' },
  loadBalancer: { consistentHash: { httpCookie: { name: 'user', path: '/', ttl: '1s', attributes: [{ name: 'SameSite', value: 'Lax' }] } }, localityLbSetting: { failover: [{ from: 'r', to: 's' }] } },
};

export const EVERYTHING: readonly object[] = [
  virtualService,
  resource('VirtualService', 'leaf', { http: [{ name: 'leaf', match: [{ uri: { prefix: '/delegate/x' } }], route: [to()] }] }),
  resource('VirtualService', 'matches', { hosts: ['match.com'], http: [{ match: [{ headers: { x: { prefix: 'a' } } }, { uri: { exact: '/e' } }, { queryParams: { q: { regex: 'a.*' } } }, { withoutHeaders: { x: { exact: 'a' } } }], route: [to()] }] }),
  resource('DestinationRule', 'policy', { host: HOST, exportTo: ['*'], trafficPolicy, subsets: [{ name: 'v1', labels: { version: 'v1' } }, { name: 'v2', labels: { version: 'v2' }, trafficPolicy: { loadBalancer: { consistentHash: { httpHeaderName: 'x-user' } } } }] }),
  resource('DestinationRule', 'other', { host: 'svc', trafficPolicy: { loadBalancer: { consistentHash: { httpQueryParameterName: 'user' } }, tls: { mode: 'SIMPLE', sni: 'a.com', subjectAltNames: ['a.com'], caCertificates: '/etc/ca.pem' }, portLevelSettings: [{ port: { number: 80 }, loadBalancer: { simple: 'RANDOM' } }] } }),
  resource('ServiceEntry', 'entry', {
    hosts: [HOST, '*.all.com'], addresses: ['10.1.0.0/16'], location: 'MESH_INTERNAL', resolution: 'STATIC', exportTo: ['*'], subjectAltNames: ['a.com'],
    ports: [{ number: 80, name: 'http', protocol: 'HTTP' }, { number: 443, name: 'tls', protocol: 'TLS' }],
    endpoints: [{ address: '10.0.0.1', labels: { version: 'v1' }, locality: 'r/z/s', network: 'n', ports: { http: 8080 } }, { address: '10.0.0.2', labels: { version: 'v2' }, serviceAccount: 'a' }],
  }),
  resource('ServiceEntry', 'tcp', { hosts: ['tcp.com'], resolution: 'STATIC', ports: [{ number: 5432, name: 'tcp', protocol: 'TCP' }], endpoints: [{ address: '10.0.0.6' }] }),
  resource('ServiceEntry', 'names', { hosts: ['names.com'], resolution: 'DNS', ports: [{ number: 80, name: 'http', protocol: 'HTTP' }], endpoints: [{ address: 'backend.com' }] }),
  resource('ServiceEntry', 'chosen', { hosts: ['chosen.com'], resolution: 'STATIC', ports: [{ number: 80, name: 'http', protocol: 'HTTP' }], workloadSelector: { labels: { app: 'w' } } }),
  resource('WorkloadEntry', 'workload', { address: '10.0.0.3', labels: { app: 'w' }, locality: 'r/z', ports: { http: 8080 }, serviceAccount: 'a' }),
  resource('Sidecar', 'sidecar', { workloadSelector: { labels: { app: 'it' } }, egress: [{ port: { number: 80, protocol: 'HTTP', name: 'http' }, hosts: ['*/*'] }, { hosts: ['./*', 'default/all.com', '*/*'] }], outboundTrafficPolicy: { mode: 'ALLOW_ANY' } }),
  resource('Gateway', 'edge', { selector: { istio: 'ingress' }, servers: [{ name: 's', port: { number: 80, name: 'http', protocol: 'HTTP' }, hosts: ['*/all.com'] }] }),
  resource('Service', 'svc', { selector: { app: 'w' }, ports: [{ port: 80, name: 'http', targetPort: 'web', appProtocol: 'http' }], clusterIP: '10.2.0.1', type: 'ClusterIP' }, 'v1'),
  resource('Service', 'alias', { type: 'ExternalName', externalName: HOST, ports: [{ port: 80, name: 'http' }] }, 'v1'),
  { apiVersion: 'v1', kind: 'Endpoints', metadata: { name: 'svc', namespace: 'default' }, subsets: [{ addresses: [{ ip: '10.0.0.4', hostname: 'h', targetRef: { kind: 'Pod', name: 'pod', namespace: 'default' } }], ports: [{ name: 'http', port: 8080 }] }] },
  { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', metadata: { name: 'slice', namespace: 'default', labels: { 'kubernetes.io/service-name': 'svc' } }, addressType: 'IPv4', endpoints: [{ addresses: ['10.0.0.5'], zone: 'z', hostname: 'h', targetRef: { kind: 'Pod', name: 'pod' } }], ports: [{ name: 'http', port: 8080, protocol: 'TCP' }] },
  { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'pod', namespace: 'default', labels: { app: 'w', 'istio-locality': 'r.z.s' } }, spec: { containers: [{ name: 'c', ports: [{ name: 'web', containerPort: 8080 }] }] }, status: { podIP: '10.0.0.5', phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] } },
  {
    apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'istio', namespace: 'istio-system' },
    data: { mesh: JSON.stringify({ outboundTrafficPolicy: { mode: 'ALLOW_ANY' }, connectTimeout: '5s', rootNamespace: 'istio-system', trustDomain: 'cluster.local', accessLogFormat: '%PROTOCOL%', defaultServiceExportTo: ['*'], defaultHttpRetryPolicy: { attempts: 2, retryOn: '503' }, pathNormalization: { normalization: 'BASE' }, defaultConfig: { proxyHeaders: { server: { value: 'me' } } } }) },
  },
];
