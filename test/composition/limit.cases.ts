import type { PairCase } from './pair-case.ts';
import * as p from './policies.ts';

const SHOP = { origin: 'http://shop' };
const ALLOWED = { 'access-control-allow-origin': 'http://shop' };
const PREFLIGHT = { status: 200, flags: '-', details: 'cors_response', attempts: 0, method: 'OPTIONS', sent: { ...SHOP, 'access-control-request-method': 'GET' } } as const;
const SLOW = { a: { delayMs: 100 } } as const;
const SLOW_BOTH = { a: { delayMs: 100 }, b: { delayMs: 100 } } as const;
/** With a {@link p.PENDING_LIMIT} and {@link SLOW}: one is served, one waits, one is refused. */
const THREE = [{ ...p.OK, endsAtMs: 100 }, { ...p.OK, atMs: 1, endsAtMs: 200 }, { ...p.OVERFLOW, atMs: 2, endsAtMs: 2 }] as const;
/** With a {@link p.CONNECTION_LIMIT} and {@link SLOW}: one after the other. */
const QUEUE = [{ ...p.OK, endsAtMs: 100 }, { ...p.OK, atMs: 1, endsAtMs: 200 }] as const;
/** Chance of 0.5 makes half of it: 50 ms. */
const PAUSED_RETRIES = 'retries: {attempts: 2, retryOn: 5xx, backoff: 100ms}';
const LATE_OVERFLOW = { ...p.OVERFLOW, attempts: 2, body: 'upstream connect error or disconnect/reset before headers. retried and the latest reset reason: overflow' } as const;

