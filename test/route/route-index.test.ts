import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RouteMatch, StringMatch } from '../../src/route/model.ts';
import { withoutQuery } from '../../src/route/path.ts';
import { Route } from '../../src/route/route.ts';
import { RouteIndex } from '../../src/route/route-index.ts';
import { VirtualHost } from '../../src/route/virtual-host.ts';
import { head, lines, route, virtualHost } from './support.ts';

const path = fc.constantFrom('/', '/a', '/ab', '/a/b', '/A', '/abc', '/b', '', '/a/b/c');
const value = fc.constantFrom('1', '2', '');
const name = fc.constantFrom('x', 'y', 'host', ':method');
const uri = fc.oneof(
  fc.record({ exact: path }),
  fc.record({ prefix: path }),
  fc.constantFrom<StringMatch>({ regex: '/a.*' }, { regex: '/(a|b)' }, { regex: '.*' }),
);
const valueMatch = fc.oneof(fc.record({ exact: value }), fc.record({ prefix: value }), fc.constant<StringMatch>({}));
const match: fc.Arbitrary<RouteMatch> = fc.record(
  {
    uri,
    ignoreUriCase: fc.boolean(),
    headers: fc.dictionary(name, valueMatch, { maxKeys: 2 }),
    withoutHeaders: fc.dictionary(name, valueMatch, { maxKeys: 1 }),
    queryParams: fc.dictionary(fc.constant('q'), valueMatch, { maxKeys: 1 }),
  },
  { requiredKeys: [] },
);
const request = fc
  .record({ authority: fc.constantFrom('1', 'reviews'), path, query: fc.constantFrom('', '?q', '?q=1'), headers: fc.dictionary(fc.constantFrom('x', 'y', 'z'), fc.array(value, { maxLength: 3 })) })
  .map(({ authority, path: plain, query, headers }) => head({ authority, path: plain + query, headers: lines(headers) }));

describe('RouteIndex', () => {
  it('finds what a walk through the list finds', () => {
    fc.assert(
      fc.property(fc.array(match, { maxLength: 40 }), fc.array(request, { minLength: 1, maxLength: 5 }), (matches, requests) => {
        const routes = matches.map((each, i) => new Route(route(`r${i}`, each)));
        const index = new RouteIndex(routes);
        for (const each of requests) {
          expect(index.match(each, withoutQuery(each.path))?.name).toBe(routes.find((candidate) => candidate.matches(each))?.name);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('serves a long list through its virtual host', () => {
    const host = new VirtualHost(
      virtualHost('many', [
        ...Array.from({ length: 500 }, (_, i) => route(`exact-${i}`, { uri: { exact: `/items/${i}` } })),
        ...Array.from({ length: 500 }, (_, i) => route(`user-${i}`, { uri: { prefix: '/' }, headers: { user: { exact: `u${i}` } } })),
        ...Array.from({ length: 500 }, (_, i) => route(`prefix-${i}`, { uri: { prefix: `/svc${i}/` } })),
        route('regex', { uri: { regex: '/r[0-9]+' } }),
        route('rest'),
        route('never', { uri: { exact: '/never' } }),
      ]),
    );

    const named = (at: string, headers: string[] = []): string | undefined => host.match(head({ path: at, headers }))?.name;
    expect(named('/items/77?x')).toBe('exact-77');
    expect(named('/items/77', ['user', 'u3'])).toBe('exact-77');
    expect(named('/svc12/x', ['user', 'u3'])).toBe('user-3');
    expect(named('/svc12/x', ['user', 'nobody'])).toBe('prefix-12');
    expect(named('/svc12')).toBe('rest');
    expect(named('/r12')).toBe('regex');
    expect(named('/never')).toBe('rest');
  });
});
