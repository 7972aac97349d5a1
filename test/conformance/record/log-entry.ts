import type { ConnectionFacts } from '../runner/outcome.ts';
import { logFields } from './log-line.ts';

/** What a line of a proxy's access log says of a call or a connection. */
export function readLogEntry(line: string): ConnectionFacts {
  const fields = logFields(line).map((field) => (field.startsWith('"') ? field.slice(1, -1) : field));
  const [, , status, flags = '-', details, , , , , , , , , , , endpoint, cluster, , , , sni, route] = fields.map((field) => (field === '-' ? undefined : field));
  return {
    status: Number(status),
    flags,
    details: details ?? null,
    cluster: cluster ?? null,
    route: route ?? null,
    endpoint: endpoint ?? null,
    ...(sni !== undefined && { sni }),
  };
}
