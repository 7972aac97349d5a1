import type { PairCase } from './pair-case.ts';
import * as p from './policies.ts';

const ALLOWED = { 'access-control-allow-origin': 'http://shop' };
const ONE_FAILS = { a: [p.FAIL, {}] } as const;
const TWICE = { ...p.OK, attempts: 2 } as const;

/** Tries after the first. */
export const RETRY_CASES: readonly PairCase[] = [
  { pair: ['retries', 'pending limit'], rule: 'a refusal is not tried again (pool/overflow-not-retried)', http: [p.RETRIES, p.TO_A], policy: [p.PENDING_LIMIT], services: { a: { delayMs: 100 } },
    calls: [{ ...p.OK, endsAtMs: 100 }, { ...p.OK, atMs: 1, endsAtMs: 200 }, { ...p.OVERFLOW, atMs: 2, endsAtMs: 2 }], seen: { a: [{}, {}] }, stats: { 'v1.upstream_rq_retry': 0, 'v1.upstream_rq_pending_overflow': 1 } },
  { pair: ['retries', 'pending limit'], rule: 'a retry waits behind who waited before', http: [p.RETRIES, p.TO_A], policy: [p.PENDING_LIMIT], services: { a: [{ delayMs: 100, ...p.FAIL }, { delayMs: 100 }, {}] },
    calls: [{ ...TWICE, endsAtMs: 200 }, { ...p.OK, atMs: 1, endsAtMs: 200 }], seen: { a: [{ atMs: 0 }, { atMs: 100 }, { atMs: 200 }] } },
  { pair: ['retries', 'connection limit'], rule: 'a connection that could not be made gives its place to the next try', http: [p.RETRIES, p.TO_A], policy: [p.CONNECTION_LIMIT], services: { a: 'refused' },
    calls: [p.REFUSED], seen: {}, stats: { 'v1.upstream_cx_total': 3, 'v1.upstream_cx_connect_fail': 3, 'v1.upstream_cx_overflow': 0, 'v1.upstream_rq_retry_limit_exceeded': 1 } },
  { pair: ['retries', 'request limit'], rule: 'a refusal is not tried again', http: [p.RETRIES, p.TO_A], policy: [p.REQUEST_LIMIT], services: { a: { delayMs: 100 } },
    calls: [p.OK, { ...p.OVERFLOW, atMs: 1, endsAtMs: 1 }], seen: { a: [{}] }, stats: { 'v1.upstream_rq_retry': 0, 'v1.upstream_rq_active_overflow': 1 } },
  { pair: ['retries', 'request limit'], rule: 'a failed try is no active request any more', http: [p.RETRIES, p.TO_A], policy: [p.REQUEST_LIMIT], services: ONE_FAILS, calls: [TWICE], seen: { a: [{}, {}] }, stats: { 'v1.upstream_rq_active_overflow': 0 } },
  { pair: ['retries', 'retry limit'], rule: 'above it the try\'s own answer goes out with UO (pool/max-retries)', http: ['retries: {attempts: 2, retryOn: 5xx, backoff: 100ms}', p.TO_A], policy: [p.RETRY_LIMIT], services: { a: [p.FAIL, { ...p.FAIL, chunks: ['mine'] }, {}] },
    calls: [{ ...TWICE, chance: 0.5, endsAtMs: 50 }, { ...p.OK, ...p.FAIL, atMs: 10, flags: 'UO', body: 'mine', endsAtMs: 10 }], seen: { a: [{ atMs: 0 }, { atMs: 10 }, { atMs: 50 }] }, stats: { 'v1.upstream_rq_retry': 1, 'v1.upstream_rq_retry_overflow': 1 } },
  { pair: ['retries', 'outlier detection'], rule: 'each try counts at its own endpoint; retries leave an ejected one alone', http: [p.RETRIES, p.TO_BOTH], policy: [p.OUTLIER, p.ROUND_ROBIN], services: { a: p.FAIL },
    calls: [{ ...TWICE, endpoint: 'b' }, { ...TWICE, atMs: 1, endpoint: 'b' }, { ...p.OK, atMs: 2, endpoint: 'b' }], seen: { a: [{}, {}], b: [{}, {}, {}] }, stats: { 'reviews.outlier_detection.ejections_enforced_total': 1 } },
  { pair: ['retries', 'outlier detection'], rule: 'a retry that finds no endpoint left is over', http: [p.RETRIES, p.TO_A], policy: [p.OUTLIER], services: { a: p.FAIL },
    calls: [{ ...p.NO_HOST, attempts: 2, body: 'no healthy upstream' }], seen: { a: [{}, {}] } },
  { pair: ['retries', 'mirror'], rule: 'one copy for all tries, as try 1 (mirror/once-per-request)', http: [p.RETRIES, p.MIRROR, p.TO_A], services: { a: [p.FAIL, {}], c: p.FAIL },
    calls: [TWICE], seen: { a: [{}, { headers: { 'x-envoy-attempt-count': '2' } }], c: [{ headers: { 'x-envoy-attempt-count': '1' } }] }, stats: { 'copies.upstream_rq_retry': 0 } },
  { pair: ['retries', 'weighted split'], rule: 'all tries stay in the share that was drawn', http: [p.RETRIES, p.SPLIT], services: { b: p.FAIL },
    calls: [{ ...p.OK, ...p.FAIL, chance: 0.9, flags: 'URX', attempts: 3, endpoint: 'b' }], seen: { b: [{}, {}, {}] }, stats: { 'v2.upstream_rq_retry': 2 } },
  { pair: ['retries', 'load balancing'], rule: 'a retry goes to an endpoint that was not tried', http: [p.RETRIES, p.TO_BOTH], policy: [p.ROUND_ROBIN], services: { a: p.RESET },
    calls: [{ ...TWICE, endpoint: 'b' }], seen: { a: [{}], b: [{}] } },
  { pair: ['retries', 'load balancing'], rule: 'after five vain picks the next is taken as it is', http: [p.RETRIES, p.TO_BOTH], policy: ['loadBalancer: {simple: RANDOM}'], services: { a: p.FAIL },
    calls: [{ ...p.OK, ...p.FAIL, flags: 'URX', attempts: 3, endpoint: 'a' }], seen: { a: [{}, {}, {}] } },
  { pair: ['retries', 'request headers'], rule: 'operations run once, all tries carry their result (headers/retry-and-mirror)', http: [p.RETRIES, p.COUNTING_HEADERS, p.TO_A], services: ONE_FAILS,
    calls: [{ ...TWICE, sent: { 'x-count': 'c' } }], seen: { a: [{ headers: { 'x-count': 'c1', 'x-envoy-attempt-count': '1' } }, { headers: { 'x-count': 'c1', 'x-envoy-attempt-count': '2' } }] } },
  { pair: ['retries', 'response headers'], rule: 'they change what the caller gets, not what decides about a retry', http: ['retries: {attempts: 1, retryOn: "unavailable"}', 'headers: {response: {set: {grpc-status: "14"}}}', p.TO_A],
    services: { a: [{ headers: { 'grpc-status': '14' } }, { headers: { 'grpc-status': '0' } }] }, calls: [{ ...TWICE, headers: { 'grpc-status': '14' } }], seen: { a: [{}, {}] } },
  { pair: ['retries', 'rewrite'], rule: 'the path is rewritten once', http: [p.RETRIES, p.COUNTING_REWRITE, p.TO_A], services: ONE_FAILS,
    calls: [{ ...TWICE, path: '/old/1' }], seen: { a: [{ path: '/old/old/1' }, { path: '/old/old/1', headers: { 'x-envoy-original-path': '/old/1' } }] } },
  { pair: ['retries', 'cors'], rule: 'the last answer says what an allowed origin is told, whatever tries before it said', http: [p.RETRIES, p.CORS, p.TO_A], services: { a: [p.FAIL, { headers: { 'access-control-allow-origin': '*' } }] },
    calls: [{ ...TWICE, sent: { origin: 'http://shop' }, headers: ALLOWED }], seen: { a: [{}, {}] } },
];
