import type { Call, PairCase, RefusedPair } from './pair-case.ts';
import * as p from './policies.ts';

type Reply = 'redirect' | 'direct response';

/** What answers by itself: with which part of a rule, and what calls come to. */
const REPLIES: readonly (readonly [Reply, string, Call])[] = [
  ['redirect', 'redirect: {uri: /elsewhere}', { status: 301, flags: '-', details: 'direct_response', attempts: 0, body: '', endsAtMs: 0, headers: { location: 'http://reviews:9080/elsewhere' } }],
  // An answer that retries and outlier detection would care about, did it come from an endpoint.
  ['direct response', 'directResponse: {status: 503, body: {string: mine}}', { status: 503, flags: '-', details: 'direct_response', attempts: 0, body: 'mine', endsAtMs: 0, headers: { 'content-type': 'text/plain' } }],
];

/** A policy beside such a rule: why it can't matter, or what of it shows. */
interface Beside {
  readonly rule: string;
  readonly http?: string;
  readonly policy?: string;
  readonly call?: Partial<Call>;
  readonly headers?: Readonly<Record<string, string | undefined>>;
}

const BESIDE: Partial<Record<p.Policy, Beside>> = {
  'route timeout': { rule: 'there is nothing to wait for', http: 'timeout: 1ms' },
  'per-try timeout': { rule: 'there is no try', http: 'retries: {attempts: 2, perTryTimeout: 1ms, retryOn: 5xx}' },
  retries: { rule: 'there is nothing to try again', http: p.RETRIES },
  'pending limit': { rule: 'nobody waits for a connection', policy: p.PENDING_LIMIT },
  'connection limit': { rule: 'no connection is made', policy: p.CONNECTION_LIMIT },
  'request limit': { rule: 'no request is active', policy: p.REQUEST_LIMIT },
  'retry limit': { rule: 'no retry is made', http: p.RETRIES, policy: p.RETRY_LIMIT },
  'outlier detection': { rule: 'nobody is to blame', policy: p.OUTLIER },
  mirror: { rule: 'nothing is forwarded, nothing is copied (§12)', http: p.MIRROR },
  'load balancing': { rule: 'no turn is taken', policy: p.ROUND_ROBIN },
  'request headers': { rule: 'there is no request to change, nor does it change the answer', http: 'headers: {request: {set: {host: other, x-rule: "yes"}}}', headers: { 'x-rule': undefined } },
  'response headers': { rule: 'the answer gets the operations (§4)', http: p.RESPONSE_HEADERS, headers: { 'x-rule': 'yes' } },
  cors: { rule: 'CORS is skipped, for preflights too (§4)', http: p.CORS, call: { method: 'OPTIONS', sent: { origin: 'http://shop', 'access-control-request-method': 'GET' } }, headers: { 'access-control-allow-origin': undefined, 'access-control-allow-methods': undefined } },
};

const NOTHING = Object.fromEntries(
  ['upstream_rq_total', 'upstream_cx_total', 'upstream_rq_pending_total', 'upstream_rq_retry', 'upstream_rq_timeout', 'outlier_detection.ejections_enforced_total'].flatMap((name) => [[`reviews.${name}`, 0], [`copies.${name}`, 0]]),
);

/** Answers that never go upstream: nothing of a cluster moves. */
export const REPLY_CASES: readonly PairCase[] = REPLIES.flatMap(([reply, action, comesTo]) =>
  (Object.keys(BESIDE) as (keyof typeof BESIDE)[]).map((other): PairCase => {
    const { rule, http, policy, call, headers } = BESIDE[other]!;
    const one: Call = { ...comesTo, ...call, headers: { ...comesTo.headers, ...headers } };
    return {
      pair: p.POLICIES.indexOf(other) < p.POLICIES.indexOf(reply) ? [other, reply] : [reply, other],
      rule, http: http === undefined ? [action] : [action, http], policy: policy === undefined ? [] : [policy], calls: [one, one, one], seen: {}, stats: NOTHING,
    };
  }),
);

const EXCLUDED: Partial<Record<p.Policy, string>> = { 'fault delay': p.DELAY, 'fault abort': p.ABORT, 'weighted split': p.SPLIT, rewrite: 'rewrite: {uri: /new}' };

/** Istio refuses these in one rule (§4, conflicts). */
export const REFUSED_PAIRS: readonly RefusedPair[] = [
  ...REPLIES.flatMap(([reply, action]) =>
    (Object.keys(EXCLUDED) as (keyof typeof EXCLUDED)[]).map((other): RefusedPair => ({ pair: [other, reply], refused: 'an answer of the mesh itself excludes it (§4)', http: [action, EXCLUDED[other]!] })),
  ),
  { pair: ['redirect', 'direct response'], refused: 'there can be only one answer (§4)', http: REPLIES.map(([, action]) => action) },
];
