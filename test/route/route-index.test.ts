import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import type { RequestHead, RouteMatch, RouteSpec, StringMatch } from '../../src/route/model.ts';
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
          expect(index.match(each)?.name).toBe(routes.find((candidate) => candidate.matches(each))?.name);
        }
      }),
      { numRuns: 1000 },
    );
  });

  describe('tries few', () => {
    /** The names of the routes whose conditions were looked at. */
    function tried(routes: readonly RouteSpec[], about: Partial<RequestHead>): string[] {
      const compiled = routes.map((spec) => new Route(spec));
      const index = new RouteIndex(compiled);
      const names: string[] = [];
      for (const { matcher, name } of compiled) {
        const matches = matcher.matches.bind(matcher);
        vi.spyOn(matcher, 'matches').mockImplementation((...given) => {
          names.push(name!);
          return matches(...given);
        });
        // Where the index has found the path, the rest alone is looked at.
        const matchesBesidesUri = matcher.matchesBesidesUri.bind(matcher);
        vi.spyOn(matcher, 'matchesBesidesUri').mockImplementation((given) => {
          if (names.at(-1) !== name) names.push(name!);
          return matchesBesidesUri(given);
        });
      }
      index.match(head(about));
      return names;
    }

    const several = (count: number, name: string, make: (i: number) => RouteMatch): RouteSpec[] => Array.from({ length: count }, (_, i) => route(`${name}-${i}`, make(i)));

    it.each<[string, RouteSpec[], Partial<RequestHead>, string[]]>([
      ['exact paths', several(9, 'r', (i) => ({ uri: { exact: `/${i}` } })), { path: '/7?q' }, ['r-7']],
      ['exact header values', several(9, 'r', (i) => ({ headers: { user: { exact: `u${i}` } } })), { headers: ['other', 'u6', 'user', 'u7'] }, ['r-7']],
      ['prefixes', several(9, 'r', (i) => ({ uri: { prefix: `/${i}/` } })), { path: '/7/x' }, ['r-7']],
      ['one exact path', several(1, 'r', () => ({ uri: { exact: '/a' } })), { path: '/b' }, []],
      ['all others in turn', several(3, 'r', (i) => ({ uri: { regex: `/${i}.+` } })), { path: '/1x' }, ['r-0', 'r-1']],
      // What may match otherwise than to the letter can't be looked up.
      ['paths in any case', several(3, 'r', (i) => ({ uri: { exact: `/${i}` }, ignoreUriCase: true })), { path: '/1' }, ['r-0', 'r-1']],
      ['prefixes of header values', several(3, 'r', (i) => ({ headers: { user: { prefix: `u${i}` } } })), { headers: ['user', 'u1'] }, ['r-0', 'r-1']],
      ['headers that must not be', several(3, 'r', (i) => ({ withoutHeaders: { user: { exact: `u${i}` } } })), { headers: ['user', 'u1'] }, ['r-0']],
      ['pseudo-headers', several(3, 'r', (i) => ({ headers: { ':method': { exact: ['GET', 'PUT', 'POST'][i]! } } })), { method: 'PUT' }, ['r-0', 'r-1']],
    ])('of %s', (_, routes, about, expected) => {
      expect(tried(routes, about)).toEqual(expected);
    });

    // Each list has one route `it`, filed under that of its two conditions which is rarer; the request fits the other one.
    it.each<[string, RouteSpec[], Partial<RequestHead>]>([
      [
        'a shared prefix and a header of its own',
        [route('it', { uri: { prefix: '/api' }, headers: { user: { exact: 'u' } } }), ...several(3, 'r', (i) => ({ uri: { prefix: '/api' }, headers: { user: { exact: `u${i}` } } }))],
        { path: '/api' },
      ],
      [
        'a path of its own and a shared header',
        [route('it', { uri: { exact: '/it' }, headers: { user: { exact: 'u' } } }), ...several(3, 'r', (i) => ({ uri: { exact: `/${i}` }, headers: { user: { exact: 'u' } } }))],
        { path: '/', headers: ['user', 'u'] },
      ],
      [
        'a header whose value is common under another name',
        [
          route('it', { uri: { prefix: '/api' }, headers: { user: { exact: 'yes' } } }),
          ...several(2, 'r', () => ({ uri: { prefix: '/api' } })),
          ...several(5, 's', () => ({ headers: { debug: { exact: 'yes' } } })),
        ],
        { path: '/api' },
      ],
      [
        'a header whose name is common with other values',
        [
          route('it', { uri: { prefix: '/api' }, headers: { user: { exact: 'yes' } } }),
          ...several(2, 'r', () => ({ uri: { prefix: '/api' } })),
          ...several(5, 's', (i) => ({ headers: { user: { exact: `u${i}` } } })),
        ],
        { path: '/api' },
      ],
      [
        'an exact path that is common as a prefix',
        [
          route('it', { uri: { exact: '/api' }, headers: { user: { exact: 'yes' } } }),
          ...several(2, 'r', () => ({ headers: { user: { exact: 'yes' } } })),
          ...several(5, 's', () => ({ uri: { prefix: '/api' } })),
        ],
        { path: '/', headers: ['user', 'yes'] },
      ],
    ])('of %s', (_, routes, about) => {
      expect(tried(routes, about)).not.toContain('it');
    });

    it('once another has matched before', () => {
      const routes = [route('first', { uri: { regex: '/.*' } }), ...several(3, 'r', () => ({ uri: { exact: '/a' }, headers: { x: {} } }))];

      expect(tried(routes, { path: '/a' })).toEqual(['first']);
    });
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
