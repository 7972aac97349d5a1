import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ACCEPT, CONTENT_TYPE } from '../../src/fetch/default-headers.ts';
import { appendHeaders } from '../../src/fetch/header-lines.ts';

const name = fc.constantFrom('x-a', 'X-A', 'x-b', 'Accept', 'cookie', 'Cookie', 'a b', '', 'é', '__proto__', 'constructor', 'x_y~');
const value = fc.oneof(
  fc.constantFrom('', ' ', 'a', ' a', 'a ', 'a b', 'a\tb', 'é', '€', 'a\r\nb', '\0', '\x01', '\x7f', 'a, b'),
  fc.string({ maxLength: 6 }),
);
const pairs = fc.array(fc.tuple(name, value), { maxLength: 6 });

function linesOf(init: unknown): string[] | undefined {
  const lines: string[] = [];
  return appendHeaders(lines, init) < 0 ? undefined : lines;
}

describe('appendHeaders', () => {
  it('agrees with Headers on whatever it takes', () => {
    let taken = 0;
    fc.assert(
      fc.property(pairs, (init) => {
        const lines = linesOf(init);
        if (lines === undefined) return;
        taken++;
        const seen = new Map<string, string>();
        for (let i = 0; i < lines.length; i += 2) {
          expect(seen.has(lines[i]!)).toBe(false);
          seen.set(lines[i]!, lines[i + 1]!);
        }
        // What a server gets of a `Headers`: one line per name.
        const expected = new Map(new Headers(init));
        expect(new Map([...seen].sort())).toEqual(new Map([...expected].sort()));
      }),
      { numRuns: 3000 },
    );
    expect(taken).toBeGreaterThan(300);
  });

  it('takes the same from an object, from pairs and from Headers', () => {
    const expected = ['x-a', '1', 'x-b', '2'];
    expect(linesOf({ 'X-A': '1', 'x-b': '2' })).toEqual(expected);
    expect(linesOf([['X-A', '1'], ['x-b', '2']])).toEqual(expected);
    expect(linesOf(new Headers({ 'X-A': '1', 'x-b': '2' }))).toEqual(expected);
    expect(linesOf(Object.assign(Object.create(null), { 'X-A': 1, 'x-b': '2' }))).toEqual(['x-a', '1', 'x-b', '2']);
  });

  it('drops host and sec-fetch-mode, and says what it saw', () => {
    const lines: string[] = [];
    expect(appendHeaders(lines, { Host: 'a', 'sec-fetch-mode': 'x', ACCEPT: 'b', 'content-type': 'c' })).toBe(ACCEPT | CONTENT_TYPE);
    expect(lines).toEqual(['accept', 'b', 'content-type', 'c']);
  });

  it.each([
    [{ range: 'bytes=0-' }], [{ 'If-None-Match': '"a"' }], [{ 'a b': '1' }], [{ a: '1\n' }], [{ a: ' 1' }], [{ a: undefined }], [{ a: null }],
    [{ a: Symbol('s') }], [{ a: ['x'] }], [[['a']]], [['ab']], [new Map([['a', 'b']])], ['a: b'], [null], [new (class A {})()],
    [{ *[Symbol.iterator]() {} }],
  ])('leaves %o to the native fetch', (init) => {
    expect(linesOf(init)).toBeUndefined();
  });
});
