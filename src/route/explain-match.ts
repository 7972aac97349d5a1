import { isSecretName } from '../common/secrets.ts';
import type { HeaderCondition } from './header-condition.ts';
import { pseudoHeader } from './header-value.ts';
import type { RequestHead } from './model.ts';
import { queryParameter, withoutQuery } from './path.ts';
import type { RequestMatcher } from './request-matcher.ts';
import type { StringMatcher } from './string-matcher.ts';

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
    if (condition !== undefined && !condition.matches(actual)) return mismatch(name, condition, name, [actual]);
  }
  for (const condition of matcher.headers) {
    if (!condition.holds(head)) return headerFailure(condition, head);
  }
  for (const { name, matcher: condition } of matcher.queryParams) {
    const actual = queryParameter(head.path, name);
    if (actual === undefined) return absent(`queryParams.${name}`, condition);
    if (!condition.matches(actual)) return mismatch(`queryParams.${name}`, condition, name, [actual]);
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

function headerFailure(condition: HeaderCondition, head: RequestHead): string {
  const { name, matcher, inverted } = condition;
  const where = `${inverted ? 'withoutHeaders' : 'headers'}.${name}`;
  const actual = linesOf(condition, head);
  if (!inverted) return actual.length === 0 ? absent(where, matcher) : mismatch(where, matcher, name, actual);
  if (actual.length === 0) return `${where}: must not be ${matcher.describe()}, and an absent header counts as ""`;
  if (matcher.kind === 'present') return `${where}: must be absent, but is there`;
  return `${where}: must not be ${matcher.describe()}, but is ${shown(name, actual)}`;
}

function mismatch(where: string, matcher: StringMatcher, name: string, actual: readonly string[]): string {
  return `${where}: ${matcher.describe()} ≠ ${shown(name, actual)}`;
}

function absent(where: string, matcher: StringMatcher): string {
  return matcher.kind === 'present' ? `${where}: must be there, but is absent` : `${where}: ${matcher.describe()}, but it is absent`;
}

function linesOf({ name, isPseudo }: HeaderCondition, head: RequestHead): readonly string[] {
  if (isPseudo) return [pseudoHeader(head, name) ?? []].flat();
  return head.headers.filter((_, i, all) => i % 2 === 1 && all[i - 1] === name);
}

function shown(name: string, actual: readonly string[]): string {
  if (isSecretName(name)) return '<redacted>';
  // A query may hold what its parameters' names would have hidden.
  const open = name === ':path' ? actual.map((path) => path.replace(/\?.+/s, '?…')) : actual;
  return open.map((line) => JSON.stringify(line)).join(' | ');
}
