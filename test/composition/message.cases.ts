import type { PairCase } from './pair-case.ts';
import * as p from './policies.ts';

const SHOP = { origin: 'http://shop' };
const ALLOWED = { 'access-control-allow-origin': 'http://shop' };
const PREFLIGHT = { status: 200, flags: '-', details: 'cors_response', attempts: 0, method: 'OPTIONS', sent: { ...SHOP, 'access-control-request-method': 'GET' } } as const;
const TURNS = [{ ...p.OK, endpoint: 'a' }, { ...p.OK, atMs: 1, endpoint: 'b' }, { ...p.OK, atMs: 2, endpoint: 'a' }] as const;

/** Turns, and what changes in a message on its way. */
export const MESSAGE_CASES: readonly PairCase[] = [
  { pair: ['load balancing', 'request headers'], rule: 'a hash is of the header that goes out, after the operations', http: ['headers: {request: {set: {x-user: "%REQ(x-other)%"}}}', p.TO_BOTH],
    policy: ['loadBalancer: {consistentHash: {httpHeaderName: x-user}}'],
    // Two users whose hashes lie on different endpoints, each sent as the other.
    calls: (['b', 'a', 'b', 'a'] as const).map((endpoint, i) => ({ ...p.OK, atMs: i, sent: endpoint === 'b' ? { 'x-user': 'u3', 'x-other': 'u1' } : { 'x-user': 'u1', 'x-other': 'u3' }, endpoint })),
    seen: { a: [{ headers: { 'x-user': 'u3' } }, {}], b: [{ headers: { 'x-user': 'u1' } }, {}] } },
  { pair: ['load balancing', 'response headers'], rule: 'every endpoint\'s response gets the operations', http: [p.RESPONSE_HEADERS, p.TO_BOTH], policy: [p.ROUND_ROBIN], services: { b: { headers: { 'x-secret': '1' } } }, calls: TURNS.map((call) => ({ ...call, headers: { 'x-rule': 'yes', 'x-secret': undefined } })), seen: { a: [{}, {}], b: [{}] } },
  { pair: ['load balancing', 'rewrite'], rule: 'all paths share the turns', http: [p.REWRITE, p.TO_BOTH], policy: [p.ROUND_ROBIN], calls: TURNS.map((call, i) => ({ ...call, path: `/old/${i}` })), seen: { a: [{ path: '/new/0' }, { path: '/new/2' }], b: [{ path: '/new/1' }] } },
  { pair: ['load balancing', 'cors'], rule: 'a preflight takes no turn', http: [p.CORS, p.TO_BOTH], policy: [p.ROUND_ROBIN], calls: [TURNS[0], { ...PREFLIGHT, atMs: 1 }, { ...TURNS[1], atMs: 2, sent: SHOP, headers: ALLOWED }], seen: { a: [{}], b: [{}] } },

  { pair: ['request headers', 'response headers'], rule: 'response values see the request as it was sent on (headers/variables)',
    http: ['headers: {request: {set: {x-rule: "yes"}, remove: [x-secret]}, response: {set: {x-saw: "%REQ(x-rule)%", x-told: "%REQ(x-secret)%"}}}', p.TO_A],
    calls: [{ ...p.OK, sent: { 'x-secret': '1' }, headers: { 'x-saw': 'yes', 'x-told': undefined } }], seen: { a: [{ headers: { 'x-rule': 'yes', 'x-secret': undefined } }] } },
  { pair: ['request headers', 'rewrite'], rule: 'operations see the path before it is rewritten', http: [p.REWRITE, 'headers: {request: {set: {x-path: "%REQ(:path)%"}}}', p.TO_A],
    calls: [{ ...p.OK, path: '/old/1?q=1' }], seen: { a: [{ path: '/new/1?q=1', headers: { 'x-path': '/old/1?q=1', 'x-envoy-original-path': '/old/1?q=1' } }] } },
  { pair: ['request headers', 'cors'], rule: 'the origin is judged before the operations', http: [p.CORS, 'headers: {request: {remove: [origin]}}', p.TO_A], calls: [{ ...p.OK, sent: SHOP, headers: ALLOWED }], seen: { a: [{ headers: { origin: undefined } }] } },
  { pair: ['response headers', 'rewrite'], rule: 'response values see the path that was sent on', http: [p.REWRITE, 'headers: {response: {set: {x-path: "%REQ(:path)%"}}}', p.TO_A], calls: [{ ...p.OK, path: '/old/1', headers: { 'x-path': '/new/1' } }], seen: { a: [{ path: '/new/1' }] } },
  { pair: ['response headers', 'cors'], rule: 'CORS comes after them; preflights get none', http: [p.CORS, 'headers: {response: {set: {access-control-allow-origin: "*", x-rule: "yes"}}}', p.TO_A],
    calls: [{ ...p.OK, sent: SHOP, headers: { ...ALLOWED, 'x-rule': 'yes' } }, { ...p.OK, atMs: 1, sent: { origin: 'http://other' }, headers: { 'access-control-allow-origin': '*' } }, { ...PREFLIGHT, atMs: 2, headers: { ...ALLOWED, 'x-rule': undefined } }], seen: { a: [{}, {}] } },
  { pair: ['rewrite', 'cors'], rule: 'preflights are matched by the path they ask for and go nowhere', http: [p.REWRITE, p.CORS, p.TO_A],
    calls: [{ ...PREFLIGHT, path: '/old/1', headers: { ...ALLOWED, 'access-control-allow-methods': 'GET' } }, { ...p.OK, atMs: 1, path: '/old/1', sent: SHOP, headers: ALLOWED }, { atMs: 2, status: 404, flags: 'NR', details: 'route_not_found', attempts: 0, path: '/new/1', sent: SHOP, headers: { 'access-control-allow-origin': undefined } }],
    seen: { a: [{ path: '/new/1' }] } },
];
