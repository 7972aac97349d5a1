import type { ConnectionFacts } from '../runner/outcome.ts';
import type { TcpOutcome } from '../runner/tcp-caller.ts';
import type { ConnectionTally, Proxies, RecordedConnection } from './observation.ts';
import { tally } from './record-tally.ts';

/** What the mesh told about connections, in the form of a recording. The caller's own proxy is the only one there is. */
export function recordProxies(ended: readonly ConnectionFacts[]): Proxies {
  return { client: ended.map(recordConnection) };
}

function recordConnection({ flags, details, cluster, route, endpoint, sni }: ConnectionFacts): RecordedConnection {
  // A connection has no HTTP status, which Envoy writes as 0.
  return { status: 0, flags, details, cluster, route, to: endpoint, ...(sni !== undefined && { sni }) };
}

/** Several TCP connections; a reply begins with the label of the server that gave it. */
export function recordTcpTally(outcomes: readonly TcpOutcome[], ended: readonly ConnectionFacts[]): ConnectionTally {
  return {
    times: outcomes.length,
    replies: tally(outcomes.map(({ reply, error }) => reply?.split(' ')[0] ?? error ?? '')),
    cluster: clusterTally(ended),
  };
}

function clusterTally(ended: readonly ConnectionFacts[]): ConnectionTally['cluster'] {
  return { client: tally(ended.map(({ cluster }) => String(cluster))) };
}
