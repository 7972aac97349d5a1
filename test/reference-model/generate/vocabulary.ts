import * as fc from 'fast-check';
import type { HeaderOperations, Labels, Metadata, StringMatch } from '../model/resources.ts';

// Few words, so that rules, names and requests meet each other often.

export const NAMESPACES = ['default', 'shop', 'istio-system'] as const;
export const PORTS = [80, 8080] as const;
export const HEADER_NAMES = ['x-a', 'x-b', 'X-A'] as const;
export const HEADER_VALUES = ['v1', 'v2', 'v', '', 'V1'] as const;
export const PATHS = ['/', '/a', '/a/', '/a/b', '/ab', '/b', '/A/B', '/a/b/c', '/b/1'] as const;
/** RE2 and JavaScript read them alike. */
const PATH_REGEXES = ['/a.*', '/[ab]+', '/a(/b)?', '/b/[0-9]+', '.*', '/(a|ab)/?', '/A/.*'] as const;
const VALUE_REGEXES = ['v[12]', '.*', 'v?', '[a-z]+', 'v1|v2'] as const;

export const SUBSETS = ['v1', 'v2', 'none', 'all'] as const;

/** Present as often as absent with a weight of 2, less often with less. */
export function maybe<T>(arbitrary: fc.Arbitrary<T>, weight = 2): fc.Arbitrary<T | undefined> {
  return fc.oneof({ weight: 20, arbitrary: fc.constant(undefined) }, { weight: Math.round(weight * 10), arbitrary });
}

export function oneOf<T>(values: readonly T[]): fc.Arbitrary<T> {
  return fc.constantFrom(...values);
}

/** What is `undefined` is left out, as it would be in YAML. */
export function compact<T>(value: T): T {
  if (Array.isArray(value)) return value.map((entry: unknown) => compact(entry)) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, entry]) => entry !== undefined)
      .map(([key, entry]) => [key, compact<unknown>(entry)]),
  ) as T;
}

export const namespace = fc.oneof({ weight: 5, arbitrary: fc.constant('default') }, { weight: 4, arbitrary: fc.constant('shop') }, { weight: 1, arbitrary: fc.constant('istio-system') });

/** Some of the same age, some without any. */
export const metadata: fc.Arbitrary<Omit<Metadata, 'name'>> = fc.record({
  namespace: namespace.map((name) => (name === 'default' ? undefined : name)),
  creationTimestamp: maybe(oneOf(['2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z', '2026-01-03T00:00:00Z']), 3),
});

export const labels = oneOf<Labels>([{}, { app: 'web' }, { app: 'web', version: 'v1' }, { app: 'job' }]);

export const selector = oneOf<Labels>([{ app: 'web' }, { version: 'v1' }, { app: 'job' }]);

export const exportTo = maybe(oneOf<readonly string[]>([['*'], ['.'], ['shop'], ['default'], ['default', 'shop'], ['.', 'other']]), 1);

export const uriMatch: fc.Arbitrary<StringMatch> = fc.oneof(
  { weight: 3, arbitrary: oneOf(PATHS).map((exact) => ({ exact })) },
  { weight: 4, arbitrary: oneOf([...PATHS, '']).map((prefix) => ({ prefix })) },
  { weight: 2, arbitrary: oneOf(PATH_REGEXES).map((regex) => ({ regex })) },
);

export const valueMatch: fc.Arbitrary<StringMatch> = fc.oneof(
  { weight: 3, arbitrary: oneOf(HEADER_VALUES).map((exact) => ({ exact })) },
  { weight: 2, arbitrary: oneOf(['v', 'v1', 'V']).map((prefix) => ({ prefix })) },
  { weight: 2, arbitrary: oneOf(VALUE_REGEXES).map((regex) => ({ regex })) },
  { weight: 1, arbitrary: fc.constant({}) },
);

export function wordMatch(words: readonly string[]): fc.Arbitrary<StringMatch> {
  return fc.oneof(
    { weight: 3, arbitrary: oneOf(words).map((exact) => ({ exact })) },
    { weight: 2, arbitrary: oneOf(words).map((word) => ({ prefix: word.slice(0, 2) })) },
    { weight: 1, arbitrary: oneOf(words).map((word) => ({ regex: `${word}|X.*` })) },
  );
}

// Adding to a header that Envoy keeps in one line is another matter, which the semantics page does not tell.
function operations(names: readonly string[], single: readonly string[], values: readonly string[]): fc.Arbitrary<HeaderOperations> {
  const entries = (from: readonly string[]): fc.Arbitrary<Record<string, string>> => fc.dictionary(oneOf(from), oneOf(values), { maxKeys: 3, noNullPrototype: true });
  return fc.record({ set: maybe(entries([...names, ...single]), 3), add: maybe(entries(names), 2), remove: maybe(fc.uniqueArray(oneOf([...names, ...single]), { minLength: 1, maxLength: 2 }), 2) });
}

const REQUEST_VALUES = ['r1', 'r2', '', '100%%', '%REQ(x-a)%', '[%REQ(x-b)%]', '%REQ(x-none?X-A)%', '%REQ(:path)%', '%REQ(:authority)% %REQ(:method)%', '%PROTOCOL%', '%REQ(x-none)%'];
const RESPONSE_VALUES = [...REQUEST_VALUES, '%RESP(x-up)%', '%RESP(x-none?x-a)%', '%RESPONSE_CODE%', '%REQ(x-envoy-original-path)%'];

export const requestOperations = operations(['x-a', 'X-B', 'x-c'], ['x-forwarded-proto', 'x-envoy-attempt-count'], REQUEST_VALUES);
export const responseOperations = operations(['x-a', 'x-up', 'X-Up', 'x-c'], ['content-type', 'access-control-allow-origin'], RESPONSE_VALUES);
