import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matchCovers } from '../../../../src/config/analysis/mesh/match-coverage.ts';
import type { HttpMatchSpec, StringMatchSpec } from '../../../../src/config/istio-types.ts';
import { gatewayName } from '../../../../src/config/routes/gateway-name.ts';
import { routeMatch, whyNotForCaller } from '../../../../src/config/routes/route-match.ts';
import type { RequestHead } from '../../../../src/route/model.ts';
import { RequestMatcher } from '../../../../src/route/request-matcher.ts';

/** A request, and who sends it. */
interface Call extends RequestHead {
  readonly gateway: string;
  readonly labels: Record<string, string>;
  readonly namespace: string;
}

const GATEWAYS = ['mesh', 'edge'];

// Few values, so that conditions often have to do with each other.
const texts = (all: readonly string[]): fc.Arbitrary<string> => fc.constantFrom(...all);
const VALUES = ['a', 'A', 'ab', 'b', ''];
const PATHS = ['/', '/a', '/A', '/a/b', '/ab'];

function matcher(all: readonly string[]): fc.Arbitrary<StringMatchSpec> {
  return fc.oneof(
    texts(all).map((exact) => ({ exact })),
    texts(all).map((prefix) => ({ prefix })),
    fc.constantFrom('.*', '/a.*', '[a-z]+', 'a|ab', 'A.?').map((regex) => ({ regex })),
  );
}

function named(names: readonly string[]): fc.Arbitrary<Record<string, StringMatchSpec | null>> {
  return fc.dictionary(texts(names), fc.oneof(matcher(VALUES), fc.constant({}), fc.constant(null)), { maxKeys: 2 });
}

const labels = fc.dictionary(texts(['app', 'version']), texts(['a', 'b']), { maxKeys: 2 });

const FIELDS: { readonly [Key in keyof HttpMatchSpec]: fc.Arbitrary<HttpMatchSpec[Key]> } = {
  uri: matcher(PATHS),
  ignoreUriCase: fc.boolean(),
  method: matcher(['GET', 'POST', 'G']),
  authority: matcher(['api', 'api:80']),
  headers: named(['x', 'X', 'y']),
  withoutHeaders: named(['x', 'y']),
  queryParams: named(['q', 'Q']),
  port: fc.constantFrom(0, 80, 81),
  sourceLabels: labels,
  sourceNamespace: texts(['', 'shop', 'other']),
  gateways: fc.subarray(GATEWAYS),
};

/** Two matches with conditions on the same things, of which there are few; the second may have the first's. */
const pairs = fc.subarray(Object.keys(FIELDS) as (keyof typeof FIELDS)[], { minLength: 1, maxLength: 3 }).chain((keys) => {
  const fields = fc.record(Object.fromEntries(keys.map((key) => [key, FIELDS[key]!])), { requiredKeys: [] });
  return fc.tuple(fields, fields, fc.boolean()).map(([one, other, isLonger]): [HttpMatchSpec, HttpMatchSpec] => [one, isLonger ? { ...one, ...other } : other]);
});

const call: fc.Arbitrary<Call> = fc
  .record({
    method: texts(['GET', 'POST', 'PUT']),
    path: fc.tuple(texts(PATHS), fc.constantFrom('', '?q=a', '?Q=ab&q=b', '?q')).map((parts) => parts.join('')),
    authority: texts(['api', 'api:80']),
    port: texts(['80', '81']).map(Number),
    headers: fc.dictionary(texts(['x', 'y']), texts(VALUES), { maxKeys: 2 }),
    gateway: texts(GATEWAYS),
    labels,
    namespace: texts(['shop', 'other']),
  })
  .map(({ headers, ...others }) => ({ ...others, scheme: 'http', headers: Object.entries(headers).flat() }));

function takes(spec: HttpMatchSpec, one: Call): boolean {
  const caller = { labels: one.labels, namespace: one.namespace };
  const isForCaller = whyNotForCaller(spec, 'shop', { caller, port: one.port, gateway: gatewayName(one.gateway, 'shop') }) === undefined;
  return isForCaller && new RequestMatcher(routeMatch(spec)).matches(one, one.path.split('?', 1)[0]!);
}

describe('matchCovers', () => {
  it('never says so of a match that a call does not fit which the other fits', () => {
    let covered = 0;
    fc.assert(
      fc.property(pairs, fc.array(call, { minLength: 20, maxLength: 20 }), ([earlier, later], calls) => {
        if (!matchCovers(earlier, later, GATEWAYS)) return;
        covered += 1;
        expect(calls.filter((one) => takes(later, one) && !takes(earlier, one))).toEqual([]);
      }),
      { numRuns: 3000 },
    );
    expect(covered).toBeGreaterThan(300);
  });

  it('says so of every match and itself', () => {
    fc.assert(
      fc.property(pairs, ([one]) => {
        expect(matchCovers(one, one, GATEWAYS)).toBe(true);
      }),
      { numRuns: 3000 },
    );
  });
});
