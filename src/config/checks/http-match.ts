import type { HttpMatchSpec, StringMatchSpec } from '../istio-types.ts';
import type { Cursor } from './cursor.ts';
import { isDnsLabel, isHeaderName } from './names.ts';
import { checkPortIfSet, checkRegex } from './primitives.ts';

const PSEUDO_HEADERS = [':method', ':scheme', ':authority', ':path', ':status'];
const CLAIM = /^@request\.auth\.claims[.[]/;

/** Source: istio `validateHTTPRouteMatchRequest`. */
export function checkHttpMatch(match: HttpMatchSpec, at: Cursor): void {
  if (match.uri !== undefined) checkStringMatch(match.uri, at.to('uri'), true);
  for (const field of ['scheme', 'method', 'authority'] as const) {
    const matcher = match[field];
    if (matcher !== undefined) checkStringMatch(matcher, at.to(field));
  }
  for (const [name, matcher] of Object.entries(match.headers ?? {})) {
    checkHeaderKey(name, at.to('headers', name));
    checkStringMatch(matcher, at.to('headers', name));
  }
  for (const [name, matcher] of Object.entries(match.withoutHeaders ?? {})) {
    checkHeaderKey(name, at.to('withoutHeaders', name));
    // Istio's old way to say "present"; it passes here only.
    if (matcher?.regex !== '*') checkStringMatch(matcher, at.to('withoutHeaders', name));
  }
  for (const [name, matcher] of Object.entries(match.queryParams ?? {})) {
    checkStringMatch(matcher, at.to('queryParams', name));
  }
  checkPortIfSet(match.port ?? 0, at.to('port'));
  const { sourceNamespace = '' } = match;
  if (sourceNamespace !== '' && !isDnsLabel(sourceNamespace)) {
    at.to('sourceNamespace').invalid('must be the name of a namespace');
  }
}

/** One of `exact`, `prefix`, `regex`; an empty matcher means presence. An empty prefix is allowed for paths only. */
export function checkStringMatch(matcher: StringMatchSpec | null, at: Cursor, emptyPrefixAllowed = false): void {
  if (matcher === null) return;
  const given = Object.keys(matcher);
  if (given.length > 1) at.onApply?.conflict(`must have one of exact, prefix and regex, got ${given.join(' and ')}`);
  if (matcher.prefix === '' && !emptyPrefixAllowed) {
    at.to('prefix').invalid('must be a prefix, not empty', 'write {} to match whenever it is present');
  }
  if (matcher.regex !== undefined) checkRegex(matcher.regex, at.to('regex'));
}

/** Whether a header key names a claim of a JWT, which only gateways see. */
export function isClaim(name: string): boolean {
  return CLAIM.test(name);
}

function checkHeaderKey(name: string, at: Cursor): void {
  if (!isHeaderName(name) && !isClaim(name) && !PSEUDO_HEADERS.includes(name)) {
    at.error('ERR_INVALID_VALUE', `must be a header name, got ${JSON.stringify(name)}`);
  }
}
