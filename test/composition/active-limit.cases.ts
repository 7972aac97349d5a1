import type { PairCase } from './pair-case.ts';
import * as p from './policies.ts';

const SHOP = { origin: 'http://shop' };
const ALLOWED = { 'access-control-allow-origin': 'http://shop' };
const PREFLIGHT = { status: 200, flags: '-', details: 'cors_response', attempts: 0, method: 'OPTIONS', sent: { ...SHOP, 'access-control-request-method': 'GET' } } as const;
const SLOW = { a: { delayMs: 100 } } as const;
/** With a {@link p.REQUEST_LIMIT} and {@link SLOW}: one is served, one is refused, one comes later. */
const THREE = [{ ...p.OK, endsAtMs: 100 }, { ...p.OVERFLOW, atMs: 1, endsAtMs: 1 }, { ...p.OK, atMs: 200, endsAtMs: 300 }] as const;
/** Chance of 0.5 makes half of it: 50 ms. */
const PAUSED_RETRIES = 'retries: {attempts: 2, retryOn: 5xx, backoff: 100ms}';
/** With {@link PAUSED_RETRIES}, a {@link p.RETRY_LIMIT} and {@link FAIL_TWICE}: the second may not try again. */
const TWO = [{ ...p.OK, chance: 0.5, attempts: 2, endsAtMs: 50 }, { ...p.OK, ...p.FAIL, atMs: 10, flags: 'UO', endsAtMs: 10 }] as const;
const FAIL_TWICE = { a: [p.FAIL, p.FAIL, {}] } as const;

