import { describe, expect, it } from 'vitest';
import type { RouteSpec } from '../../../src/route/model.ts';
import { istio, service, snapshotOf, virtualHost } from './support.ts';

const WEB = service('web.default.svc.cluster.local');
const HOST = 'web.default.svc.cluster.local:80';
const configMap = (mesh: string): string => `\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: istio, namespace: istio-system}\ndata:\n  mesh: |\n    ${mesh}\n`;
const web = (rule: string, more = ''): RouteSpec =>
  virtualHost(snapshotOf(WEB + istio('VirtualService', 'web', `{hosts: [web], http: [{${rule}}]}`) + more), HOST).routes[0]!;
const forward = (more = '', documents = ''): Extract<RouteSpec['action'], { kind: 'forward' }> => {
  const { action } = web(`route: [{destination: {host: web}}]${more === '' ? '' : `, ${more}`}`, documents);
  if (action.kind !== 'forward') throw new Error(action.kind);
  return action;
};

const BUILT_IN = {
  attempts: 2,
  retryOn: 'connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes',
  perTryTimeoutMs: 0,
  backoffBaseMs: 25,
  ignorePreviousHosts: true,
  retryRemoteLocalities: false,
};

describe('retries', () => {
  it('are the built-in ones, of which a rule replaces what it says', () => {
    expect(forward().retries).toEqual(BUILT_IN);
    expect(forward('retries: {attempts: 1, perTryTimeout: 2s}').retries).toEqual({ ...BUILT_IN, attempts: 1, perTryTimeoutMs: 2000 });
    expect(forward('retries: {attempts: 3, retryOn: "5xx,503", backoff: 5ms, retryIgnorePreviousHosts: false, retryRemoteLocalities: true}').retries).toEqual({
      attempts: 3,
      retryOn: '5xx,503',
      perTryTimeoutMs: 0,
      backoffBaseMs: 5,
      ignorePreviousHosts: false,
      retryRemoteLocalities: true,
    });
  });

  it('are off with 0 attempts', () => {
    expect(forward('retries: {attempts: 0}').retries).toBeUndefined();
  });

  it("are the mesh's when the rule says nothing, on the default route too", () => {
    const mesh = configMap('defaultHttpRetryPolicy: {attempts: 5, retryOn: reset}');

    expect(forward('', mesh).retries).toEqual({ ...BUILT_IN, attempts: 5, retryOn: 'reset' });
    expect(forward('retries: {attempts: 1}', mesh).retries).toEqual({ ...BUILT_IN, attempts: 1 });
    expect(virtualHost(snapshotOf(WEB + mesh), HOST).routes[0]?.action).toMatchObject({ retries: { attempts: 5 } });
  });

  it('of a lone destination that is hashed may go to the same host again', () => {
    const hash = istio('DestinationRule', 'web', '{host: web, trafficPolicy: {loadBalancer: {consistentHash: {httpHeaderName: X-User}}}}');

    expect(forward('', hash)).toMatchObject({ retries: { ignorePreviousHosts: false }, destinations: [{ hashPolicy: { kind: 'header', name: 'x-user' } }] });
    expect(forward('retries: {attempts: 2, retryIgnorePreviousHosts: true}', hash).retries?.ignorePreviousHosts).toBe(true);
  });
});

describe('faults', () => {
  const fault = (text: string): unknown => web(`route: [{destination: {host: web}}], fault: {${text}}`).fault;

  it('never happen without a share', () => {
    expect(fault('delay: {fixedDelay: 5s}, abort: {httpStatus: 500}')).toEqual({
      delay: { fixedDelayMs: 5000, percentage: 0 },
      abort: { httpStatus: 500, percentage: 0 },
    });
  });

  it('take the old integer share of a delay only where the new one is missing', () => {
    expect(fault('delay: {fixedDelay: 1s, percent: 7}')).toEqual({ delay: { fixedDelayMs: 1000, percentage: 7 } });
    expect(fault('delay: {fixedDelay: 1s, percent: 7, percentage: {}}')).toEqual({ delay: { fixedDelayMs: 1000, percentage: 0 } });
  });

  it('know gRPC statuses by name', () => {
    expect(fault('abort: {grpcStatus: UNAVAILABLE, percentage: {value: 0.5}}')).toEqual({ abort: { grpcStatus: 14, percentage: 0.5 } });
  });
});

