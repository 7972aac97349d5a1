import type { PairCase } from './pair-case.ts';
import * as p from './policies.ts';

const SHOP = { origin: 'http://shop' };
const ALLOWED = { 'access-control-allow-origin': 'http://shop' };
const PREFLIGHT = { status: 200, flags: '-', details: 'cors_response', attempts: 0, method: 'OPTIONS', sent: { ...SHOP, 'access-control-request-method': 'GET' } } as const;
const FAILED = { ...p.OK, ...p.FAIL } as const;
/** With {@link p.OUTLIER} and an endpoint that fails: two errors, then nobody is left. */
const EJECTED = [FAILED, { ...FAILED, atMs: 1 }, { ...p.NO_HOST, atMs: 2 }] as const;
const ONE_EJECTION = { 'v1.outlier_detection.ejections_enforced_total': 1 } as const;
/** One draw for both: below 0.5 to `a`, above to `b`. */
const TWO_SHARES = [{ ...p.OK, chance: 0.1, endpoint: 'a' }, { ...p.OK, atMs: 1, chance: 0.9, endpoint: 'b' }] as const;
const TURNS = [{ ...p.OK, endpoint: 'a' }, { ...p.OK, atMs: 1, endpoint: 'b' }, { ...p.OK, atMs: 2, endpoint: 'a' }] as const;
const split = (headers: string): string => ['v1', 'v2'].reduce((text, subset, i) => `${text}${i ? ', ' : ''}{destination: {host: reviews, subset: ${subset}}, weight: 50, headers: ${headers}}`, 'route: [') + ']';