/** The limits on active requests and on retries. */
export const ACTIVE_LIMIT_CASES: readonly PairCase[] = [
  { pair: ['request limit', 'retry limit'], rule: 'a retry that finds too many active is over and gives its place back', http: [PAUSED_RETRIES, p.TO_A], policy: ['connectionPool: {http: {http2MaxRequests: 1, maxRetries: 1}}'],
    services: { a: [p.FAIL, { delayMs: 100 }, p.FAIL, {}] }, calls: [{ ...p.OVERFLOW, chance: 0.5, attempts: 2, endsAtMs: 50 }, { ...p.OK, atMs: 10 }, { ...p.OK, atMs: 200, attempts: 2 }], seen: { a: [{}, {}, {}, {}] }, stats: { 'v1.upstream_rq_retry_overflow': 0, 'v1.upstream_rq_active_overflow': 1 } },
  { pair: ['request limit', 'outlier detection'], rule: 'a refusal is nobody\'s error', http: [p.TO_A], policy: [p.REQUEST_LIMIT, p.OUTLIER], services: SLOW, calls: [...THREE.slice(0, 2), { ...p.OVERFLOW, atMs: 2 }, { ...p.OK, atMs: 200 }], seen: { a: [{}, {}] }, stats: { 'v1.outlier_detection.ejections_enforced_total': 0 } },
  { pair: ['request limit', 'mirror'], rule: 'a refused request was copied all the same', http: [p.MIRROR, p.TO_A], policy: [p.REQUEST_LIMIT], services: SLOW, calls: THREE, seen: { a: [{}, {}], c: [{ atMs: 0 }, { atMs: 1 }, { atMs: 200 }] } },
  { pair: ['request limit', 'weighted split'], rule: 'each share has its own', http: [p.SPLIT], policy: [p.REQUEST_LIMIT], services: SLOW, calls: [...THREE.slice(0, 2), { ...p.OK, atMs: 2, chance: 0.9, endsAtMs: 2 }], seen: { a: [{}], b: [{}] }, stats: { 'v1.upstream_rq_active_overflow': 1, 'v2.upstream_rq_active_overflow': 0 } },
  { pair: ['request limit', 'load balancing'], rule: 'all endpoints share it', http: [p.TO_BOTH], policy: [p.REQUEST_LIMIT, p.ROUND_ROBIN], services: SLOW, calls: [{ ...p.OK, endpoint: 'a' }, { ...p.OVERFLOW, atMs: 1, endpoint: 'b' }], seen: { a: [{}] } },
  { pair: ['request limit', 'request headers'], rule: 'who comes after a refused one has headers of its own', http: ['headers: {request: {set: {x-n: "%REQ(x-me)%"}}}', p.TO_A], policy: [p.REQUEST_LIMIT], services: SLOW,
    calls: THREE.map((call, i) => ({ ...call, sent: { 'x-me': `n${i}` } })), seen: { a: [{ headers: { 'x-n': 'n0' } }, { headers: { 'x-n': 'n2' } }] } },
  { pair: ['request limit', 'response headers'], rule: 'the refusal gets the operations', http: [p.RESPONSE_HEADERS, p.TO_A], policy: [p.REQUEST_LIMIT], services: SLOW, calls: THREE.map((call) => ({ ...call, headers: { 'x-rule': 'yes' } })), seen: { a: [{}, {}] } },
  { pair: ['request limit', 'rewrite'], rule: 'the refused path never goes out', http: [p.REWRITE, p.TO_A], policy: [p.REQUEST_LIMIT], services: SLOW, calls: THREE.map((call, i) => ({ ...call, path: `/old/${i}` })), seen: { a: [{ path: '/new/0' }, { path: '/new/2' }] } },
  { pair: ['request limit', 'cors'], rule: 'preflights are no active requests; the refusal to an allowed origin says so', http: [p.CORS, p.TO_A], policy: [p.REQUEST_LIMIT], services: SLOW,
    calls: [p.OK, { ...PREFLIGHT, atMs: 1 }, { ...p.OVERFLOW, atMs: 2, sent: SHOP, headers: ALLOWED }], seen: { a: [{}] } },

  { pair: ['retry limit', 'outlier detection'], rule: 'a try whose retry is refused counts; a retry that waits then finds no endpoint', http: [PAUSED_RETRIES, p.TO_A], policy: [p.RETRY_LIMIT, p.OUTLIER], services: { a: p.FAIL },
    calls: [{ ...p.NO_HOST, chance: 0.5, attempts: 1, endsAtMs: 50 }, TWO[1]], seen: { a: [{ atMs: 0 }, { atMs: 10 }] }, stats: { 'v1.outlier_detection.ejections_enforced_total': 1, 'v1.upstream_rq_retry_overflow': 1 } },
  { pair: ['retry limit', 'mirror'], rule: 'copies are no retries', http: [PAUSED_RETRIES, p.MIRROR, p.TO_A], policy: [p.RETRY_LIMIT], services: { ...FAIL_TWICE, c: p.FAIL }, calls: TWO, seen: { a: [{}, {}, {}], c: [{ atMs: 0 }, { atMs: 10 }] }, stats: { 'copies.upstream_rq_retry': 0, 'copies.upstream_rq_retry_overflow': 0 } },
  { pair: ['retry limit', 'weighted split'], rule: 'each share has its own', http: [PAUSED_RETRIES, p.SPLIT], policy: [p.RETRY_LIMIT], services: { a: [p.FAIL, {}], b: [p.FAIL, {}] },
    calls: [{ ...p.OK, chance: 0.4, attempts: 2, endsAtMs: 40 }, { ...p.OK, atMs: 1, chance: 0.9, attempts: 2, endsAtMs: 91 }], seen: { a: [{}, {}], b: [{}, {}] }, stats: { 'v1.upstream_rq_retry_overflow': 0, 'v2.upstream_rq_retry_overflow': 0 } },
  { pair: ['retry limit', 'load balancing'], rule: 'all endpoints share it', http: [PAUSED_RETRIES, p.TO_BOTH], policy: [p.RETRY_LIMIT, p.ROUND_ROBIN], services: { a: [p.FAIL, {}], b: [p.FAIL, {}] },
    calls: [{ ...p.OK, chance: 0.4, attempts: 2, endsAtMs: 40, endpoint: 'b' }, { ...p.OK, ...p.FAIL, atMs: 10, flags: 'UO', endpoint: 'b' }], seen: { a: [{}], b: [{ atMs: 10 }, { atMs: 40 }] }, stats: { 'reviews.upstream_rq_retry_overflow': 1 } },
  { pair: ['retry limit', 'request headers'], rule: 'the retry that goes out carries what the operations made once', http: [PAUSED_RETRIES, p.COUNTING_HEADERS, p.TO_A], policy: [p.RETRY_LIMIT], services: FAIL_TWICE,
    calls: TWO.map((call, i) => ({ ...call, sent: { 'x-count': `n${i}` } })), seen: { a: [{ headers: { 'x-count': 'n01' } }, { headers: { 'x-count': 'n11' } }, { headers: { 'x-count': 'n01' } }] } },
  { pair: ['retry limit', 'response headers'], rule: 'the answer that stays gets the operations', http: [PAUSED_RETRIES, p.RESPONSE_HEADERS, p.TO_A], policy: [p.RETRY_LIMIT], services: FAIL_TWICE, calls: TWO.map((call) => ({ ...call, headers: { 'x-rule': 'yes' } })), seen: { a: [{}, {}, {}] } },
  { pair: ['retry limit', 'rewrite'], rule: 'the retry that goes out has the path that was rewritten once', http: [PAUSED_RETRIES, p.COUNTING_REWRITE, p.TO_A], policy: [p.RETRY_LIMIT], services: FAIL_TWICE,
    calls: TWO.map((call, i) => ({ ...call, path: `/old/${i}` })), seen: { a: [{ path: '/old/old/0' }, { path: '/old/old/1' }, { path: '/old/old/0' }] } },
  { pair: ['retry limit', 'cors'], rule: 'the answer that stays tells an allowed origin so', http: [PAUSED_RETRIES, p.CORS, p.TO_A], policy: [p.RETRY_LIMIT], services: FAIL_TWICE, calls: TWO.map((call) => ({ ...call, sent: SHOP, headers: ALLOWED })), seen: { a: [{}, {}, {}] } },
];
