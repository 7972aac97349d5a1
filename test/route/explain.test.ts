import { describe, expect, it } from 'vitest';
import type { Origin } from '../../src/common/origin.ts';
import { formatExplanation } from '../../src/route/explain.ts';
import { describeConditions, firstFailure } from '../../src/route/explain-match.ts';
import type { RequestHead, RouteMatch } from '../../src/route/model.ts';
import { RequestMatcher } from '../../src/route/request-matcher.ts';
import { RouteTable } from '../../src/route/route-table.ts';
import { forward, head, lines, route, virtualHost } from './support.ts';

function at(path: string, line?: number): Origin {
  return { kind: 'VirtualService', namespace: 'default', name: 'reviews', path, file: line === undefined ? undefined : 'mesh/reviews.yaml', line };
}

const REVIEWS = {
  ...virtualHost(['reviews', 'reviews.default'], [
    route('jason', { headers: { 'end-user': { exact: 'jason' } } }, { origin: at('spec.http[0]', 8) }),
    route(
      'api',
      { uri: { prefix: '/api' }, method: { exact: 'GET' } },
      {
        origin: at('spec.http[1]', 15),
        action: {
          ...forward({ cluster: 'v1', weight: 80 }, { cluster: 'v2', weight: 20 }),
          timeoutMs: 1500,
          retries: { attempts: 2, retryOn: '5xx,503', perTryTimeoutMs: 500, backoffBaseMs: 25, ignorePreviousHosts: true, retryRemoteLocalities: false },
          mirrors: [{ cluster: 'v3', percentage: 12.5 }],
        },
        fault: { delay: { fixedDelayMs: 7000, percentage: 10 }, abort: { httpStatus: 500, percentage: 0.5 } },
      },
    ),
    route('gone', { uri: { exact: '/gone' } }, { action: { kind: 'direct', status: 410 } }),
  ]),
  name: 'reviews.default.svc.cluster.local:9080',
  origin: at(''),
  skipped: [{ origin: at('spec.http[2]', 30), reason: 'gateways [edge] do not include mesh' }],
};

/** Made anew by every test, so that what fails while it is made fails the test. */
const makeTable = (): RouteTable => new RouteTable([
  { port: 9080, virtualHosts: [REVIEWS, virtualHost(['ratings', 'ratings.default.svc.cluster.local'])] },
  { port: 80, virtualHosts: [virtualHost(['httpbin', '*.example.com'], [route('default')]), { ...virtualHost('*', [route('pass')]), name: 'allow_any' }] },
]);

