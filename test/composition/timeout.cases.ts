import type { PairCase } from './pair-case.ts';
import * as p from './policies.ts';

const SHOP = { origin: 'http://shop' };
const ALLOWED = { 'access-control-allow-origin': 'http://shop' };
const TIMEOUT = 'timeout: 1s';
/** Tries of a second, not tried again: no token of the default list is for timeouts. */
const TRY = 'retries: {attempts: 2, perTryTimeout: 1s}';
/** Tries of a second, tried again once. */
const TRY_AGAIN = 'retries: {attempts: 1, perTryTimeout: 1s, retryOn: 5xx}';
const expected = (ms: number | undefined): Record<string, string | undefined> => ({ 'x-envoy-expected-rq-timeout-ms': ms?.toString() });

/** The timeout of the whole exchange and of one try. */
export const TIMEOUT_CASES: readonly PairCase[] = [
  { pair: ['route timeout', 'per-try timeout'], rule: 'a try has its own time, at most what is left of the total (timeouts/per-try-within-global)',
    http: ['timeout: 1s', 'retries: {attempts: 5, perTryTimeout: 600ms, retryOn: 5xx}', p.TO_A], services: { a: p.HANG },
    calls: [{ ...p.ROUTE_TIMEOUT, attempts: 2, endsAtMs: 1000 }],
    seen: { a: [{ atMs: 0, headers: expected(600), aborted: true }, { atMs: 600, headers: expected(400), aborted: true }] }, stats: { 'v1.upstream_rq_per_try_timeout': 1, 'v1.upstream_rq_timeout': 1 } },
  { pair: ['route timeout', 'per-try timeout'], rule: 'a try\'s time that is not below the total is ignored',
    http: ['timeout: 1s', 'retries: {attempts: 5, perTryTimeout: 1s, retryOn: 5xx}', p.TO_A], services: { a: p.HANG },
    calls: [{ ...p.ROUTE_TIMEOUT, endsAtMs: 1000 }], seen: { a: [{}] }, stats: { 'v1.upstream_rq_per_try_timeout': 0 } },
  { pair: ['route timeout', 'retries'], rule: 'it spans all tries (timeouts/spans-retries)', http: [TIMEOUT, p.RETRIES, p.TO_A], services: { a: { delayMs: 600, ...p.FAIL } },
    calls: [{ ...p.ROUTE_TIMEOUT, attempts: 2, endsAtMs: 1000 }], seen: { a: [{ atMs: 0, headers: expected(1000) }, { atMs: 600, headers: expected(400), aborted: true }] } },
  { pair: ['route timeout', 'retries'], rule: 'it ends a back-off; nothing is tried after it', http: [TIMEOUT, 'retries: {attempts: 2, retryOn: 5xx, backoff: 10s}', p.TO_A], services: { a: p.FAIL },
    calls: [{ ...p.ROUTE_TIMEOUT, chance: 0.5, endsAtMs: 1000 }], seen: { a: [{ atMs: 0 }] }, stats: { 'v1.upstream_rq_retry': 1 } },
  { pair: ['route timeout', 'pending limit'], rule: 'time spent waiting for a connection counts; its end gives the place back',
    http: [TIMEOUT, p.TO_A], policy: ['connectionPool: {http: {http1MaxPendingRequests: 1}}'], services: { a: 'silent' },
    calls: [{ ...p.ROUTE_TIMEOUT, endsAtMs: 1000 }, { ...p.OVERFLOW, atMs: 500, endsAtMs: 500 }, { ...p.ROUTE_TIMEOUT, atMs: 1500, endsAtMs: 2500 }],
    seen: {}, stats: { 'v1.upstream_rq_pending_overflow': 1, 'v1.upstream_rq_timeout': 2, 'v1.upstream_rq_total': 0 } },
  { pair: ['route timeout', 'connection limit'], rule: 'its end closes the connection; who waits gets another, for the time it has left',
    http: [TIMEOUT, p.TO_A], policy: [p.CONNECTION_LIMIT], services: { a: p.HANG },
    calls: [{ ...p.ROUTE_TIMEOUT, endsAtMs: 1000 }, { ...p.ROUTE_TIMEOUT, atMs: 500, endsAtMs: 1500 }],
    seen: { a: [{ atMs: 0, aborted: true }, { atMs: 1000, aborted: true }] }, stats: { 'v1.upstream_cx_total': 2, 'v1.upstream_cx_overflow': 1 } },
  { pair: ['route timeout', 'request limit'], rule: 'its end gives the place of the active request back', http: [TIMEOUT, p.TO_A], policy: [p.REQUEST_LIMIT], services: { a: [p.HANG, {}] },
    calls: [{ ...p.ROUTE_TIMEOUT, endsAtMs: 1000 }, { ...p.OVERFLOW, atMs: 500 }, { ...p.OK, atMs: 1100 }], seen: { a: [{ atMs: 0 }, { atMs: 1100 }] }, stats: { 'v1.upstream_rq_active_overflow': 1 } },
  { pair: ['route timeout', 'retry limit'], rule: 'its end gives the place of the retry back', http: [TIMEOUT, p.RETRIES, p.TO_A], policy: [p.RETRY_LIMIT],
    services: { a: [p.FAIL, p.HANG, p.FAIL, p.FAIL, {}] },
    calls: [{ ...p.ROUTE_TIMEOUT, attempts: 2, endsAtMs: 1000 }, { ...p.OK, ...p.FAIL, atMs: 500, flags: 'UO' }, { ...p.OK, atMs: 1100, attempts: 2 }],
    seen: { a: [{}, {}, {}, {}, {}] }, stats: { 'v1.upstream_rq_retry': 2, 'v1.upstream_rq_retry_overflow': 1 } },
  { pair: ['route timeout', 'outlier detection'], rule: 'its end is a 504 of the endpoint', http: [TIMEOUT, p.TO_A], policy: [p.OUTLIER], services: { a: p.HANG },
    calls: [p.ROUTE_TIMEOUT, p.ROUTE_TIMEOUT, { ...p.NO_HOST, atMs: 1100 }], seen: { a: [{}, {}] }, stats: { 'v1.outlier_detection.ejections_enforced_consecutive_5xx': 1 } },
  { pair: ['route timeout', 'mirror'], rule: 'the copy has the same time for itself', http: [TIMEOUT, p.MIRROR, p.TO_A], services: { c: p.HANG },
    calls: [{ ...p.OK, endsAtMs: 0 }], seen: { a: [{}], c: [{ aborted: true }] }, stats: { 'copies.upstream_rq_timeout': 1, 'copies.upstream_rq_504': 1, 'v1.upstream_rq_timeout': 0 } },
  { pair: ['route timeout', 'weighted split'], rule: 'its end counts in the share that was drawn', http: [TIMEOUT, p.SPLIT], services: { b: p.HANG },
    calls: [{ ...p.ROUTE_TIMEOUT, chance: 0.9, endpoint: 'b' }, { ...p.OK, atMs: 1, chance: 0, endpoint: 'a' }], seen: { a: [{}], b: [{}] }, stats: { 'v1.upstream_rq_timeout': 0, 'v2.upstream_rq_timeout': 1 } },
  { pair: ['route timeout', 'load balancing'], rule: 'an endpoint that let it run out keeps its turns', http: [TIMEOUT, p.TO_BOTH], policy: [p.ROUND_ROBIN], services: { a: p.HANG },
    calls: [{ ...p.ROUTE_TIMEOUT, endpoint: 'a' }, { ...p.OK, atMs: 2000, endpoint: 'b' }, { ...p.ROUTE_TIMEOUT, atMs: 2001, endpoint: 'a' }], seen: { a: [{}, {}], b: [{}] } },
  { pair: ['route timeout', 'request headers'], rule: 'the caller can\'t change it; operations can change what the upstream is told',
    http: [TIMEOUT, 'headers: {request: {remove: [x-envoy-expected-rq-timeout-ms]}}', p.TO_A], services: { a: p.HANG },
    calls: [{ ...p.ROUTE_TIMEOUT, sent: { 'x-envoy-upstream-rq-timeout-ms': '5000' }, endsAtMs: 1000 }], seen: { a: [{ headers: { ...expected(undefined), 'x-envoy-upstream-rq-timeout-ms': undefined } }] } },
  { pair: ['route timeout', 'response headers'], rule: 'the 504 gets the operations (headers/local-replies)', http: [TIMEOUT, p.RESPONSE_HEADERS, p.TO_A], services: { a: p.HANG },
    calls: [{ ...p.ROUTE_TIMEOUT, body: 'upstream request timeout', headers: { 'x-rule': 'yes' } }], seen: { a: [{}] } },
  { pair: ['route timeout', 'rewrite'], rule: 'what ran out of time had the new path', http: [TIMEOUT, p.REWRITE, p.TO_A], services: { a: p.HANG }, calls: [{ ...p.ROUTE_TIMEOUT, path: '/old' }], seen: { a: [{ path: '/new' }] } },
  { pair: ['route timeout', 'cors'], rule: 'the 504 to an allowed origin says so', http: [TIMEOUT, p.CORS, p.TO_A], services: { a: p.HANG }, calls: [{ ...p.ROUTE_TIMEOUT, sent: SHOP, headers: ALLOWED }], seen: { a: [{}] } },

  { pair: ['per-try timeout', 'retries'], rule: 'tried again where 5xx is (retries/per-try)', http: ['retries: {attempts: 2, perTryTimeout: 1s, retryOn: 5xx}', p.TO_A], services: { a: p.HANG },
    calls: [{ ...p.TRY_TIMEOUT, flags: 'URX,UT', attempts: 3, endsAtMs: 3000 }], seen: { a: [{ atMs: 0, headers: expected(1000) }, { atMs: 1000, aborted: true }, { atMs: 2000 }] }, stats: { 'v1.upstream_rq_per_try_timeout': 3 } },
  { pair: ['per-try timeout', 'retries'], rule: 'final where only the default tokens are', http: [TRY, p.TO_A], services: { a: p.HANG }, calls: [{ ...p.TRY_TIMEOUT, endsAtMs: 1000 }], seen: { a: [{}] }, stats: { 'v1.upstream_rq_retry': 0 } },
  { pair: ['per-try timeout', 'retries'], rule: 'it ends with the response headers', http: [TRY, p.TO_A], services: { a: { delayMs: 800, chunks: ['a', 'b', 'c'] } }, calls: [{ ...p.OK, body: 'abc', endsAtMs: 3200 }], seen: { a: [{}] } },
  { pair: ['per-try timeout', 'pending limit'], rule: 'a try begins when it has a connection: time spent waiting for one does not count (Envoy `onPoolReady`)',
    http: [TRY, p.TO_A], policy: ['connectionPool: {tcp: {connectTimeout: 3s}, http: {http1MaxPendingRequests: 1}}'], services: { a: 'silent' },
    calls: [{ ...p.NOT_CONNECTED, endsAtMs: 9000 }, { ...p.OVERFLOW, atMs: 500 }, { ...p.NOT_CONNECTED, atMs: 9500, endsAtMs: 18_500 }],
    seen: {}, stats: { 'v1.upstream_rq_pending_overflow': 1, 'v1.upstream_rq_per_try_timeout': 0 } },
  { pair: ['per-try timeout', 'connection limit'], rule: 'its end closes the connection; who waits gets another, and all its time', http: [TRY, p.TO_A], policy: [p.CONNECTION_LIMIT], services: { a: p.HANG },
    calls: [{ ...p.TRY_TIMEOUT, endsAtMs: 1000 }, { ...p.TRY_TIMEOUT, atMs: 500, endsAtMs: 2000 }], seen: { a: [{ atMs: 0 }, { atMs: 1000, aborted: true }] }, stats: { 'v1.upstream_cx_total': 2 } },
  { pair: ['per-try timeout', 'request limit'], rule: 'a refused call does not wait for its try to end', http: [TRY_AGAIN, p.TO_A], policy: [p.REQUEST_LIMIT], services: { a: [p.HANG, {}] },
    calls: [{ ...p.OK, attempts: 2, endsAtMs: 1000 }, { ...p.OVERFLOW, atMs: 500, endsAtMs: 500 }], seen: { a: [{ atMs: 0 }, { atMs: 1000 }] }, stats: { 'v1.upstream_rq_active_overflow': 1 } },
  { pair: ['per-try timeout', 'retry limit'], rule: 'a retry keeps its place until its try runs out', http: [TRY_AGAIN, p.TO_A], policy: [p.RETRY_LIMIT], services: { a: [p.FAIL, p.HANG, p.FAIL, p.FAIL, {}] },
    calls: [{ ...p.TRY_TIMEOUT, flags: 'URX,UT', attempts: 2, endsAtMs: 1000 }, { ...p.OK, ...p.FAIL, atMs: 999, flags: 'UO' }, { ...p.OK, atMs: 1001, attempts: 2 }], seen: { a: [{}, {}, {}, {}, {}] }, stats: { 'v1.upstream_rq_retry_overflow': 1 } },
  { pair: ['per-try timeout', 'outlier detection'], rule: 'each try that runs out is a 504 of its endpoint', http: [TRY_AGAIN, p.TO_A], policy: [p.OUTLIER], services: { a: p.HANG },
    calls: [{ ...p.TRY_TIMEOUT, flags: 'URX,UT', attempts: 2, endsAtMs: 2000 }, { ...p.NO_HOST, atMs: 2001 }], seen: { a: [{}, {}] }, stats: { 'v1.outlier_detection.ejections_enforced_total': 1 } },
  { pair: ['per-try timeout', 'mirror'], rule: 'it is not for copies', http: [TRY, p.MIRROR, p.TO_A], services: { c: { delayMs: 3000 } }, calls: [p.OK], seen: { a: [{}], c: [{ aborted: false }] }, stats: { 'copies.upstream_rq_200': 1 } },
  { pair: ['per-try timeout', 'weighted split'], rule: 'the next try stays in its share', http: [TRY_AGAIN, p.SPLIT], services: { b: [p.HANG, {}] },
    calls: [{ ...p.OK, chance: 0.9, attempts: 2, endpoint: 'b' }], seen: { b: [{}, {}] }, stats: { 'v2.upstream_rq_per_try_timeout': 1 } },
  { pair: ['per-try timeout', 'load balancing'], rule: 'the next try goes elsewhere', http: [TRY_AGAIN, p.TO_BOTH], policy: [p.ROUND_ROBIN], services: { a: p.HANG },
    calls: [{ ...p.OK, attempts: 2, endpoint: 'b', endsAtMs: 1000 }], seen: { a: [{ atMs: 0, aborted: true }], b: [{ atMs: 1000 }] } },
  { pair: ['per-try timeout', 'request headers'], rule: 'the next try carries what the operations made once', http: [TRY_AGAIN, p.COUNTING_HEADERS, p.TO_A], services: { a: [p.HANG, {}] },
    calls: [{ ...p.OK, sent: { 'x-count': 'c' }, attempts: 2 }], seen: { a: [{ headers: { 'x-count': 'c1' } }, { headers: { 'x-count': 'c1', 'x-envoy-attempt-count': '2' } }] } },
  { pair: ['per-try timeout', 'response headers'], rule: 'the 504 gets the operations', http: [TRY, p.RESPONSE_HEADERS, p.TO_A], services: { a: p.HANG }, calls: [{ ...p.TRY_TIMEOUT, headers: { 'x-rule': 'yes' } }], seen: { a: [{}] } },
  { pair: ['per-try timeout', 'rewrite'], rule: 'the next try has the path that was rewritten once', http: [TRY_AGAIN, p.COUNTING_REWRITE, p.TO_A], services: { a: [p.HANG, {}] },
    calls: [{ ...p.OK, path: '/old/1', attempts: 2 }], seen: { a: [{ path: '/old/old/1' }, { path: '/old/old/1', headers: { 'x-envoy-original-path': '/old/1' } }] } },
  { pair: ['per-try timeout', 'cors'], rule: 'the 504 to an allowed origin says so', http: [TRY, p.CORS, p.TO_A], services: { a: p.HANG }, calls: [{ ...p.TRY_TIMEOUT, sent: SHOP, headers: ALLOWED }], seen: { a: [{}] } },
];
