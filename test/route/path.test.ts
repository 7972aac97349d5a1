import { describe, expect, it } from 'vitest';
import { queryParameter, withoutQuery } from '../../src/route/path.ts';

describe('withoutQuery', () => {
  it.each([
    ['/a', '/a'],
    ['/a?b', '/a'],
    ['/a?b?c', '/a'],
    ['/a#b?c', '/a'],
    ['?x', ''],
    ['', ''],
  ])('%j is %j', (path, plain) => {
    expect(withoutQuery(path)).toBe(plain);
  });
});

describe('queryParameter', () => {
  it.each([
    ['/?v=1', 'v', '1'],
    ['/?v=1&v=2', 'v', '1'],
    ['/?v&v=2', 'v', ''],
    ['/?v=&v=2', 'v', ''],
    ['/?V=1', 'v', undefined],
    ['/?w=v', 'v', undefined],
    ['/?vv=1&v=2', 'v', '2'],
    ['/?av=1', 'v', undefined],
    ['/?v=a=b', 'v', 'a=b'],
    ['/?v=a%20b+c', 'v', 'a%20b+c'],
    ['/?a;v=1', 'v', undefined],
    ['/?x=?v=1', 'v', undefined],
    ['/?&&v=1', 'v', '1'],
    ['/v=1', 'v', undefined],
    ['/?', 'v', undefined],
    ['/?v', 'v', ''],
    ['/?', '', undefined],
    // Without a question mark there is no query, whatever else looks like one.
    ['v=1', 'v', undefined],
    ['/a&v=1', 'v', undefined],
    // A name ends at its own `&`.
    ['/?a&b=1', 'a&b', undefined],
  ])('%j has %j as %j', (path, name, value) => {
    expect(queryParameter(path, name)).toBe(value);
  });
});