describe('RouteTable.explain', () => {
  it('tells the tale up to the match', () => {
    expect(makeTable().explain(head({ path: '/api?x', headers: ['end-user', 'jim'] }))).toEqual({
      port: 9080,
      authority: 'reviews:9080',
      outcome: 'routed',
      virtualHost: { name: 'reviews.default.svc.cluster.local:9080', domain: 'reviews', origin: at('') },
      trials: [
        { name: 'jason', origin: at('spec.http[0]', 8), matched: false, reason: 'headers.end-user: exact "jason" ≠ "jim"' },
        { name: 'api', origin: at('spec.http[1]', 15), matched: true, reason: 'uri prefix "/api", method exact "GET"' },
      ],
      action: [
        '80 % to v1', '20 % to v2', 'delays 10 % by 7s', 'aborts 0.5 % with 500', 'timeout 1.5s', 'per try 500ms', '2 retries on 5xx,503',
        'mirrors 12.5 % to v3',
      ],
      skipped: REVIEWS.skipped,
      knownOnPorts: [],
      similarHosts: [],
    });
  });

  it('agrees with what is decided', () => {
    const table = makeTable();
    for (const path of ['/api', '/gone', '/none']) {
      const request = head({ path });
      const decided = table.virtualHost(request.port, request.authority)?.match(request);
      const told = table.explain(request).trials.at(-1);
      expect(told?.matched ? told.name : undefined).toBe(decided?.name);
    }
  });

  it('says 404 when no route matches', () => {
    const told = makeTable().explain(head({ path: '/none' }));

    expect(told).toMatchObject({ outcome: 'no-route', action: [] });
    expect(told.trials.map(({ matched }) => matched)).toEqual([false, false, false]);
  });

  it('knows where else a host is known, and what may have been meant', () => {
    expect(makeTable().explain(head({ port: 80, authority: 'ratings' }))).toMatchObject({
      outcome: 'routed',
      virtualHost: { name: 'allow_any', domain: '*' },
      knownOnPorts: [9080],
    });
    expect(makeTable().explain(head({ authority: 'reviws' }))).toMatchObject({ outcome: 'unknown-host', similarHosts: ['reviews'], knownOnPorts: [] });
    expect(makeTable().explain(head({ authority: 'ratings.prod' }))).toMatchObject({ similarHosts: ['ratings', 'ratings.default.svc.cluster.local'] });
    expect(makeTable().explain(head({ port: 81, authority: 'a.example.com' }))).toMatchObject({ outcome: 'no-listener', knownOnPorts: [80] });
  });

  it('gives the ports of a host from low to high, and no similar hosts for want of a listener', () => {
    const on = (port: number, ...domains: string[]) => ({ port, virtualHosts: [virtualHost(domains)] });
    const table = new RouteTable([on(9080, 'ratings'), on(80, '*', '*.com'), on(443, 'ratings'), on(1000, 'rating'), on(81, '*')]);

    expect(table.explain(head({ port: 82, authority: 'ratings' }))).toEqual({
      port: 82,
      authority: 'ratings',
      outcome: 'no-listener',
      trials: [],
      action: [],
      skipped: [],
      knownOnPorts: [443, 9080],
      similarHosts: [],
    });
  });

  it('looks for similar hosts by the Host without its port and case', () => {
    expect(makeTable().explain(head({ authority: 'REVIWS:80' })).similarHosts).toEqual(['reviews']);
  });

  it('shows no skipped rules where there are none', () => {
    expect(makeTable().explain(head({ port: 80, authority: 'httpbin' })).skipped).toEqual([]);
  });

  it('gives no hints about a host that is known', () => {
    expect(makeTable().explain(head({ port: 80, authority: 'x.example.com' }))).toMatchObject({
      virtualHost: { domain: '*.example.com' },
      trials: [{ matched: true, reason: 'matches every request' }],
      knownOnPorts: [],
      similarHosts: [],
    });
  });
});

describe('formatExplanation', () => {
  it('reads as a page', () => {
    expect(formatExplanation(makeTable().explain(head({ path: '/gone', headers: ['end-user', 'jim'] })))).toBe(
      [
        'reviews:9080 on port 9080: routed',
        '  virtual host reviews.default.svc.cluster.local:9080, by domain reviews, from VirtualService default/reviews',
        '  ✗ VirtualService default/reviews spec.http[0] (mesh/reviews.yaml:8): headers.end-user: exact "jason" ≠ "jim"',
        '  ✗ VirtualService default/reviews spec.http[1] (mesh/reviews.yaml:15): uri: prefix "/api" ≠ "/gone"',
        '  ✓ gone: uri exact "/gone"',
        '    → direct response 410',
        '  - skipped VirtualService default/reviews spec.http[2] (mesh/reviews.yaml:30): gateways [edge] do not include mesh',
      ].join('\n'),
    );
  });

  it('tells all that is known of a host that is unknown here', () => {
    const told = makeTable().explain(head({ port: 80, authority: 'ratings' }));

    expect(formatExplanation({ ...told, knownOnPorts: [81, 9080], similarHosts: ['rating', 'meetings'] })).toBe(
      [
        'ratings on port 80: routed',
        '  virtual host allow_any, by domain *',
        '  ✓ pass: matches every request',
        '    → to pass',
        '  this host is known on port 81, 9080',
        '  similar hosts: rating, meetings',
      ].join('\n'),
    );
  });

  it('has a word for a route without a name', () => {
    const table = new RouteTable([{ port: 9080, virtualHosts: [virtualHost('reviews', [{ match: {}, action: forward('v1') }])] }]);

    expect(formatExplanation(table.explain(head()))).toBe('reviews:9080 on port 9080: routed\n  virtual host reviews, by domain reviews\n  ✓ route: matches every request\n    → to v1');
  });

  it.each([
    [{ path: '/none' }, /404 NR, no route of its virtual host matches/],
    [{ authority: 'reviws' }, /no virtual host has this host\n {2}similar hosts: reviews$/],
    [{ port: 81, authority: 'httpbin' }, /no HTTP service has port 81\n {2}this host is known on port 80$/],
  ])('of %j says %s', (about, text) => {
    expect(formatExplanation(makeTable().explain(head(about)))).toMatch(text);
  });
});

