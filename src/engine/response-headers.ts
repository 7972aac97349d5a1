import type { ResponseHeaders } from './local-reply.ts';

/** What of a repeated header counts. */
export function firstValue(headers: ResponseHeaders, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/** Only an upstream's response gets them, and before the route's operations. Source: Envoy `Filter::onUpstreamHeaders`. */
export function addCookies(headers: ResponseHeaders, lines: readonly string[]): void {
  if (lines.length > 0) headers['set-cookie'] = [headers['set-cookie'] ?? [], lines].flat();
}
