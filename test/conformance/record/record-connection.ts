import type { Arrival } from '../backend/arrival.ts';
import type { ConnectionFacts } from '../runner/outcome.ts';
import type { TlsOutcome } from '../runner/tls-caller.ts';
import type { ConnectionTally, Proxies, RecordedConnection, TcpObservation, TlsObservation } from './observation.ts';
import { tally } from './record-tally.ts';

/** What the mesh told about connections, in the form of a recording: by proxy, of which the caller's own is the only one. */
export function recordProxies(ended: readonly ConnectionFacts[]): Proxies {
  return ended.length === 0 ? {} : { client: ended.map(recordConnection) };
}

function recordConnection({ flags, details, cluster, route, endpoint, sni }: ConnectionFacts): RecordedConnection {
  // A connection has no HTTP status, which Envoy writes as 0.
  return { status: 0, flags, details, cluster, route, to: endpoint, ...(sni !== undefined && { sni }) };
}

/** Several TCP connections; a reply begins with the label of the server that gave it. */
export function recordTcpTally(seen: readonly TcpObservation[], ended: readonly ConnectionFacts[]): ConnectionTally {
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
export function recordTlsTally(seen: readonly TlsObservation[], ended: readonly ConnectionFacts[]): ConnectionTally {
  return {
    times: seen.length,
    status: tally(seen.map(({ status }) => String(status))),
    to: tally(seen.flatMap(({ attempts }) => attempts.map(({ to }) => to))),
    cluster: clusterTally(ended),
  };
}

function clusterTally(ended: readonly ConnectionFacts[]): ConnectionTally['cluster'] {
  return ended.length === 0 ? {} : { client: tally(ended.map(({ cluster }) => String(cluster))) };
}