describe('describeConditions', () => {
  it('names every condition, in the order of matching', () => {
    const matcher = new RequestMatcher({
      queryParams: { v: { exact: '1' }, w: {} },
      withoutHeaders: { 'x-debug': {}, 'x-env': { prefix: 'dev' } },
      headers: { 'end-user': { exact: 'jason' } },
      authority: { exact: 'reviews' },
      scheme: { exact: 'http' },
      method: { regex: 'GET|PUT' },
      uri: { prefix: '/api' },
    });

    expect(describeConditions(matcher)).toEqual([
      'uri prefix "/api"',
      'method regex "GET|PUT"',
      'scheme exact "http"',
      'authority exact "reviews"',
      'headers.end-user exact "jason"',
      'withoutHeaders.x-debug present',
      'withoutHeaders.x-env prefix "dev"',
      'queryParams.v exact "1"',
      'queryParams.w present',
    ]);
  });

  it('is empty for a matcher that takes every request', () => {
    expect(describeConditions(new RequestMatcher({}))).toEqual([]);
  });
});

describe('firstFailure', () => {
  it.each<[RouteMatch, Partial<RequestHead>, string | undefined]>([
    [{}, {}, undefined],
    [{ uri: { exact: '/a' } }, { path: '/b?q' }, 'uri: exact "/a" ≠ "/b"'],
    [{ uri: { prefix: '/A' }, ignoreUriCase: true }, { path: '/b' }, 'uri: prefix "/A" (any case) ≠ "/b"'],
    [{ method: { regex: 'PUT|POST' } }, {}, 'method: regex "PUT|POST" ≠ "GET"'],
    [{ scheme: { exact: 'https' } }, {}, 'scheme: exact "https" ≠ "http"'],
    [{ authority: { exact: 'a' } }, {}, 'authority: exact "a" ≠ "reviews:9080"'],
    [{ headers: { x: { exact: 'a' } } }, {}, 'headers.x: exact "a", but it is absent'],
    [{ headers: { x: {} } }, {}, 'headers.x: must be there, but is absent'],
    [{ headers: { x: { exact: 'a' } } }, { headers: lines({ x: ['b', 'c'] }) }, 'headers.x: exact "a" ≠ "b" | "c"'],
    [{ headers: { ':path': { exact: '/a' } } }, { path: '/b?q' }, 'headers.:path: exact "/a" ≠ "/b?…"'],
    [{ withoutHeaders: { x: {} } }, { headers: lines({ x: '' }) }, 'withoutHeaders.x: must be absent, but is there'],
    [{ withoutHeaders: { x: { prefix: 'a' } } }, { headers: lines({ x: 'ab' }) }, 'withoutHeaders.x: must not be prefix "a", but is "ab"'],
    [{ withoutHeaders: { x: { regex: '.*' } } }, {}, 'withoutHeaders.x: must not be regex ".*", and an absent header counts as ""'],
    [{ queryParams: { v: { exact: '1' } } }, { path: '/?v=2' }, 'queryParams.v: exact "1" ≠ "2"'],
    [{ queryParams: { v: {} } }, {}, 'queryParams.v: must be there, but is absent'],
    [{ headers: { x: { exact: 'a' } } }, { headers: lines({ a: 'x', x: 'b', y: 'a', z: 'x' }) }, 'headers.x: exact "a" ≠ "b"'],
    [{ headers: { ':path': { exact: '/a' } } }, { path: '/b?sid=1' }, 'headers.:path: exact "/a" ≠ "/b?…"'],
    [{ headers: { ':path': { exact: '/a' } } }, { path: '/b' }, 'headers.:path: exact "/a" ≠ "/b"'],
    [{ headers: { ':path': { exact: '/a' } } }, { path: '/b?' }, 'headers.:path: exact "/a" ≠ "/b?"'],
    [{ headers: { ':method': { exact: 'PUT' } } }, {}, 'headers.:method: exact "PUT" ≠ "GET"'],
    [{ headers: { host: { exact: 'a' } } }, { headers: lines({ host: 'b' }) }, 'headers.host: exact "a" ≠ "reviews:9080"'],
    [{ headers: { 'x-path': { exact: 'a' } } }, { headers: lines({ 'x-path': '/b?q' }) }, 'headers.x-path: exact "a" ≠ "/b?q"'],
    [{ headers: { ':unknown': { exact: 'a' } } }, {}, 'headers.:unknown: exact "a", but it is absent'],
    [{ withoutHeaders: { ':method': { exact: 'GET' } } }, {}, 'withoutHeaders.:method: must not be exact "GET", but is "GET"'],
    [{ queryParams: { v: { exact: '1' } } }, { path: '/?w=1' }, 'queryParams.v: exact "1", but it is absent'],
    [{ queryParams: { v: { exact: '1' } } }, { path: '/?v=1' }, undefined],
    [{ headers: { x: { exact: 'a' } }, withoutHeaders: { y: {} } }, { headers: lines({ x: 'a' }) }, undefined],
    // The first that fails, in the order of matching.
    [{ method: { exact: 'PUT' }, scheme: { exact: 'https' }, authority: { exact: 'a' } }, {}, 'method: exact "PUT" ≠ "GET"'],
    [{ scheme: { exact: 'https' }, authority: { exact: 'a' } }, {}, 'scheme: exact "https" ≠ "http"'],
    [{ headers: { x: {} }, withoutHeaders: { y: {} } }, { headers: lines({ y: '' }) }, 'headers.x: must be there, but is absent'],
    [{ queryParams: { v: {} }, uri: { exact: '/a' }, headers: { x: {} } }, {}, 'uri: exact "/a" ≠ "/"'],
    // What must stay secret does.
    [{ headers: { authorization: { exact: 'Bearer a' } } }, { headers: lines({ authorization: 'Bearer s3cret' }) }, 'headers.authorization: exact "Bearer a" ≠ <redacted>'],
    [{ headers: { cookie: { prefix: 'a' } } }, { headers: lines({ cookie: 'sid=1' }) }, 'headers.cookie: prefix "a" ≠ <redacted>'],
    [{ queryParams: { access_token: { exact: 'a' } } }, { path: '/?access_token=s3cret' }, 'queryParams.access_token: exact "a" ≠ <redacted>'],
  ])('%j on %j: %s', (match, about, reason) => {
    const request = head(about);
    const matcher = new RequestMatcher(match);

    expect(firstFailure(matcher, request)).toBe(reason);
    expect(matcher.matches(request, request.path.split('?')[0]!)).toBe(reason === undefined);
  });

  it.each([
    'authorization', 'proxy-authorization', 'cookie', 'set-cookie', 'Cookie', 'x-auth-token', 'client_secret', 'password', 'x-passwd', 'api-key', 'apikey', 'x-signature',
    'sessionid', 'x-forwarded-authorization', 'cookie2',
  ])('never shows a value of %s', (name) => {
    const inverted = new RequestMatcher({ withoutHeaders: { [name]: { prefix: 's' } } });
    const parameter = new RequestMatcher({ queryParams: { [name]: { exact: 'a' } } });

    expect(firstFailure(inverted, head({ headers: [name.toLowerCase(), 's3cret'] }))).toBe(`withoutHeaders.${name.toLowerCase()}: must not be prefix "s", but is <redacted>`);
    expect(firstFailure(parameter, head({ path: `/?${name}=s3cret` }))).toBe(`queryParams.${name}: exact "a" ≠ <redacted>`);
  });

  it.each(['api', 'key', 'author', 'pass'])('shows a value of %s', (name) => {
    expect(firstFailure(new RequestMatcher({ headers: { [name]: { exact: 'a' } } }), head({ headers: [name, 'b'] }))).toBe(`headers.${name}: exact "a" ≠ "b"`);
  });
});