describe('mirrors', () => {
  it.each([
    ['mirror: {host: web, subset: v1}', 100],
    ['mirror: {host: web, subset: v1}, mirrorPercentage: {value: 1.5}', 1.5],
    ['mirror: {host: web, subset: v1}, mirror_percent: 20', 20],
    ['mirror: {host: web, subset: v1}, mirror_percent: 20, mirrorPercentage: {value: 5}', 5],
    ['mirrors: [{destination: {host: web, subset: v1}, percentage: {value: 3}}]', 3],
    ['mirrors: [{destination: {host: web, subset: v1}}]', 100],
  ])('{%s} copies %d percent', (text, percentage) => {
    expect(forward(text).mirrors).toMatchObject([{ cluster: 'outbound|80|v1|web.default.svc.cluster.local', percentage }]);
  });

  it.each(['mirror: {host: web}, mirrorPercentage: {value: 0}', 'mirror: {host: web}, mirrorPercentage: {}', 'mirror: {host: web}, mirrorPercent: 0'])('{%s} copies nothing', (text) => {
    expect(forward(text).mirrors).toBeUndefined();
  });
});

describe('header operations', () => {
  it('are in lower case; Host among them rewrites the Host', () => {
    const { headers, action } = web('route: [{destination: {host: web}}], headers: {request: {set: {X-A: "1", Host: a.example.com}, remove: [X-B]}}');

    expect(headers).toEqual({ request: { set: { 'x-a': '1' }, remove: ['x-b'] } });
    expect(action).toMatchObject({ rewrite: { authority: 'a.example.com' } });
  });

  // Source: istio `translateAppendHeaders`, which sorts by the name as written.
  it('of one header in several cases', () => {
    const { headers } = web('route: [{destination: {host: web}}], headers: {request: {set: {x-a: small, X-A: big}, add: {x-b: small, X-B: big, X-C: one}}}');

    expect(headers).toEqual({ request: { set: { 'x-a': 'small' }, add: { 'x-b': ['big', 'small'], 'x-c': 'one' } } });
  });

  it('of which one that may come out empty does not hide the one before it', () => {
    const { headers } = web('route: [{destination: {host: web}}], headers: {request: {set: {X-A: big, x-a: "", X-B: "%REQ(a)%", x-b: "%REQ(b)%", X-C: "%REQ(c)%", x-c: small}}}');

    expect(headers).toEqual({ request: { set: { 'x-a': ['big', ''], 'x-b': ['%REQ(a)%', '%REQ(b)%'], 'x-c': 'small' } } });
  });

  it.each([
    ['rewrite: {authority: r.example.com}, headers: {request: {remove: [x]}}', 'r.example.com'],
    ['headers: {request: {add: {":authority": add.example.com}}}', 'add.example.com'],
  ])('{%s} gives the Host %s', (text, authority) => {
    expect(forward(text).rewrite?.authority).toBe(authority);
  });

  it("keep a destination's own apart", () => {
    const { action } = web('route: [{destination: {host: web}, headers: {request: {set: {host: d.example.com, x: "1"}}, response: {remove: [y]}}}]');

    expect(action).toMatchObject({
      destinations: [{ hostRewrite: 'd.example.com', headers: { request: { set: { x: '1' } }, response: { remove: ['y'] } } }],
    });
    expect(action).not.toHaveProperty('rewrite');
  });
});

