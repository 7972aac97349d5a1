import fc from 'fast-check';

/** What an endpoint does with its n-th request. */
export interface Behaviour {
  readonly delayMs: number;
  readonly status: number;
  readonly body: readonly string[];
  readonly ending: 'end' | 'reset' | 'reset without headers' | 'hang without headers';
}

export type Step =
  | { readonly do: 'call'; readonly door: 'request' | 'fetch'; readonly host: string; readonly path: string; readonly headers: Readonly<Record<string, string>>; readonly body: string | undefined; readonly giveUpAfterMs: number | undefined }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'apply'; readonly config: string };

/** Rules, services and callers of one run. */
export interface Scenario {
  readonly config: string;
  /** Each endpoint goes through these from its own place in the list. */
  readonly behaviours: readonly Behaviour[];
  readonly steps: readonly Step[];
}

const LOCALITIES = ['r1/z1/s1', 'r1/z2/s1', 'r2/z1/s1'];

/** `count` endpoints with versions, weights and localities; those of some services are names to look up. */
const services = fc.record({ reviews: fc.integer({ min: 2, max: 5 }), weights: fc.boolean(), protocol: fc.constantFrom('HTTP', 'HTTP', 'HTTP2') }).map(
  ({ reviews, weights, protocol }) => `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: reviews}
spec:
  hosts: [reviews.default.svc.cluster.local]
  location: MESH_INTERNAL
  resolution: STATIC
  ports: [{number: 9080, name: http, protocol: ${protocol}}]
  endpoints:
${Array.from({ length: reviews }, (_, i) => `  - {address: 10.0.0.${i + 1}, labels: {version: v${(i % 2) + 1}}, locality: ${LOCALITIES[i % 3]}${weights ? `, weight: ${i + 1}` : ''}}`).join('\n')}
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: ratings}
spec:
  hosts: [ratings.default.svc.cluster.local]
  location: MESH_INTERNAL
  resolution: DNS
  ports: [{number: 9080, name: http, protocol: HTTP}]
  endpoints: [{address: ratings.test}]
---`,
);

const loadBalancer = fc.constantFrom(
  '{simple: LEAST_REQUEST}',
  '{simple: ROUND_ROBIN}',
  '{simple: RANDOM}',
  '{simple: LEAST_REQUEST, warmup: {duration: 20s, minimumPercent: 10}}',
  '{simple: ROUND_ROBIN, warmup: {duration: 60s, aggression: 2}}',
  '{simple: ROUND_ROBIN, localityLbSetting: {enabled: true, distribute: [{from: "r1/*", to: {"r1/z1/*": 60, "r1/z2/*": 30, "r2/z1/*": 10}}]}}',
  '{consistentHash: {httpCookie: {name: session, ttl: 60s}}}',
  '{consistentHash: {httpHeaderName: x-user}}',
  '{consistentHash: {httpQueryParameterName: q, maglev: {tableSize: 11}}}',
  '{consistentHash: {useSourceIp: true}}',
);
const outlierDetection = fc.constantFrom(
  '',
  'outlierDetection: {consecutive5xxErrors: 1, interval: 1s, baseEjectionTime: 2s, maxEjectionPercent: 100}',
  'outlierDetection: {consecutive5xxErrors: 2, consecutiveGatewayErrors: 1, interval: 3s, baseEjectionTime: 5s, maxEjectionPercent: 60, minHealthPercent: 40}',
);
const connectionPool = fc.constantFrom(
  '',
  'connectionPool: {tcp: {maxConnections: 2, connectTimeout: 1s}, http: {http1MaxPendingRequests: 3, http2MaxRequests: 4, maxRetries: 2, maxRequestsPerConnection: 2, idleTimeout: 4s}}',
  'connectionPool: {tcp: {maxConnectionDuration: 3s}, http: {maxConcurrentStreams: 1}}',
);
const budget = fc.constantFrom('', 'retryBudget: {percent: 50, minRetryConcurrency: 1}');
const policies = fc.tuple(loadBalancer, outlierDetection, connectionPool, budget).map(
  ([balancer, ...rest]) => `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: reviews}
spec:
  host: reviews
  trafficPolicy: {${[`loadBalancer: ${balancer}`, ...rest].filter((part) => part !== '').join(', ')}}
  subsets: [{name: v1, labels: {version: v1}}, {name: v2, labels: {version: v2}}]
---`,
);

