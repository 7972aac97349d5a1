import { describe, expect, it } from 'vitest';
import { checkRegexRewrite, RegexRewrite } from '../../src/route/regex-rewrite.ts';
import { Rewrite } from '../../src/route/rewrite.ts';
import type { RewriteOptions, RouteMatch } from '../../src/route/model.ts';
import { head } from './support.ts';

function rewritten(options: RewriteOptions, path: string, match: RouteMatch = {}): { path: string; authority: string; headers: string[] } {
  const request = head({ path });
  expect(new Rewrite(options, match).apply(request)).toBe(true);
  return { path: request.path, authority: request.authority, headers: request.headers };
}

describe('rewrite.uri', () => {
  it.each<[RouteMatch, string, string, string]>([
    // To the letter: no slash is added or taken away.
    [{ uri: { prefix: '/api' } }, '/', '/api/x?q=1', '//x?q=1'],
    [{ uri: { prefix: '/api/' } }, '/', '/api/x?q=1', '/x?q=1'],
    [{ uri: { prefix: '/old' } }, '/new/', '/older?y', '/new/er?y'],
    [{ uri: { prefix: '/foo' } }, '/', '/foo/bar?q=/foo', '//bar?q=/foo'],
    [{ uri: { prefix: '/API/' }, ignoreUriCase: true }, '/Lower/', '/api/Users?Q=A', '/Lower/Users?Q=A'],
    [{ uri: { exact: '/a' } }, '/b', '/a?q=1', '/b?q=1'],
    [{ uri: { exact: '/Whole' }, ignoreUriCase: true }, '/b', '/wHOLE?z', '/b?z'],
    [{ uri: { regex: '/r/[0-9]+' } }, '/b', '/r/42?x', '/b?x'],
    [{}, '/v2/', '/x?q=1', '/v2/x?q=1'],
    [{}, '/v1', '/', '/v1'],
    [{ headers: { x: {} } }, '/v1', '/x', '/v1x'],
  ])('%j → %j makes of %j %j', (match, uri, path, expected) => {
    expect(rewritten({ uri }, path, match)).toEqual({
      path: expected,
      authority: 'reviews:9080',
      headers: ['x-envoy-original-path', path],
    });
  });

  it('overwrites an original path that the caller claims', () => {
    const request = head({ path: '/a', headers: ['x-envoy-original-path', 'forged', 'x-envoy-original-path', 'twice'] });
    new Rewrite({ uri: '/b' }, { uri: { exact: '/a' } }).apply(request);

    expect(request.headers).toEqual(['x-envoy-original-path', '/a']);
  });

  it('does nothing when it is empty', () => {
    expect(rewritten({ uri: '', authority: '' }, '/a')).toEqual({ path: '/a', authority: 'reviews:9080', headers: [] });
  });
});

describe('rewrite.authority', () => {
  it('notes the old Host, and leaves the path', () => {
    expect(rewritten({ authority: 'ratings.internal:81' }, '/a?q')).toEqual({
      path: '/a?q',
      authority: 'ratings.internal:81',
      headers: ['x-envoy-original-host', 'reviews:9080'],
    });
  });

  it('has nothing to note where there was no Host', () => {
    const request = head({ authority: '' });
    new Rewrite({ authority: 'other' }, {}).apply(request);

    expect(request).toMatchObject({ authority: 'other', headers: [] });
  });

  it('goes with a path', () => {
    expect(rewritten({ authority: 'other', uri: '/x/' }, '/both/a', { uri: { prefix: '/both/' } })).toEqual({
      path: '/x/a',
      authority: 'other',
      headers: ['x-envoy-original-host', 'reviews:9080', 'x-envoy-original-path', '/both/a'],
    });
  });
});

