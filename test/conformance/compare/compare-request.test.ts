import { describe, expect, it } from 'vitest';
import type { RequestObservation } from '../record/observation.ts';
import type { ClusterEndpoints } from './cluster-endpoints.ts';
import { compareRequest } from './compare-request.ts';
import { formatDifference } from './difference.ts';

const ATTEMPT = { to: '127.0.1.21:9080', method: 'GET', path: '/', host: 'reviews:9080', headers: { 'x-envoy-attempt-count': '1' } };
const CALL: RequestObservation = {
  status: 200,
  flags: '-',
  details: 'via_upstream',
  cluster: 'reviews',
  route: 'default',
  headers: { 'content-type': 'text/plain' },
  elapsedMs: 300,
  attempts: [ATTEMPT],
};
const CLUSTERS: ClusterEndpoints = {
  of: (cluster) => ({ reviews: ['127.0.1.21:9080', '127.0.1.22:9080'], one: ['127.0.1.21:9080'], copies: ['127.0.2.61:80', '127.0.2.62:80'], copy: ['127.0.2.61:80'] })[cluster ?? ''],
  mirrors: ['copies'],
};

function differences(expected: Partial<RequestObservation>, got: Partial<RequestObservation>, compare?: Parameters<typeof compareRequest>[2], clusters = CLUSTERS): string[] {
  return compareRequest({ ...CALL, ...expected }, { ...CALL, ...got }, compare, { clusters, slackMs: 0 }).map(formatDifference);
}

function attempts(change: object): Partial<RequestObservation> {
  return { attempts: [{ ...ATTEMPT, ...change }] };
}