/** The limits on waiting requests and on connections. */
export const LIMIT_CASES: readonly PairCase[] = [
  { pair: ['pending limit', 'connection limit'], rule: 'one is served, one waits, one is refused (pool/warm-queue)', http: [p.TO_A], policy: [p.PENDING_LIMIT], services: SLOW,
    calls: THREE, seen: { a: [{ atMs: 0 }, { atMs: 100 }] }, stats: { 'v1.upstream_cx_total': 1, 'v1.upstream_cx_overflow': 1, 'v1.upstream_rq_pending_overflow': 1 } },
  { pair: ['pending limit', 'connection limit'], rule: 'who waits for the first connection is pending too', http: [p.TO_A], policy: [p.PENDING_LIMIT],
    calls: [p.OK, p.OVERFLOW, p.OVERFLOW], seen: { a: [{}] }, stats: { 'v1.upstream_rq_pending_overflow': 2 } },
  { pair: ['pending limit', 'request limit'], rule: 'too many active requests are no pending overflow (pool/max-requests)', http: [p.TO_A], policy: ['connectionPool: {http: {http1MaxPendingRequests: 1, http2MaxRequests: 1}}'], services: SLOW,
    calls: [p.OK, { ...p.OVERFLOW, atMs: 1 }], seen: { a: [{}] }, stats: { 'v1.upstream_rq_pending_overflow': 0, 'v1.upstream_rq_active_overflow': 1 } },
  { pair: ['pending limit', 'retry limit'], rule: 'a retry that finds the queue full is over and gives its place back', http: [PAUSED_RETRIES, p.TO_A],
    policy: ['connectionPool: {tcp: {maxConnections: 1}, http: {http1MaxPendingRequests: 1, maxRetries: 1}}'], services: { a: [p.FAIL, { delayMs: 200 }, {}, p.FAIL, {}] },
    calls: [{ ...LATE_OVERFLOW, chance: 0.5, endsAtMs: 50 }, { ...p.OK, atMs: 10 }, { ...p.OK, atMs: 20 }, { ...p.OK, atMs: 500, attempts: 2 }],
    seen: { a: [{}, { atMs: 10 }, { atMs: 210 }, {}, {}] }, stats: { 'v1.upstream_rq_retry_overflow': 0 } },
  { pair: ['pending limit', 'outlier detection'], rule: 'a refusal is nobody\'s error', http: [p.TO_A], policy: [p.PENDING_LIMIT, p.OUTLIER], services: SLOW,
    calls: [...THREE, { ...p.OVERFLOW, atMs: 3 }, { ...p.OK, atMs: 300 }], seen: { a: [{}, {}, {}] }, stats: { 'v1.outlier_detection.ejections_enforced_total': 0 } },
  { pair: ['pending limit', 'mirror'], rule: 'a refused request was copied all the same (mirror/no-primary-no-copy)', http: [p.MIRROR, p.TO_A], policy: [p.PENDING_LIMIT], services: SLOW,
    calls: THREE, seen: { a: [{}, {}], c: [{ atMs: 0 }, { atMs: 1 }, { atMs: 2 }] } },
  { pair: ['pending limit', 'weighted split'], rule: 'each share has its own (pool/per-subset)', http: [p.SPLIT], policy: [p.PENDING_LIMIT], services: SLOW,
    calls: [...THREE, { ...p.OK, atMs: 3, chance: 0.9, endsAtMs: 3 }], seen: { a: [{}, {}], b: [{}] }, stats: { 'v2.upstream_rq_pending_overflow': 0 } },
  { pair: ['pending limit', 'load balancing'], rule: 'all endpoints share it; who may not wait came to none', http: [p.TO_BOTH], policy: [p.PENDING_LIMIT, p.ROUND_ROBIN], services: SLOW_BOTH,
    calls: [{ ...p.OK, endpoint: 'a' }, { ...p.OK, atMs: 1, endpoint: 'b' }, { ...p.OK, atMs: 2, endpoint: 'a', endsAtMs: 200 }, { ...p.OVERFLOW, atMs: 3, endpoint: undefined }], seen: { a: [{}, {}], b: [{}] }, stats: { 'reviews.upstream_rq_pending_overflow': 1 } },
  { pair: ['pending limit', 'request headers'], rule: 'who waited has the headers that were made when it came', http: ['headers: {request: {set: {x-begun: "%REQ(x-n)%"}}}', p.TO_A], policy: [p.PENDING_LIMIT], services: SLOW,
    calls: THREE.map((call, i) => ({ ...call, sent: { 'x-n': `n${i}` } })), seen: { a: [{ headers: { 'x-begun': 'n0' } }, { headers: { 'x-begun': 'n1' } }] } },
  { pair: ['pending limit', 'response headers'], rule: 'the refusal gets the operations', http: [p.RESPONSE_HEADERS, p.TO_A], policy: [p.PENDING_LIMIT],
    calls: [{ ...p.OK, headers: { 'x-rule': 'yes' } }, { ...p.OVERFLOW, headers: { 'x-rule': 'yes', 'x-envoy-overloaded': 'true' } }], seen: { a: [{}] } },
  { pair: ['pending limit', 'rewrite'], rule: 'who waited goes out with the new path', http: [p.REWRITE, p.TO_A], policy: [p.PENDING_LIMIT], services: SLOW,
    calls: THREE.map((call, i) => ({ ...call, path: `/old/${i}` })), seen: { a: [{ path: '/new/0' }, { path: '/new/1' }] } },
  { pair: ['pending limit', 'cors'], rule: 'preflights take no place; the refusal to an allowed origin says so', http: [p.CORS, p.TO_A], policy: [p.PENDING_LIMIT], services: SLOW,
    calls: [...THREE, { ...p.OVERFLOW, atMs: 3, sent: SHOP, headers: ALLOWED }, { ...PREFLIGHT, atMs: 4, endsAtMs: 4 }], seen: { a: [{}, {}] } },

  { pair: ['connection limit', 'request limit'], rule: 'who waits for the one connection is not refused', http: [p.TO_A], policy: ['connectionPool: {tcp: {maxConnections: 1}, http: {http2MaxRequests: 1}}'], services: SLOW,
    calls: QUEUE, seen: { a: [{}, {}] }, stats: { 'v1.upstream_rq_active_overflow': 0, 'v1.upstream_cx_overflow': 1 } },
  { pair: ['connection limit', 'retry limit'], rule: 'a broken connection gives its place to the retry', http: [p.RETRIES, p.TO_A], policy: ['connectionPool: {tcp: {maxConnections: 1}, http: {maxRetries: 1}}'], services: { a: [p.RESET, {}] },
    calls: [{ ...p.OK, attempts: 2 }], seen: { a: [{}, {}] }, stats: { 'v1.upstream_cx_total': 2, 'v1.upstream_cx_overflow': 0, 'v1.upstream_rq_retry_overflow': 0 } },
  { pair: ['connection limit', 'outlier detection'], rule: 'who already waits for an endpoint goes there, ejected or not', http: [p.TO_A], policy: [p.CONNECTION_LIMIT, p.OUTLIER], services: { a: { delayMs: 100, ...p.FAIL } },
    calls: [{ ...p.OK, ...p.FAIL }, { ...p.OK, ...p.FAIL, atMs: 1 }, { ...p.OK, ...p.FAIL, atMs: 2, endsAtMs: 300 }, { ...p.NO_HOST, atMs: 201 }], seen: { a: [{}, {}, { atMs: 200 }] }, stats: { 'v1.outlier_detection.ejections_enforced_total': 1 } },
  { pair: ['connection limit', 'mirror'], rule: 'copies do not wait for the request\'s connection', http: [p.MIRROR, p.TO_A], policy: [p.CONNECTION_LIMIT], services: SLOW, calls: QUEUE, seen: { a: [{ atMs: 0 }, { atMs: 100 }], c: [{ atMs: 0 }, { atMs: 1 }] } },
  { pair: ['connection limit', 'weighted split'], rule: 'each share has its own', http: [p.SPLIT], policy: [p.CONNECTION_LIMIT], services: SLOW_BOTH,
    calls: [p.OK, { ...p.OK, atMs: 1, chance: 0.9, endsAtMs: 101 }], seen: { a: [{}], b: [{}] }, stats: { 'v1.upstream_cx_overflow': 0, 'v2.upstream_cx_overflow': 0 } },
  { pair: ['connection limit', 'load balancing'], rule: 'every endpoint may have one, also above it (pool/one-connection-per-endpoint)', http: [p.TO_BOTH], policy: [p.CONNECTION_LIMIT, p.ROUND_ROBIN], services: SLOW_BOTH,
    calls: [{ ...p.OK, endsAtMs: 100 }, { ...p.OK, atMs: 1, endsAtMs: 101 }, { ...p.OK, atMs: 2, endsAtMs: 200 }], seen: { a: [{ atMs: 0 }, { atMs: 100 }], b: [{ atMs: 1 }] }, stats: { 'reviews.upstream_cx_total': 2, 'reviews.upstream_cx_overflow': 2 } },
  { pair: ['connection limit', 'request headers'], rule: 'requests on one connection do not share headers', http: ['headers: {request: {set: {x-n: "%REQ(x-me)%"}}}', p.TO_A], policy: [p.CONNECTION_LIMIT], services: SLOW,
    calls: QUEUE.map((call, i) => (i === 0 ? { ...call, sent: { 'x-me': 'first' } } : call)), seen: { a: [{ headers: { 'x-n': 'first' } }, { headers: { 'x-n': undefined } }] } },
  { pair: ['connection limit', 'response headers'], rule: 'responses on one connection each get the operations', http: [p.RESPONSE_HEADERS, p.TO_A], policy: [p.CONNECTION_LIMIT], services: SLOW, calls: QUEUE.map((call) => ({ ...call, headers: { 'x-rule': 'yes' } })), seen: { a: [{}, {}] } },
  { pair: ['connection limit', 'rewrite'], rule: 'who waited goes out with the new path', http: [p.REWRITE, p.TO_A], policy: [p.CONNECTION_LIMIT], services: SLOW, calls: QUEUE.map((call, i) => ({ ...call, path: `/old/${i}` })), seen: { a: [{ path: '/new/0' }, { path: '/new/1' }] } },
  { pair: ['connection limit', 'cors'], rule: 'a preflight needs no connection', http: [p.CORS, p.TO_A], policy: [p.CONNECTION_LIMIT], services: SLOW, calls: [...QUEUE, { ...PREFLIGHT, atMs: 2, endsAtMs: 2, headers: ALLOWED }], seen: { a: [{}, {}] } },
];