describe('rewrite.uriRegexRewrite', () => {
  it.each([
    ['^/svc/([^/]+)(/.*)$', '\\2/i/\\1', '/svc/foo/v1?x=/svc/foo/v1', '/v1/i/foo?x=/svc/foo/v1'],
    ['^/svc/([^/]+)(/.*)$', '\\2/i/\\1', '/svc/foo', '/svc/foo'],
    ['one', 'two', '/all/one/xonex?one=one', '/all/two/xtwox?one=one'],
    // A dollar sign is nothing special.
    ['/d/([a-z]+)', '/$1/\\1/$&', '/d/abc/d/x', '/$1/abc/$&/$1/x/$&'],
    ['^/opt/(x)?(.*)$', '/[\\1]\\2\\2', '/opt/y', '/[]yy'],
    ['(?i)foo+', 'bar', '/ci/Foo/FOOOO/fo', '/ci/bar/bar/fo'],
    ['b', '<\\0\\\\>', '/abc', '/a<b\\>c'],
    ['^/a', '/b', '/a/a', '/b/a'],
    // RE2 skips an empty match right after a match.
    ['x*', '-', '/axxb', '-/-a-b-'],
    ['b', '', '/abc', '/ac'],
    ['\\b', '-', '/a', '/-a-'],
  ])('%j → %j makes of %j %j', (match, rewrite, path, expected) => {
    expect(new RegexRewrite({ match, rewrite }).replace(path)).toBe(expected);
  });

  it('gives up paths made to make it quadratic, and such as would grow without end; the request must not go on', () => {
    const path = `/${'a'.repeat(50_000)}`;

    // Each costs all that a rewrite may; a busy machine needs its time for that.
    expect(new RegexRewrite({ match: '.*', rewrite: '\\0'.repeat(500) }).replace(path)).toBeUndefined();
    expect(new Rewrite({ uriRegex: { match: 'a.*b|a', rewrite: 'x' } }, {}).apply(head({ path }))).toBe(false);
  }, 120_000);

  it('rewrites any path as long as servers take', () => {
    const path = `/${'a'.repeat(8000)}`;

    expect(new RegexRewrite({ match: 'a', rewrite: 'bc' }).replace(path)).toBe(`/${'bc'.repeat(8000)}`);
    expect(new RegexRewrite({ match: '^(/.*)$', rewrite: '/v1\\1' }).replace(path)).toBe(`/v1${path}`);
  });

  it('keeps the old Host and path to itself where that is asked for', () => {
    const request = head({ path: '/a' });
    new Rewrite({ uri: '/b', authority: 'other' }, { uri: { exact: '/a' } }).apply(request, false);

    expect(request).toMatchObject({ path: '/b', authority: 'other', headers: [] });
  });

  it('goes before a plain rewrite of the path', () => {
    expect(rewritten({ uri: '/plain', uriRegex: { match: 'a', rewrite: 'b' } }, '/a').path).toBe('/b');
  });

  it('notes the old path also when nothing changed', () => {
    expect(rewritten({ uriRegex: { match: 'none', rewrite: 'x' } }, '/a').headers).toEqual(['x-envoy-original-path', '/a']);
  });

  it.each([
    ['(', 'x', /missing closing/],
    ['(a)', '\\2', 'refers to group 2, but the pattern has 1'],
    ['a', '\\9', 'refers to group 9, but the pattern has 0'],
    ['a', '\\:', 'has a backslash that is followed by neither a digit nor a backslash'],
    ['a', '\\n', 'has a backslash that is followed by neither a digit nor a backslash'],
    ['a', 'x\\', 'has a backslash that is followed by neither a digit nor a backslash'],
  ])('refuses %j → %j', (match, rewrite, problem) => {
    expect(checkRegexRewrite({ match, rewrite })).toMatch(problem);
    expect(() => new RegexRewrite({ match, rewrite })).toThrow(problem);
  });

  it('finds nothing wrong where nothing is', () => {
    expect(checkRegexRewrite({ match: '(a)', rewrite: '\\0\\1\\\\' })).toBeUndefined();
  });
});
