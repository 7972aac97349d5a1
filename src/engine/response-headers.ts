import { isJoinedInResponses, joinLines } from '../common/joined-headers.ts';
import type { ResponseHeaders } from './local-reply.ts';

/** What of a repeated header counts. */
export function firstValue(headers: ResponseHeaders, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/**
 * Makes one line of those that Envoy keeps one of, and takes away what concerned the connection to the upstream alone.
 *
 * @param upgrade - the protocol that the request wanted to go on with
 *
 * Source: Envoy `HeaderMapImpl::insertByKey`, `ConnectionManagerUtility::mutateResponseHeaders`.
 */
export function settleHeaders(headers: ResponseHeaders, upgrade?: string): void {
  for (const name in headers) {
    const value = headers[name]!;
    if (typeof value !== 'string' && isJoinedInResponses(name)) headers[name] = value.reduce(joinLines);
  }
  if (upgrade === undefined && headers['upgrade'] !== undefined) delete headers['upgrade'];
}

/** Only an upstream's response gets them, and before the route's operations. Source: Envoy `Filter::onUpstreamHeaders`. */
export function addCookies(headers: ResponseHeaders, lines: readonly string[]): void {
  if (lines.length > 0) headers['set-cookie'] = [headers['set-cookie'] ?? [], lines].flat();
}
