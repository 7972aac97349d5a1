import type { Arrival } from '../backend/arrival.ts';
import type { ConnectionFacts } from '../runner/outcome.ts';
import type { TlsOutcome } from '../runner/tls-caller.ts';
import type { ConnectionTally, Proxies, RecordedConnection, TcpObservation, TlsObservation } from './observation.ts';
import { tally } from './record-tally.ts';

/** What proxies told, by name; the caller's own is `client`. */
export type EndedByProxy = ReadonlyMap<string, readonly ConnectionFacts[]>;

/** What proxies told about connections, in the form of a recording. */
export function recordProxies(ended: EndedByProxy): Proxies {
  return Object.fromEntries([...ended].filter(([, entries]) => entries.length > 0).map(([name, entries]) => [name, entries.map(recordConnection)]));
}

/** One entry in a proxy's log. */
export function recordConnection({ status = 0, flags, details, cluster, route, endpoint, sni }: ConnectionFacts): RecordedConnection {
  // A connection has no HTTP status, which Envoy writes as 0.
  return { status, flags, details, cluster, route, to: endpoint, ...(sni !== undefined && { sni }) };
}

/** Several TCP connections; a reply begins with the label of the server that gave it. */
export function recordTcpTally(seen: readonly TcpObservation[], ended: EndedByProxy): ConnectionTally {
  return {
    times: seen.length,
    replies: tally(seen.map(({ reply, error }) => reply?.split(' ')[0] ?? error ?? '')),
    cluster: clusterTally(ended),
  };
}

/** One TLS connection with the GETs that reached a server. */
export function recordTls(outcome: TlsOutcome, arrivals: readonly Arrival[]): TlsObservation {
  const attempts = arrivals.map(({ to, tls = null, path, headers }) => {
    return { to, tls, path, host: headers.find(([name]) => name === 'host')?.[1] ?? '' };
  });
  return { ...outcome, attempts };
}

/** Several TLS connections. */
export function recordTlsTally(seen: readonly TlsObservation[], ended: EndedByProxy): ConnectionTally {
  return {
    times: seen.length,
    status: tally(seen.map(({ status }) => String(status))),
    to: tally(seen.flatMap(({ attempts }) => attempts.map(({ to }) => to))),
    cluster: clusterTally(ended),
  };
}

function clusterTally(ended: EndedByProxy): ConnectionTally['cluster'] {
  const told = [...ended].filter(([, entries]) => entries.length > 0);
  return Object.fromEntries(told.map(([name, entries]) => [name, tally(entries.map(({ cluster }) => String(cluster)))]));
}
