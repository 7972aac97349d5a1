import type { IncomingHttpHeaders } from 'node:http';

/** A mesh sees single calls; that they belong together it learns only from these, so every service copies them. */
const FORWARDED = [
  'end-user', 'authorization', 'x-request-id', 'x-b3-traceid', 'x-b3-spanid', 'x-b3-parentspanid', 'x-b3-sampled', 'x-b3-flags',
  'traceparent', 'tracestate',
];

export function forwardHeaders(incoming: IncomingHttpHeaders): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const name of FORWARDED) {
    const value = incoming[name];
    if (typeof value === 'string') headers[name] = value;
  }
  return headers;
}
