import { describe, expect, it } from 'vitest';
import type { Origin } from '../../src/common/origin.ts';
import { formatExplanation } from '../../src/route/explain.ts';
import { firstFailure } from '../../src/route/explain-match.ts';
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

const table = new RouteTable([
  { port: 9080, virtualHosts: [REVIEWS, virtualHost(['ratings', 'ratings.default.svc.cluster.local'])] },
  { port: 80, virtualHosts: [virtualHost(['httpbin', '*.example.com'], [route('default')]), { ...virtualHost('*', [route('pass')]), name: 'allow_any' }] },
]);

describe('RouteTable.explain', () => {
  it('tells the tale up to the match', () => {
    expect(table.explain(head({ path: '/api?x', headers: ['end-user', 'jim'] }))).toEqual({
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
    for (const path of ['/api', '/gone', '/none']) {
      const request = head({ path });
      const decided = table.virtualHost(request.port, request.authority)?.match(request);
      const told = table.explain(request).trials.at(-1);
      expect(told?.matched ? told.name : undefined).toBe(decided?.name);
    }
  });

  it('says 404 when no route matches', () => {
    const told = table.explain(head({ path: '/none' }));

    expect(told).toMatchObject({ outcome: 'no-route', action: [] });
    expect(told.trials.map(({ matched }) => matched)).toEqual([false, false, false]);
  });

  it('knows where else a host is known, and what may have been meant', () => {
    expect(table.explain(head({ port: 80, authority: 'ratings' }))).toMatchObject({
      outcome: 'routed',
      virtualHost: { name: 'allow_any', domain: '*' },
      knownOnPorts: [9080],
    });
    expect(table.explain(head({ authority: 'reviws' }))).toMatchObject({ outcome: 'unknown-host', similarHosts: ['reviews'], knownOnPorts: [] });
    expect(table.explain(head({ authority: 'ratings.prod' }))).toMatchObject({ similarHosts: ['ratings.default.svc.cluster.local'] });
    expect(table.explain(head({ port: 81, authority: 'a.example.com' }))).toMatchObject({ outcome: 'no-listener', knownOnPorts: [80] });
  });

  it('gives no hints about a host that is known', () => {
    expect(table.explain(head({ port: 80, authority: 'x.example.com' }))).toMatchObject({
      virtualHost: { domain: '*.example.com' },
      trials: [{ matched: true, reason: 'matches every request' }],
      knownOnPorts: [],
      similarHosts: [],
    });
  });
});

describe('formatExplanation', () => {
  it('reads as a page', () => {
    expect(formatExplanation(table.explain(head({ path: '/gone', headers: ['end-user', 'jim'] })))).toBe(
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

  it.each([
    [{ path: '/none' }, /404 NR, no route of its virtual host matches/],
    [{ authority: 'reviws' }, /no virtual host has this host\n {2}similar hosts: reviews$/],
    [{ port: 81, authority: 'httpbin' }, /no HTTP service has port 81\n {2}this host is known on port 80$/],
  ])('of %j says %s', (about, text) => {
    expect(formatExplanation(table.explain(head(about)))).toMatch(text);
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
    // The first that fails, in the order of matching.
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
});