describe('destinations', () => {
  it('without a port are on the port that was called', () => {
    const text = WEB + service('api.default.svc.cluster.local', { ports: '[{number: 90, name: http, protocol: HTTP}]' });
    const rule = istio('VirtualService', 'both', '{hosts: [web, api], http: [{route: [{destination: {host: other}}]}, {route: [{destination: {host: x, port: {number: 7}}}]}]}');
    const snapshot = snapshotOf(text + rule);

    expect(virtualHost(snapshot, HOST).routes[0]?.action).toMatchObject({ destinations: [{ cluster: 'outbound|80||other.default.svc.cluster.local' }] });
    expect(virtualHost(snapshot, 'api.default.svc.cluster.local:90').routes[0]?.action).toMatchObject({ destinations: [{ cluster: 'outbound|90||other.default.svc.cluster.local' }] });
  });

  it('keep all weights, 0 too, and say where they stand', () => {
    const { action } = web('route: [{destination: {host: web, subset: a}, weight: 80}, {destination: {host: web.other}}]');

    expect(action).toMatchObject({
      destinations: [
        { cluster: 'outbound|80|a|web.default.svc.cluster.local', weight: 80, origin: { kind: 'VirtualService', name: 'web', path: 'spec.http[0].route[0]', file: 'test.yaml' } },
        { cluster: 'outbound|80||web.other', weight: 0, origin: { path: 'spec.http[0].route[1]' } },
      ],
    });
  });
});

describe('other parts of a rule', () => {
  it('names: rule, rule.match, .match', () => {
    const names = (text: string): (string | undefined)[] =>
      virtualHost(snapshotOf(WEB + istio('VirtualService', 'web', `{hosts: [web], http: [{${text}, directResponse: {status: 201}}]}`)), HOST).routes.map(({ name }) => name);

    expect(names('name: r, match: [{name: m, method: {exact: A}}, {method: {exact: B}}]')).toEqual(['r.m', 'r']);
    expect(names('match: [{name: m, method: {exact: A}}, {method: {exact: B}}]')).toEqual(['.m', undefined]);
  });

  it('timeouts in milliseconds; none is none', () => {
    expect(forward('timeout: 1m0.5s').timeoutMs).toBe(60_500);
    expect(forward()).not.toHaveProperty('timeoutMs');
  });

  it('direct answers, also as bytes', () => {
    expect(web('directResponse: {status: 418, body: {string: tea}}').action).toEqual({ kind: 'direct', status: 418, body: 'tea' });
    expect(web('directResponse: {status: 200, body: {bytes: "aGVsbG8="}}').action).toEqual({ kind: 'direct', status: 200, body: new TextEncoder().encode('hello') });
  });

  it('redirects', () => {
    expect(web('redirect: {uri: /n, authority: a.example.com, redirectCode: 302, derivePort: FROM_REQUEST_PORT}').action).toEqual({
      kind: 'redirect',
      redirect: { uri: '/n', authority: 'a.example.com', redirectCode: 302, derivePort: 'FROM_REQUEST_PORT' },
    });
  });

  it('CORS, the old list of origins where the new one is missing', () => {
    expect(forward('corsPolicy: {allowOrigin: ["http://a"], maxAge: 90s, allowCredentials: true, unmatchedPreflights: IGNORE}').cors).toEqual({
      allowOrigins: [{ exact: 'http://a' }],
      allowMethods: [],
      allowHeaders: [],
      exposeHeaders: [],
      maxAgeSeconds: 90,
      allowCredentials: true,
      unmatchedPreflights: 'IGNORE',
    });
  });

  it('matches: presence by null, an empty matcher or the regex *', () => {
    const { match } = web('match: [{headers: {A: null, B: {}}, withoutHeaders: {C: {regex: "*"}}, queryParams: {d: {exact: ""}}, uri: {exact: /X}, ignoreUriCase: true}], route: [{destination: {host: web}}]');

    expect(match).toEqual({ headers: { a: {}, b: {} }, withoutHeaders: { c: {} }, queryParams: { d: { exact: '' } }, uri: { exact: '/X' }, ignoreUriCase: true });
  });
});