const destination = fc.constantFrom(
  '[{destination: {host: reviews}}]',
  '[{destination: {host: reviews, subset: v1}, weight: 70}, {destination: {host: reviews, subset: v2}, weight: 30}]',
  '[{destination: {host: reviews, subset: v1}, weight: 50, headers: {response: {set: {x-lane: "%UPSTREAM_HOST%"}}}}, {destination: {host: reviews, subset: v2}, weight: 50}]',
);
const fault = fc.constantFrom(
  '',
  'fault: {delay: {fixedDelay: 700ms, percentage: {value: 40}}}',
  'fault: {delay: {fixedDelay: 2s, percentage: {value: 50}}, abort: {httpStatus: 503, percentage: {value: 30}}}',
);
const retries = fc.constantFrom(
  '',
  'retries: {attempts: 3, perTryTimeout: 500ms, retryOn: "5xx,reset,connect-failure,retriable-4xx", backoff: 100ms}',
  'retries: {attempts: 2, retryOn: "gateway-error,reset", retryIgnorePreviousHosts: true}',
  'retries: {attempts: 0}',
);
const mirrors = fc.constantFrom(
  '',
  'mirror: {host: ratings}, mirrorPercentage: {value: 50}',
  'mirrors: [{destination: {host: ratings}, percentage: {value: 30}}, {destination: {host: reviews, subset: v2}, percentage: {value: 60}}]',
);
const timeout = fc.constantFrom('', 'timeout: 1s', 'timeout: 10s');
const headers = fc.constantFrom(
  '',
  'headers: {request: {add: {x-began: "%START_TIME%", x-id: "%REQ(x-request-id)%"}}, response: {add: {x-took: "%RESPONSE_CODE%"}}}',
);
const rule = fc
  .tuple(destination, fault, retries, mirrors, timeout, headers)
  .map(([route, ...rest]) => `{${[...rest.filter((part) => part !== ''), `route: ${route}`].join(', ')}}`);
const rules = fc.tuple(rule, rule).map(
  ([special, other]) => `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews}
spec:
  hosts: [reviews]
  http:
  - ${special.replace('{', '{match: [{uri: {prefix: /special}}], ')}
  - ${other}
---`,
);

const behaviour: fc.Arbitrary<Behaviour> = fc.record({
  delayMs: fc.constantFrom(0, 0, 10, 300, 900),
  status: fc.constantFrom(200, 200, 200, 204, 404, 409, 500, 503),
  body: fc.constantFrom([], ['one'], ['one', 'two']),
  ending: fc.constantFrom('end', 'end', 'end', 'end', 'reset', 'reset without headers', 'hang without headers'),
});

const call: fc.Arbitrary<Step> = fc.record({
  do: fc.constant('call'),
  door: fc.constantFrom('request', 'request', 'fetch'),
  host: fc.constantFrom('reviews', 'reviews', 'reviews', 'reviews.default', 'ratings'),
  path: fc.constantFrom('/', '/special', '/special?q=1', '/?q=2', '/long/way?q=3'),
  headers: fc.constantFrom<Record<string, string>>({}, { 'x-user': 'jason' }, { 'x-user': 'ann', cookie: 'session=abc' }, { 'x-b3-traceid': '0123456789abcdef' }),
  body: fc.constantFrom(undefined, undefined, 'text'),
  giveUpAfterMs: fc.constantFrom(undefined, undefined, undefined, 100, 1200),
});
const wait: fc.Arbitrary<Step> = fc.constantFrom(0, 1, 60, 700, 2500, 6000).map((ms) => ({ do: 'wait', ms }));
const apply: fc.Arbitrary<Step> = fc.oneof(services, policies, rules).map((config) => ({ do: 'apply', config }));

/** Random rules, endpoints that fail and stall, calls that overlap, rules that change meanwhile. */
export const scenario: fc.Arbitrary<Scenario> = fc.record({
  config: fc.tuple(services, policies, rules).map((parts) => parts.join('')),
  behaviours: fc.array(behaviour, { minLength: 1, maxLength: 12 }),
  steps: fc.tuple(call, fc.array(fc.oneof({ weight: 8, arbitrary: call }, { weight: 3, arbitrary: wait }, { weight: 1, arbitrary: apply }), { minLength: 5, maxLength: 25, size: 'max' })).map(([first, rest]) => [first, ...rest]),
});
