import { describe, expect, it } from 'vitest';
import type { RequestHead, RouteMatch } from '../../src/route/model.ts';
import { withoutQuery } from '../../src/route/path.ts';
import { RequestMatcher } from '../../src/route/request-matcher.ts';
import { head, lines } from './support.ts';

function matches(match: RouteMatch, about: Partial<RequestHead>): boolean {
  const request = head(about);
  return new RequestMatcher(match).matches(request, withoutQuery(request.path));
}

describe('RequestMatcher', () => {
  it.each<[RouteMatch, string, boolean]>([
    [{ uri: { exact: '/login' } }, '/login?next=/home', true],
    [{ uri: { exact: '/login' } }, '/login/', false],
    [{ uri: { exact: '/q?x=1' } }, '/q?x=1', false],
    [{ uri: { prefix: '/foo' } }, '/foo/x', true],
    [{ uri: { prefix: '/foo' } }, '/foobar', true],
    [{ uri: { prefix: '/foo' } }, '/Foo', false],
    [{ uri: { prefix: '/foo' }, ignoreUriCase: true }, '/Foo', true],
    [{ uri: { prefix: '/foo' } }, '/x?p=/foo', false],
    [{ uri: { prefix: '/a?b' } }, '/a?b=1', false],
    [{ uri: { regex: '/v[12]' } }, '/v1?q', true],
    [{ uri: { regex: '/s\\?.*' } }, '/s?z', false],
    [{ uri: { exact: '/a b' } }, '/a%20b', false],
    [{ queryParams: { v: { exact: '1' } } }, '/?v=1&v=2', true],
    [{ queryParams: { v: { exact: '1' } } }, '/?v=2&v=1', false],
    [{ queryParams: { v: { regex: '[0-9]+' } } }, '/?v=42x', false],
    [{ queryParams: { v: { prefix: 'beta' } } }, '/?v=beta-3', true],
    [{ queryParams: { v: {} } }, '/?v', true],
    [{ queryParams: { v: {} } }, '/', false],
    [{ queryParams: { v: { exact: '' } } }, '/?v=', true],
    [{ queryParams: { v: { exact: '' } } }, '/', false],
    [{}, '/anything', true],
  ])('%j on %j: %s', (match, path, expected) => {
    expect(matches(match, { path })).toBe(expected);
  });

  it.each<[RouteMatch, Record<string, string | string[]>, boolean]>([
    [{ headers: { x: {} } }, {}, false],
    [{ headers: { x: {} } }, { x: '' }, true],
    [{ headers: { x: {} } }, { x: 'a' }, true],
    [{ headers: { x: { regex: '*' } } }, { x: 'a' }, true],
    [{ headers: { x: { regex: '.*' } } }, {}, false],
    [{ headers: { x: { exact: 'a' } } }, { x: 'A' }, false],
    [{ headers: { X: { exact: 'a' } } }, { x: 'a' }, true],
    [{ headers: { x: { prefix: 'a' } } }, { x: 'ab' }, true],
    // Lines of one name are never joined.
    [{ headers: { x: { exact: 'a,b' } } }, { x: ['a', 'b'] }, false],
    [{ headers: { x: { exact: 'b' } } }, { x: ['a', 'b'] }, true],
    [{ headers: { x: { exact: 'b' } } }, { x: 'a, b' }, false],
    [{ headers: { x: { exact: 'b' }, y: { exact: 'b' } } }, { x: 'b' }, false],
    [{ withoutHeaders: { x: {} } }, {}, true],
    [{ withoutHeaders: { x: {} } }, { x: '' }, false],
    [{ withoutHeaders: { x: { regex: '*' } } }, { x: 'a' }, false],
    // A value matcher sees an absent header as empty.
    [{ withoutHeaders: { x: { exact: 'a' } } }, {}, true],
    [{ withoutHeaders: { x: { exact: 'a' } } }, { x: 'a' }, false],
    [{ withoutHeaders: { x: { exact: 'a' } } }, { x: 'b' }, true],
    [{ withoutHeaders: { x: { exact: 'a' } } }, { x: ['b', 'a'] }, false],
    [{ withoutHeaders: { x: { exact: '' } } }, {}, false],
    // … and only an absent one.
    [{ withoutHeaders: { x: { exact: '' } } }, { x: 'a' }, true],
    [{ withoutHeaders: { x: { regex: 'a?' } } }, { x: ['b', 'c'] }, true],
    [{ withoutHeaders: { x: { regex: '.*' } } }, {}, false],
    [{ withoutHeaders: { x: { regex: '.*' } } }, { x: 'a' }, false],
    [{ withoutHeaders: { x: { prefix: 'a' } } }, {}, true],
    [{ headers: { x: {} }, withoutHeaders: { y: {} } }, { x: '1', y: '1' }, false],
  ])('%j with %j: %s', (match, headers, expected) => {
    expect(matches(match, { headers: lines(headers) })).toBe(expected);
  });

  it.each<[RouteMatch, boolean]>([
    [{ method: { exact: 'get' } }, false],
    [{ method: { regex: 'GET|POST' } }, true],
    [{ scheme: { prefix: 'htt' } }, true],
    [{ scheme: { exact: 'https' } }, false],
    // The Host as the caller wrote it, with its port and case, although virtual hosts ignore both.
    [{ authority: { exact: 'Reviews' } }, false],
    [{ authority: { exact: 'Reviews:9080' } }, true],
    [{ headers: { ':path': { exact: '/p?q=1' } } }, true],
    [{ headers: { ':method': { exact: 'GET' }, ':scheme': { exact: 'http' } } }, true],
    [{ headers: { ':authority': { prefix: 'Rev' } } }, true],
    [{ headers: { host: { prefix: 'Rev' } } }, true],
    [{ headers: { host: { prefix: 'rev' } } }, false],
    [{ headers: { ':status': {} } }, false],
    [{ withoutHeaders: { host: {} } }, false],
    [{ withoutHeaders: { host: { exact: 'other' } } }, true],
  ])('%j on GET http://Reviews:9080/p?q=1: %s', (match, expected) => {
    expect(matches(match, { authority: 'Reviews:9080', path: '/p?q=1', headers: ['host', 'a line of this name is ignored'] })).toBe(expected);
  });

  it('wants every condition', () => {
    const match: RouteMatch = {
      uri: { prefix: '/v' },
      method: { exact: 'GET' },
      headers: { 'end-user': { exact: 'jason' } },
      queryParams: { q: {} },
    };
    const fitting = { path: '/v?q', headers: ['end-user', 'jason'] };

    expect(matches(match, fitting)).toBe(true);
    expect(matches(match, { ...fitting, path: '/x?q' })).toBe(false);
    expect(matches(match, { ...fitting, path: '/v' })).toBe(false);
    expect(matches(match, { ...fitting, method: 'PUT' })).toBe(false);
    expect(matches(match, { ...fitting, headers: ['end-user', 'jim'] })).toBe(false);
  });
});
