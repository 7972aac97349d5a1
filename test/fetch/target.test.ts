import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseTarget } from '../../src/fetch/target.ts';

const PIECES = [
  'a', 'B', '0', '/', '//', '/.', '/..', '.', '?', '#', '%2e', '%2E', '%', '%41', '\\', ' ', '\t', "'", '"', '<', '`', '{', '|', '^', '[', ']',
  '@', ':', ';', '=', '&', '+', '~', '!', '$', '(', ')', '*', ',', '_', '-', 'é', '\ud800', '\0', '😀',
];
const text = fc.array(fc.constantFrom(...PIECES), { maxLength: 12 }).map((pieces) => pieces.join(''));
const authority = fc.constantFrom(
  'reviews:9080', 'reviews', 'Reviews', 'a.b.example:80', 'a:443', '127.1', '[::1]:8080', 'u@a', 'u:p@a', 'é.example', 'a:0', 'a b', '', 'a:99999', '0x7f.1',
);

describe('parseTarget', () => {
  it('agrees with the URL parser on whatever it takes', () => {
    let taken = 0;
    fc.assert(
      fc.property(fc.constantFrom('http://', 'https://', 'HTTP://', 'http:/', ' http://'), authority, text, (scheme, host, rest) => {
        const target = parseTarget(scheme + host + rest);
        if (target === undefined) return;
        taken++;
        const url = new URL(scheme + host + rest);
        expect([target.host.origin, target.path]).toEqual([url.origin, url.pathname + url.search]);
        expect([url.username, url.password]).toEqual(['', '']);
        url.hash = '';
        expect(target.host.origin + target.path).toBe(url.href);
      }),
      { numRuns: 6000 },
    );
    expect(taken).toBeGreaterThan(1000);
  });

  it.each([
    ['http://reviews:9080/reviews/0', 'http://reviews:9080', '/reviews/0'],
    ['http://reviews', 'http://reviews', '/'],
    ['http://reviews:80?a=b', 'http://reviews', '/?a=b'],
    ['https://a.example:443/.well-known/x', 'https://a.example', '/.well-known/x'],
    ['http://a/b#c', 'http://a', '/b'],
    ['http://a/b c', 'http://a', '/b%20c'],
    ["http://a/?q='", 'http://a', '/?q=%27'],
    // An authority cut off before what follows it would hide these two slashes.
    ['http://a\\//', 'http://a', '///'],
  ])('%s', (url, origin, path) => {
    const target = parseTarget(url);
    expect([target?.host.origin, target?.path]).toEqual([origin, path]);
  });

  it.each(['/relative', 'ftp://a/', 'data:,x', 'http://', 'http://u:p@a/', 'http://a:6666/', 'http://a/b?', 'http://a b/', 'http://a ?b', ''])(
    'leaves %j to the native fetch',
    (url) => {
      expect(parseTarget(url)).toBeUndefined();
    },
  );

  it('forgets origins when there are too many', () => {
    const first = parseTarget('http://first.example/')!.host;
    expect(parseTarget('http://first.example/x')!.host).toBe(first);
    for (let i = 0; i < 1100; i++) parseTarget(`http://h${i}.example/`);
    expect(parseTarget('http://first.example/')!.host).not.toBe(first);
  });
});