describe('compareRequest', () => {
  it('finds nothing in equal observations', () => {
    expect(differences({}, {})).toEqual([]);
  });

  it.each([
    [{ status: 503 }, ['status: expected 200, got 503']],
    [{ flags: 'UF' }, ['flags: expected "-", got "UF"']],
    [{ details: null }, ['details: expected "via_upstream", got null']],
    [{ route: null }, ['route: expected "default", got null']],
    [{ cluster: 'other' }, ['cluster: expected "reviews", got "other"']],
    [{ body: 'x' }, ['body: expected nothing, got "x"']],
    [{ trailers: { a: '1' } }, ['trailers: expected nothing, got {"a":"1"}']],
    [{ informational: [103] }, ['informational: expected nothing, got [103]']],
    [{ rst: 'INTERNAL_ERROR' }, ['rst: expected nothing, got "INTERNAL_ERROR"']],
    [{ headers: {} }, ['headers.content-type: expected "text/plain", got nothing']],
    [{ attempts: [] }, ['attempts: expected 1 (127.0.1.21:9080), got none']],
    [{ mirrored: [ATTEMPT] }, ['mirrored: expected none, got 1 (127.0.1.21:9080)']],
    [attempts({ method: 'PUT' }), ['attempts[0].method: expected "GET", got "PUT"']],
    [attempts({ path: '/x' }), ['attempts[0].path: expected "/", got "/x"']],
    [attempts({ host: 'ratings' }), ['attempts[0].host: expected "reviews:9080", got "ratings"']],
    [attempts({ body: 'x' }), ['attempts[0].body: expected nothing, got "x"']],
    [attempts({ http2: true }), ['attempts[0].http2: expected nothing, got true']],
    [attempts({ tls: { sni: 'a' } }), ['attempts[0].tls: expected nothing, got {"sni":"a"}']],
    [attempts({ headers: {} }), ['attempts[0].headers.x-envoy-attempt-count: expected "1", got nothing']],
  ])('sees %j', (change, lines) => {
    expect(differences({}, change)).toEqual(lines);
  });

  it('leaves the words of a TLS library out', () => {
    const details = (text: string): object => ({ details: `upstream_reset_before_response_started{${text}}` });
    const recorded = details('remote_connection_failure|TLS_error:|268435703:SSL_routines:OPENSSL_internal:WRONG_VERSION_NUMBER:TLS_error_end');
    expect(differences(recorded, details('remote_connection_failure|TLS_error:_wrong_version_number'))).toEqual([]);
    expect(differences(recorded, details('remote_connection_failure'))).toHaveLength(1);
    expect(differences(recorded, details('connection_termination|TLS_error:_wrong_version_number'))).toHaveLength(1);
  });

  it('leaves trace headers out', () => {
    expect(differences({}, attempts({ headers: { ...ATTEMPT.headers, 'x-b3-traceid': '1', traceparent: '2' } }))).toEqual([]);
  });

  it('takes any endpoint of the cluster, and no other', () => {
    expect(differences({}, attempts({ to: '127.0.1.22:9080' }))).toEqual([]);
    expect(differences({}, attempts({ to: '127.0.1.23:9080' }))).toHaveLength(1);
  });

  it('takes only the recorded endpoint when the step, the cluster or its kind leave no choice', () => {
    const other = attempts({ to: '127.0.1.22:9080' });
    expect(differences({}, other, 'exact')).toHaveLength(1);
    expect(differences({ cluster: 'one' }, { ...other, cluster: 'one' })).toHaveLength(1);
    expect(differences({ cluster: 'PassthroughCluster' }, { ...other, cluster: 'PassthroughCluster' })).toHaveLength(1);
  });

  it('takes a copy at any endpoint of the mirror cluster, the narrowest that fits', () => {
    const expected = { mirrored: [{ ...ATTEMPT, to: '127.0.2.61:80' }] };
    const got = { mirrored: [{ ...ATTEMPT, to: '127.0.2.62:80' }] };
    expect(differences(expected, got)).toEqual([]);
    expect(differences(expected, got, undefined, { ...CLUSTERS, mirrors: ['copies', 'copy'] })).toHaveLength(1);
  });

  it.each([
    [300, 180, true], [300, 179, false], [300, 550, true], [300, 551, false], [249, 0, true], [20, 270, true], [20, 271, false],
  ])('recorded %i ms, got %i ms: %s', (expected, got, passes) => {
    expect(differences({ elapsedMs: expected }, { elapsedMs: got }).length === 0).toBe(passes);
  });

  it('gives a busy machine time, but no head start', () => {
    const late = (got: number): unknown[] => compareRequest(CALL, { ...CALL, elapsedMs: got }, undefined, { clusters: CLUSTERS, slackMs: 100 });
    expect([late(650).length, late(651).length, late(179).length]).toEqual([0, 1, 1]);
  });

  it('prefers the bounds of the step, and compares the rest as ever', () => {
    expect(differences({}, { elapsedMs: 1 }, { elapsedMs: [0, 10] })).toEqual([]);
    expect(differences({}, { elapsedMs: 11 }, { elapsedMs: [0, 10] })).toEqual(['elapsedMs: expected 0 to 10, got 11']);
    expect(differences({}, { elapsedMs: 1, status: 500 }, { elapsedMs: [0, 10] })).toHaveLength(1);
  });

  it.each([[200, 230, true], [200, 170, true], [200, 231, false], [200, 169, false]])('a budget of %i may be %i: %s', (expected, got, passes) => {
    const budget = (ms: number): object => attempts({ headers: { 'x-envoy-expected-rq-timeout-ms': String(ms) } });
    expect(differences(budget(expected), budget(got)).length === 0).toBe(passes);
  });

  it('lets the grpc-timeout of a retry differ, not that of the first attempt', () => {
    const tries = (first: string, second: string): Partial<RequestObservation> => ({
      attempts: [{ ...ATTEMPT, headers: { 'grpc-timeout': first } }, { ...ATTEMPT, headers: { 'grpc-timeout': second } }],
    });
    expect(differences(tries('300m', '250m'), tries('300m', '275m'))).toEqual([]);
    expect(differences(tries('300m', '250m'), tries('300m', '290m'))).toHaveLength(1);
    expect(differences(tries('300m', '250m'), tries('299m', '250m'))).toHaveLength(1);
  });

  it('compares the kind of a failure', () => {
    expect(differences({ error: 'ECONNRESET' }, { error: 'ERR_BODY_CUT' })).toEqual([]);
    expect(differences({ error: 'ECONNRESET' }, {})).toHaveLength(1);
    expect(differences({ error: 'CLIENT_TIMEOUT' }, { error: 'ECONNRESET' })).toHaveLength(1);
  });
});
