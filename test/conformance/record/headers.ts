import type { RecordedHeaders } from './observation.ts';

// What differs from one HTTP library to the next, and what carries the plan.
const TRANSPORT = new Set([
  'accept-encoding', 'connection', 'content-encoding', 'content-length', 'date', 'host', 'keep-alive', 'proxy-connection',
  'server', 'transfer-encoding', 'user-agent', 'x-call', 'x-envoy-upstream-service-time', 'x-plan', 'x-request-id',
]);

// The recording proxies had no tracer.
const TRACE = /^(b3|traceparent|tracestate|x-b3-.*)$/;

/** Whether recordings leave a header out. */
export function isLeftOut(name: string): boolean {
  return TRANSPORT.has(name) || TRACE.test(name);
}

/**
 * Header lines in the form of a recording. `proxyIp` is the mesh's own address, which recordings write as `<proxy ip>`.
 */
export function recordHeaders(lines: Iterable<readonly [string, string]>, proxyIp?: string): RecordedHeaders {
  const values = new Map<string, string[]>();
  for (const [name, value] of lines) {
    const lower = name.toLowerCase();
    if (isLeftOut(lower)) continue;
    const shown = lower === 'x-forwarded-for' && proxyIp !== undefined ? value.replaceAll(proxyIp, '<proxy ip>') : value;
    values.set(lower, [...(values.get(lower) ?? []), shown]);
  }
  return Object.fromEntries(
    [...values]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, all]) => [name, name === 'set-cookie' ? all : all.join(name === 'cookie' ? '; ' : ', ')]),
  );
}

/** The lines of a header object as undici gives it, lists taken apart. */
export function* headerLines(headers: Readonly<Record<string, string | readonly string[] | undefined>>): Generator<[string, string]> {
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined) continue;
    if (typeof value === 'string') yield [name, value];
    else for (const one of value) yield [name, one];
  }
}
