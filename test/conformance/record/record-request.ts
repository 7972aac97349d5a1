import type { Arrival } from '../backend/arrival.ts';
import type { CallRecord } from '../backend/call-book.ts';
import type { MeshFacts, Outcome } from '../runner/outcome.ts';
import { headerLines, recordHeaders } from './headers.ts';
import { recordProxies, type EndedByProxy } from './record-connection.ts';
import type { RecordedAttempt, RecordedHeaders, RequestObservation } from './observation.ts';

/** Longer bodies are recorded by their length. */
const SHOWN_BODY = 1000;

/** The observation of one call. */
export function recordRequest(outcome: Outcome, record: CallRecord, proxyIp: string, hops: RequestObservation['hops'] = {}): RequestObservation {
  const { status, error, rst, informational, facts } = outcome;
  const trailers = recordHeaders(headerLines(outcome.trailers));
  return {
    ...(status !== undefined && { status }),
    ...(error !== undefined && { error }),
    ...(rst !== undefined && { rst }),
    ...(informational.length > 0 && { informational }),
    flags: facts.flags,
    details: facts.details,
    cluster: facts.cluster,
    route: facts.route,
    headers: hideGeneratedCookies(recordHeaders(headerLines(outcome.headers)), outcome.planned),
    ...(Object.keys(trailers).length > 0 && { trailers }),
    ...(isLocalReply(outcome) && { body: outcome.body }),
    elapsedMs: Math.round(outcome.elapsedMs),
    attempts: record.attempts.map((arrival) => recordArrival(arrival, proxyIp)),
    ...(record.mirrored.length > 0 && { mirrored: record.mirrored.map((arrival) => recordArrival(arrival, proxyIp)).sort(byServer) }),
    ...(Object.keys(hops).length > 0 && { hops }),
  };
}

/** What gateways on the way logged for one call, by name. */
export function recordHops(ended: EndedByProxy): NonNullable<RequestObservation['hops']> {
  const hops = Object.entries(recordProxies(ended)).filter(([name]) => name !== 'client');
  return Object.fromEntries(hops.map(([name, entries]) => [name, entries.length === 1 ? entries[0] : entries]));
}

/** What the mesh said about a call of which it said nothing. */
export const NO_FACTS: MeshFacts = Object.freeze({ flags: null, details: null, cluster: null, route: null });

// The body of an upstream is no business of the mesh; of a local reply every letter counts.
function isLocalReply({ status, error, facts }: Outcome): boolean {
  return status !== undefined && error === undefined && facts.details !== null && facts.details !== 'via_upstream';
}

function recordArrival(arrival: Arrival, proxyIp: string): RecordedAttempt {
  const host = arrival.headers.find(([name]) => name === 'host')?.[1] ?? '';
  const { to, http2, tls, method, path, bodyBytes } = arrival;
  const body = bodyBytes > SHOWN_BODY ? `${bodyBytes} bytes` : arrival.body;
  return { to, ...(http2 && { http2 }), ...(tls !== undefined && { tls }), method, path, host, headers: recordHeaders(arrival.headers, proxyIp), ...(body !== '' && { body }) };
}

function byServer(a: RecordedAttempt, b: RecordedAttempt): number {
  return a.to < b.to ? -1 : a.to > b.to ? 1 : 0;
}

// A cookie that no backend was told to set was made up by the mesh; its value is random.
function hideGeneratedCookies(headers: RecordedHeaders, plan: string): RecordedHeaders {
  const cookies = headers['set-cookie'];
  if (cookies === undefined || plan.includes('set-cookie')) return headers;
  const hidden = [cookies].flat().map((cookie) => cookie.replace(/^([^=]+)=("?)[^";]*\2/, '$1=$2<generated>$2'));
  return { ...headers, 'set-cookie': hidden };
}
