import { getHeader } from '../common/headers.ts';
import type { HeaderCondition } from './header-condition.ts';
import { isPseudoHeader, pseudoHeader } from './header-value.ts';
import type { RequestHead } from './model.ts';
import { queryParameter, withoutQuery } from './path.ts';
import type { RequestMatcher } from './request-matcher.ts';
import type { StringMatcher } from './string-matcher.ts';

/** Headers and query parameters whose values explanations never show. */
const SECRET = /^(authorization|proxy-authorization|cookie|set-cookie)$|token|secret|passw|api-?key|signature|session/i;

/**
 * The first condition of `matcher` that `head` fails, in words, such as `headers.end-user: exact "jason" ≠ "jim"`;
 * `undefined` when it matches. Conditions are tried in the order in which matching tries them.
 */
export function firstFailure(matcher: RequestMatcher, head: RequestHead): string | undefined {
  const parts: readonly (readonly [string, StringMatcher | undefined, string])[] = [
    ['uri', matcher.uri, withoutQuery(head.path)],
    ['method', matcher.method, head.method],
    ['scheme', matcher.scheme, head.scheme],
    ['authority', matcher.authority, head.authority],
  ];
  for (const [name, condition, actual] of parts) {
    if (condition !== undefined && !condition.matches(actual)) return mismatch(name, condition, actual);
  }
  for (const condition of matcher.headers) {
    if (!condition.holds(head)) return headerFailure(condition, head);
  }
  for (const { name, matcher: condition } of matcher.queryParams) {
    const actual = queryParameter(head.path, name);
    if (actual === undefined) return absent(`queryParams.${name}`, condition);
    if (!condition.matches(actual)) return mismatch(`queryParams.${name}`, condition, actual, name);
  }
  return undefined;
}

/** All conditions of `matcher`, such as `uri prefix "/api"`; empty when it matches every request. */
export function describeConditions(matcher: RequestMatcher): string[] {
  const { uri, method, scheme, authority } = matcher;
  return [
    ...Object.entries({ uri, method, scheme, authority }).flatMap(([name, condition]) =>
      condition === undefined ? [] : [`${name} ${condition.describe()}`],
    ),
    ...matcher.headers.map(({ name, matcher: condition, inverted }) =>
      inverted ? `withoutHeaders.${name} ${condition.describe()}` : `headers.${name} ${condition.describe()}`,
    ),
    ...matcher.queryParams.map(({ name, matcher: condition }) => `queryParams.${name} ${condition.describe()}`),
  ];
}

function headerFailure({ name, matcher, inverted, isPseudo }: HeaderCondition, head: RequestHead): string {
  const where = `${inverted ? 'withoutHeaders' : 'headers'}.${name}`;
  const first = isPseudo ? pseudoHeader(head, name) : getHeader(head.headers, name);
  if (!inverted) return first === undefined ? absent(where, matcher) : mismatch(where, matcher, linesOf(head, name, first), name);
  if (first === undefined) return `${where}: must not be ${matcher.describe()}, and an absent header counts as ""`;
  if (matcher.kind === 'present') return `${where}: must be absent, but is there`;
  return `${where}: must not be ${matcher.describe()}, but is ${shown(name, linesOf(head, name, first))}`;
}

function mismatch(where: string, matcher: StringMatcher, actual: string | readonly string[], name = ''): string {
  return `${where}: ${matcher.describe()} ≠ ${shown(name, actual)}`;
}

function absent(where: string, matcher: StringMatcher): string {
  return matcher.kind === 'present' ? `${where}: must be there, but is absent` : `${where}: ${matcher.describe()}, but it is absent`;
}

function linesOf(head: RequestHead, name: string, first: string): string | readonly string[] {
  if (isPseudoHeader(name)) return first;
  const lines = head.headers.filter((_, i, all) => i % 2 === 1 && all[i - 1] === name);
  return lines.length === 1 ? first : lines;
}

function shown(name: string, actual: string | readonly string[]): string {
  if (SECRET.test(name)) return '<redacted>';
  // A query may hold what its parameters' names would have hidden.
  if (name === ':path' && typeof actual === 'string') return JSON.stringify(actual.replace(/\?.+/s, '?…'));
  return [actual].flat().map((line) => JSON.stringify(line)).join(' | ');
}
