import { compileRegex } from '../../../route/regex.ts';
import type { HttpMatchSpec, StringMatchSpec } from '../../istio-types.ts';

/**
 * Whether every request that fits `later` fits `earlier` too. `false` also means: can't be told. `gateways` are those of the
 * rule's VirtualService, which count where a match names none.
 */
export function matchCovers(earlier: HttpMatchSpec, later: HttpMatchSpec, gateways: readonly string[]): boolean {
  return (
    uriCovers(earlier, later) &&
    (['scheme', 'method', 'authority'] as const).every((field) => valueCovers(earlier[field], later[field])) &&
    namedCover(lowerCased(earlier.headers), lowerCased(later.headers), valueCovers) &&
    namedCover(Object.entries(earlier.queryParams ?? {}), Object.entries(later.queryParams ?? {}), valueCovers) &&
    namedCover(lowerCased(earlier.withoutHeaders), lowerCased(later.withoutHeaders), isSameValue) &&
    isAtLeast(earlier.port === 0 ? undefined : earlier.port, later.port) &&
    callersCover(earlier, later, gateways)
  );
}

/** A condition on something with a name. */
type Condition = readonly [string, StringMatchSpec | null];
type Comparison = (earlier: StringMatchSpec | null, later: StringMatchSpec | null) => boolean;

/** Where gateways are named, nothing else of the caller counts. */
function callersCover(earlier: HttpMatchSpec, later: HttpMatchSpec, gateways: readonly string[]): boolean {
  const named = later.gateways ?? [];
  if (earlier.gateways !== undefined && earlier.gateways.length > 0) {
    return (named.length > 0 ? named : gateways).every((gateway) => earlier.gateways?.includes(gateway));
  }
  const { sourceNamespace, sourceLabels = {} }: HttpMatchSpec = named.length > 0 ? {} : later;
  return (
    isAtLeast(earlier.sourceNamespace === '' ? undefined : earlier.sourceNamespace, sourceNamespace) &&
    Object.entries(earlier.sourceLabels ?? {}).every(([name, value]) => sourceLabels[name] === value)
  );
}

function isAtLeast<Value>(earlier: Value | undefined, later: Value | undefined): boolean {
  return earlier === undefined || earlier === later;
}

function uriCovers(earlier: HttpMatchSpec, later: HttpMatchSpec): boolean {
  const { uri } = earlier;
  // Every path starts with a slash.
  if (uri?.prefix === '/' && Object.keys(uri).length === 1) return true;
  if (earlier.ignoreUriCase === true && uri?.regex === undefined) return valueCovers(inLowerCase(uri), inLowerCase(later.uri));
  const anyCase = later.ignoreUriCase === true && later.uri?.regex === undefined;
  return !(anyCase && hasCase(uri)) && valueCovers(uri, later.uri);
}

/** Whether it may be that other letters fit less. A regular expression looks at the case, whatever is said. */
function hasCase({ exact = '', prefix = '', regex = '.*' }: StringMatchSpec = {}): boolean {
  return regex !== '.*' || /[a-z]/i.test(exact + prefix);
}

function inLowerCase(matcher: StringMatchSpec | undefined): StringMatchSpec | undefined {
  if (matcher === undefined || matcher.regex !== undefined) return matcher;
  return Object.fromEntries(Object.entries(matcher).map(([key, value]) => [key, String(value).toLowerCase()]));
}

/** Whether `earlier` takes every value that `later` takes; without a condition all are taken. */
function valueCovers(earlier: StringMatchSpec | null | undefined, later: StringMatchSpec | null | undefined): boolean {
  const wanted = onlyCondition(earlier);
  if (wanted === undefined) return false;
  if (wanted === null) return true;
  const given = onlyCondition(later);
  if (wanted.is === 'regex' && wanted.text === '.*') return true;
  if (given === undefined || given === null) return wanted.is === 'prefix' && wanted.text === '';
  if (wanted.is === given.is && wanted.text === given.text) return true;
  if (wanted.is === 'prefix') return given.is !== 'regex' && given.text.startsWith(wanted.text);
  return wanted.is === 'regex' && given.is === 'exact' && fits(wanted.text, given.text);
}

function fits(pattern: string, text: string): boolean {
  try {
    return compileRegex(pattern).matches(text);
  } catch {
    return false;
  }
}

/** The one condition of a matcher; `null`: none; `undefined`: several, of which the proxy takes one. */
function onlyCondition(matcher: StringMatchSpec | null | undefined): { is: 'exact' | 'prefix' | 'regex'; text: string } | null | undefined {
  const entries = Object.entries(matcher ?? {}) as ['exact' | 'prefix' | 'regex', string][];
  if (entries.length > 1) return undefined;
  const [first] = entries;
  return first === undefined ? null : { is: first[0], text: first[1] };
}

/** Each condition of `earlier` asks for presence, unlike one on the method or the path: so `later` needs one by that name. */
function namedCover(earlier: readonly Condition[], later: readonly Condition[], covers: Comparison): boolean {
  return earlier.every(([name, matcher]) => later.some(([other, given]) => other === name && covers(matcher, given)));
}

/** For what must not be there. */
function isSameValue(earlier: StringMatchSpec | null, later: StringMatchSpec | null): boolean {
  const [wanted, given] = [onlyCondition(earlier), onlyCondition(later)];
  return wanted !== undefined && given !== undefined && wanted?.is === given?.is && wanted?.text === given?.text;
}

/** `x-a` and `X-A` are two conditions on one header. */
function lowerCased(conditions: Readonly<Record<string, StringMatchSpec | null>> = {}): Condition[] {
  return Object.entries(conditions).map(([name, matcher]) => [name.toLowerCase(), matcher]);
}