/** Which endpoint it is, and who gets a copy. */
export const DESTINATION_CASES: readonly PairCase[] = [
  { pair: ['outlier detection', 'mirror'], rule: 'copies count for the endpoint that gets them, not for the request\'s', http: ['mirror: {host: reviews, subset: v2}', p.TO_A], policy: [p.OUTLIER], services: { b: p.FAIL },
    calls: [p.OK, { ...p.OK, atMs: 1 }, { ...p.OK, atMs: 2 }], seen: { a: [{}, {}, {}], b: [{ atMs: 0 }, { atMs: 1 }] }, stats: { 'v1.outlier_detection.ejections_enforced_total': 0, 'v2.outlier_detection.ejections_enforced_total': 1 } },
  { pair: ['outlier detection', 'mirror'], rule: 'where no endpoint is left nothing is copied (§12)', http: [p.MIRROR, p.TO_A], policy: [p.OUTLIER], services: { a: p.FAIL }, calls: EJECTED, seen: { a: [{}, {}], c: [{ atMs: 0 }, { atMs: 1 }] } },
  { pair: ['outlier detection', 'weighted split'], rule: 'a share without endpoints fails, no other takes it (outlier/per-cluster)', http: [p.SPLIT], policy: [p.OUTLIER], services: { a: p.FAIL },
    calls: [...EJECTED, { ...p.OK, atMs: 3, chance: 0.9, endpoint: 'b' }], seen: { a: [{}, {}], b: [{}] }, stats: { ...ONE_EJECTION, 'v2.outlier_detection.ejections_enforced_total': 0 } },
  { pair: ['outlier detection', 'load balancing'], rule: 'an ejected endpoint gets no turn until the sweep after its time', http: [p.TO_BOTH], policy: [p.OUTLIER, p.ROUND_ROBIN], services: { a: [p.FAIL, p.FAIL, {}] },
    calls: [{ ...FAILED, endpoint: 'a' }, { ...p.OK, atMs: 1, endpoint: 'b' }, { ...FAILED, atMs: 2, endpoint: 'a' }, { ...p.OK, atMs: 3, endpoint: 'b' }, { ...p.OK, atMs: 4, endpoint: 'b' }, { ...p.OK, atMs: 39_999, endpoint: 'b' }, { ...p.OK, atMs: 40_001, endpoint: 'a' }],
    seen: { a: [{}, {}, { atMs: 40_001 }], b: [{}, {}, {}, {}] } },
  { pair: ['outlier detection', 'request headers'], rule: 'errors count whatever was changed; the reply for nobody needs no request', http: [p.REQUEST_HEADERS, p.TO_A], policy: [p.OUTLIER], services: { a: p.FAIL }, calls: EJECTED, seen: { a: [{ headers: { 'x-rule': 'yes' } }, { headers: { 'x-rule': 'yes' } }] }, stats: ONE_EJECTION },
  { pair: ['outlier detection', 'response headers'], rule: 'what the operations say of a response does not count', http: ['headers: {response: {set: {grpc-status: "14", x-rule: "yes"}}}', p.TO_A], policy: [p.OUTLIER],
    calls: [p.OK, { ...p.OK, atMs: 1 }, { ...p.OK, atMs: 2, headers: { 'grpc-status': '14' } }], seen: { a: [{}, {}, {}] }, stats: { 'v1.outlier_detection.ejections_enforced_total': 0 } },
  { pair: ['outlier detection', 'response headers'], rule: 'the reply for nobody gets the operations', http: [p.RESPONSE_HEADERS, p.TO_A], policy: [p.OUTLIER], services: { a: p.FAIL }, calls: EJECTED.map((call) => ({ ...call, headers: { 'x-rule': 'yes' } })), seen: { a: [{}, {}] } },
  { pair: ['outlier detection', 'rewrite'], rule: 'errors of all paths add up', http: [p.REWRITE, p.TO_A], policy: [p.OUTLIER], services: { a: p.FAIL }, calls: EJECTED.map((call, i) => ({ ...call, path: `/old/${i}` })), seen: { a: [{ path: '/new/0' }, { path: '/new/1' }] }, stats: ONE_EJECTION },
  { pair: ['outlier detection', 'cors'], rule: 'preflights need no endpoint; the reply for nobody tells an allowed origin so', http: [p.CORS, p.TO_A], policy: [p.OUTLIER], services: { a: p.FAIL },
    calls: [...EJECTED.map((call) => ({ ...call, sent: SHOP, headers: ALLOWED })), { ...PREFLIGHT, atMs: 3 }], seen: { a: [{}, {}] }, stats: ONE_EJECTION },

  { pair: ['mirror', 'weighted split'], rule: 'every share is copied, whichever is drawn', http: [p.MIRROR, p.SPLIT], calls: TWO_SHARES, seen: { a: [{}], b: [{}], c: [{ atMs: 0 }, { atMs: 1 }] } },
  { pair: ['mirror', 'weighted split'], rule: 'a copy\'s chance is its own', http: [p.MIRROR, 'mirrorPercentage: {value: 30}', p.SPLIT], calls: [...TWO_SHARES, { ...p.OK, atMs: 2, chance: 0.4, endpoint: 'a' }], seen: { a: [{}, {}], b: [{}], c: [{ atMs: 0 }] } },
  { pair: ['mirror', 'load balancing'], rule: 'copies to the request\'s own cluster take turns like all others', http: ['mirror: {host: reviews}', p.TO_BOTH], policy: [p.ROUND_ROBIN],
    calls: [{ ...p.OK, endpoint: 'a' }, { ...p.OK, atMs: 1, endpoint: 'a' }], seen: { a: [{ headers: { 'x-envoy-internal': undefined } }, {}], b: [{ headers: { 'x-envoy-internal': 'true' } }, {}] } },
  { pair: ['mirror', 'load balancing'], rule: 'copies elsewhere take none', http: [p.MIRROR, p.TO_BOTH], policy: [p.ROUND_ROBIN], calls: TURNS, seen: { a: [{}, {}], b: [{}], c: [{}, {}, {}] } },
  { pair: ['mirror', 'request headers'], rule: 'the copy has the headers after the operations (mirror/after-header-ops)', http: [p.COUNTING_HEADERS, p.MIRROR, p.TO_A], calls: [{ ...p.OK, sent: { 'x-count': 'c' } }],
    seen: { a: [{ headers: { 'x-count': 'c1', 'x-envoy-internal': undefined } }], c: [{ headers: { 'x-count': 'c1', 'x-envoy-internal': 'true', host: 'reviews:9080' } }] } },
  { pair: ['mirror', 'response headers'], rule: 'they work on the request\'s response; the copy\'s is thrown away', http: [p.RESPONSE_HEADERS, p.MIRROR, p.TO_A], services: { c: { headers: { 'x-copy': '1' } } }, calls: [{ ...p.OK, headers: { 'x-rule': 'yes', 'x-copy': undefined } }], seen: { a: [{}], c: [{}] } },
  { pair: ['mirror', 'rewrite'], rule: 'the copy has the new path', http: [p.COUNTING_REWRITE, p.MIRROR, p.TO_A], calls: [{ ...p.OK, path: '/old/1' }], seen: { a: [{ path: '/old/old/1' }], c: [{ path: '/old/old/1', headers: { 'x-envoy-original-path': '/old/1' } }] } },
  { pair: ['mirror', 'cors'], rule: 'preflights are not copied, requests are', http: [p.CORS, p.MIRROR, p.TO_A], calls: [PREFLIGHT, { ...p.OK, atMs: 1, sent: SHOP, headers: ALLOWED }], seen: { a: [{ atMs: 1 }], c: [{ atMs: 1, headers: SHOP }] } },

  { pair: ['weighted split', 'load balancing'], rule: 'each share takes turns of its own', http: ['route: [{destination: {host: reviews}, weight: 50}, {destination: {host: reviews, subset: v2}, weight: 50}]'], policy: [p.ROUND_ROBIN],
    calls: [{ ...p.OK, chance: 0.1, endpoint: 'a' }, { ...p.OK, atMs: 1, chance: 0.9, endpoint: 'b' }, { ...p.OK, atMs: 2, chance: 0.1, endpoint: 'b' }], seen: { a: [{}], b: [{}, {}] }, stats: { 'reviews.upstream_rq_total': 2, 'v2.upstream_rq_total': 1 } },
  { pair: ['weighted split', 'request headers'], rule: 'the share\'s operations run first, so the rule\'s win (headers/two-destinations-rule-wins)', http: ['headers: {request: {set: {x-rule: rule}, remove: [x-gone]}}', split('{request: {set: {x-rule: share, x-own: "1", x-gone: "1"}}}')],
    calls: TWO_SHARES, seen: { a: [{ headers: { 'x-rule': 'rule', 'x-own': '1', 'x-gone': undefined } }], b: [{ headers: { 'x-rule': 'rule', 'x-own': '1' } }] } },
  { pair: ['weighted split', 'response headers'], rule: 'the share\'s operations run first, so the rule\'s win', http: ['headers: {response: {set: {x-rule: rule}, remove: [x-gone]}}', split('{response: {set: {x-rule: share, x-own: "1", x-gone: "1"}}}')],
    calls: TWO_SHARES.map((call) => ({ ...call, headers: { 'x-rule': 'rule', 'x-own': '1', 'x-gone': undefined } })), seen: { a: [{}], b: [{}] } },
  { pair: ['weighted split', 'rewrite'], rule: 'every share gets the new path', http: [p.REWRITE, p.SPLIT], calls: TWO_SHARES.map((call) => ({ ...call, path: '/old/1' })), seen: { a: [{ path: '/new/1' }], b: [{ path: '/new/1' }] } },
  { pair: ['weighted split', 'cors'], rule: 'a preflight goes to no share; every share\'s response tells an allowed origin so', http: [p.CORS, p.SPLIT], calls: [...TWO_SHARES.map((call) => ({ ...call, sent: SHOP, headers: ALLOWED })), { ...PREFLIGHT, atMs: 2 }], seen: { a: [{}], b: [{}] } },
];
