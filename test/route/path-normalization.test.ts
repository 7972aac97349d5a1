import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { normalizePath } from '../../src/route/path-normalization.ts';

describe('normalizePath', () => {
  it.each([
    ['/', '/'],
    ['/a/b.c?x', '/a/b.c?x'],
    ['/a/../b', '/b'],
    ['/./b', '/b'],
    ['/b/.', '/b/'],
    ['/b/..', '/'],
    ['/a/b/../', '/a/'],
    ['/../../b', '/b'],
    ['/a/%2e%2E/b?x=/../y', '/b?x=/../y'],
    ['/a//../b', '/a/b'],
    ['/.a/..b/c../...', '/.a/..b/c../...'],
    ['/a.%2e/x', '/a../x'],
    // Some servers take `..;x` for `..`.
    ['/a/..;/x', '/x'],
    ['/a/..;k=v;l/x?y', '/x?y'],
    ['/a/.;/x', '/a/x'],
    ['/a/b/..;/..;/c', '/c'],
    ['/a/..;', '/'],
    ['/a/.;a/../b', '/b'],
    ['/a/..;\\b/x', '/x'],
    ['/a/...;/x;y/..z;/', '/a/...;/x;y/..z;/'],
    ['/a/.%2e;/x', '/a/..;/x'],
    ['/a\\..;/x', '/a/..;/x'],
    ['//b', '//b'],
    ['/%62%2D%7e', '/b-~'],
    ['/a%2F..%2Fb', '/a%2F..%2Fb'],
    ['/a%20b%3a', '/a%20b%3a'],
    ['/a\\b\\..\\c', '/a/c'],
    ['/a|b^{x}"<>`', '/a%7Cb%5E%7Bx%7D%22%3C%3E%60'],
    ['/\u00e9', '/%E9'],
    ['/\u20ac', '/%E2%82%AC'],
    ['/%', '/%'],
    ['/%4', '/%4'],
    ['/%zz', '/%zz'],
    // Decoding once must not leave an escape that a second decoding would see.
    ['/%%34%31', '/%2541'],
    // Nor must a stray percent sign and what follows it become one.
    ['/%4%31', '/%2541'],
    ['/%4g%31', '/%4g1'],
    ['/%zz%31', '/%zz1'],
    ['/%4%31x', '/%2541x'],
    ['/%zz4%31', '/%zz41'],
    // Two digits that no percent sign goes before are none.
    ['/%341', '/41'],
    ['/ab%341', '/ab41'],
    ['/x/ab%341', '/x/ab41'],
    ['/a/./b', '/a/b'],
    ['/a/.', '/a/'],
    // What follows a mere letter is no escape of a dot.
    ['/x2e/%41', '/x2e/A'],
    ['/\t\x7f', '/%09%7F'],
    ['\\a', '/a'],
    ['a\\', '/a/'],
    // A percent sign that makes no escape with what follows stays.
    ['/%%34z', '/%4z'],
    ['/%/%41', '/%/A'],
    ['/%%34', '/%4'],
    ['/%a%62', '/%25ab'],
    ['/%%341', '/%2541'],
    ['', '/'],
    ['?x', '/?x'],
    ['a', '/a'],
  ])('brings %j into the form %j', (path, expected) => {
    expect(normalizePath(path, 'BASE')).toBe(expected);
  });

  it.each([
    ['/', '/'],
    ['//', '//'],
    ['a//b', '/a/b'],
    ['//a///b', '/a/b'],
    ['/a%2Fb', '/a%2Fb'],
    ['/x//../a/b', '/x/a/b'],
    ['/a/b?u=//c', '/a/b?u=//c'],
    ['/a//', '/a/'],
    ['/a\\\\b', '/a/b'],
  ])('merges the slashes of %j to %j', (path, expected) => {
    expect(normalizePath(path, 'MERGE_SLASHES')).toBe(expected);
  });

  it.each([
    ['/a%2F..%2Fb', '/b'],
    ['/a%2f%2Fb', '/a/b'],
    ['/a%5Cb?c=%2F', '/a/b?c=%2F'],
  ])('decodes the slashes of %j to %j', (path, expected) => {
    expect(normalizePath(path, 'DECODE_AND_MERGE_SLASHES')).toBe(expected);
  });

  it('leaves everything as it is with NONE', () => {
    expect(normalizePath('/a/../%62//\\', 'NONE')).toBe('/a/../%62//\\');
  });

  it.each(['NONE', 'BASE'] as const)('refuses a fragment with %s', (mode) => {
    expect(normalizePath('/x#frag', mode)).toBeUndefined();
    expect(normalizePath('/x?y#frag', mode)).toBeUndefined();
  });

  it.each(['/a%00', '/a\0', '/a%00?q'])('refuses a NUL in %j', (path) => {
    expect(normalizePath(path, 'BASE')).toBeUndefined();
    expect(normalizePath(path, 'MERGE_SLASHES')).toBeUndefined();
  });

  it('has nothing to do for what it made, and leaves no dot segment', () => {
    const piece = fc.constantFrom('/', '//', '.', '..', '%2e', '%2F', '%41', '%', '%5c', '\\', 'a', 'b.c', '|', 'é', '%zz', '4', '1');
    const path = fc.array(piece, { maxLength: 12 }).map((pieces) => `/${pieces.join('')}`);
    fc.assert(
      fc.property(path, fc.constantFrom('BASE', 'MERGE_SLASHES', 'DECODE_AND_MERGE_SLASHES' as const), (given, mode) => {
        const once = normalizePath(given, mode as 'BASE')!;
        expect(`${once}/`).not.toMatch(/\/\.{1,2}\//);
        expect(once).not.toMatch(/\\/);
        if (mode === 'BASE') expect(normalizePath(once, mode)).toBe(once);
      }),
      { numRuns: 1000 },
    );
  });
});
