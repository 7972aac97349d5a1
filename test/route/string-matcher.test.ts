import fc from 'fast-check';
import { RE2JS } from 're2js';
import { describe, expect, it, vi } from 'vitest';
import type { StringMatch } from '../../src/route/model.ts';
import { checkRegex, StringMatcher } from '../../src/route/string-matcher.ts';

describe('StringMatcher', () => {
  it.each([
    [{ exact: '/a' }, '/a', true],
    [{ exact: '/a' }, '/ab', false],
    [{ exact: '/a' }, '/A', false],
    [{ exact: '' }, '', true],
    [{ exact: '' }, 'a', false],
    [{ prefix: '/foo' }, '/foo', true],
    [{ prefix: '/foo' }, '/foobar', true],
    [{ prefix: '/foo' }, '/fo', false],
    [{ prefix: '/foo' }, '/Foo', false],
    [{ prefix: '' }, 'anything', true],
    [{ regex: '/v[12]' }, '/v1', true],
    [{ regex: '/v[12]' }, '/v1/', false],
    [{ regex: '/v[12]' }, 'x/v1', false],
    // A regex is one alternative as a whole, never `^a` or `b$`.
    [{ regex: 'a|b' }, 'ab', false],
    [{ regex: 'a|b' }, 'b', true],
    [{ regex: 'a|ab' }, 'ab', true],
    [{ regex: '(?i)yes' }, 'YES', true],
    [{ regex: '[[:digit:]]+' }, '12', true],
    [{ regex: '(?P<id>a|ab)' }, 'ab', true],
    [{ regex: '\\Qa.b\\E+' }, 'a.bb', true],
    [{ regex: '\\Qa.b\\E+' }, 'axb', false],
    [{ regex: '.*' }, '', true],
    [{ regex: '/api/.*' }, '/api/x', true],
    [{ regex: '/api/.*' }, '/api', false],
    [{ regex: 'jason' }, 'jason', true],
    [{ regex: 'jason' }, 'jason2', false],
    [{ regex: 'a.c' }, 'abc', true],
    [{ regex: 'a-c' }, 'abc', false],
    [{ regex: '*' }, 'anything', true],
    [{}, '', true],
  ])('%j and %j: %s', (match, text, fits) => {
    expect(new StringMatcher(match).matches(text)).toBe(fits);
  });

  it.each([
    [{ exact: '/Login' }, '/LOGIN', true],
    // Peers have compared a caseless exact text by its start only.
    [{ exact: '/Login' }, '/LOGIN2', false],
    [{ exact: '/Login' }, '/Logi', false],
    [{ exact: '/AZaz' }, '/azAZ', true],
    [{ prefix: '/API/' }, '/api/x', true],
    [{ prefix: '/API/' }, '/ap', false],
    [{ prefix: '/[' }, '/{', false],
    [{ prefix: '/@' }, '/`', false],
    [{ prefix: '/`' }, '/@', false],
    [{ regex: '/Rx.*' }, '/Rx1', true],
    [{ regex: '/Rx.*' }, '/rx1', false],
  ])('%j and %j in any case: %s', (match, text, fits) => {
    expect(new StringMatcher(match, true).matches(text)).toBe(fits);
  });

  it('folds ASCII letters and no others', () => {
    const kelvinSign = '\u212a';

    expect(new StringMatcher({ exact: 'k' }, true).matches(kelvinSign)).toBe(false);
    expect(new StringMatcher({ exact: 'é' }, true).matches('É')).toBe(false);
  });

  it('matches the whole text, as an anchored group does', () => {
    const atom = fc.constantFrom('a', 'b', 'ab', '.', 'a|b', 'b*', 'a+', '(a|ab)', '[ab]', 'a?', '');
    const regex = fc.array(atom, { maxLength: 4 }).map((atoms) => atoms.join(''));
    const text = fc.stringMatching(/^[abc]{0,6}$/);
    fc.assert(
      fc.property(regex, text, (source, value) => {
        fc.pre(checkRegex(source) === undefined && isPlainJs(source));
        expect(new StringMatcher({ regex: source }).matches(value)).toBe(new RegExp(`^(?:${source})$`, 's').test(value));
      }),
      { numRuns: 500 },
    );
  });

  it.each<[StringMatch, number]>([
    [{ exact: '/a' }, 0],
    [{ prefix: '/a' }, 0],
    [{ regex: 'jason' }, 0],
    [{ regex: '/api/v1/.*' }, 0],
    [{ regex: '.*' }, 0],
    [{ regex: 'jason.*x' }, 1],
    [{ regex: 'a.c' }, 1],
    [{ regex: 'jaso[n]' }, 1],
  ])('%j needs RE2 %i times', (match, times) => {
    const compile = vi.spyOn(RE2JS, 'compile');
    new StringMatcher(match);

    expect(compile).toHaveBeenCalledTimes(times);
    compile.mockRestore();
  });

  it('takes linear time for what makes backtracking explode', () => {
    expect(new StringMatcher({ regex: '(a+)+b' }).matches('a'.repeat(5000))).toBe(false);
  });

  it('says what it compares', () => {
    expect(new StringMatcher({ exact: 'a"b' }).describe()).toBe('exact "a\\"b"');
    expect(new StringMatcher({ prefix: '/x' }, true).describe()).toBe('prefix "/x" (any case)');
    expect(new StringMatcher({ regex: '.*' }, true).describe()).toBe('regex ".*"');
    expect(new StringMatcher({}).describe()).toBe('present');
    expect(new StringMatcher({}).text).toBe('');
  });
});

describe('checkRegex', () => {
  it.each(['(', 'a(?=b)', '\\1', 'a{2000}'])('refuses %j, which RE2 does not know', (regex) => {
    expect(checkRegex(regex)).toMatch(/.+/);
    expect(() => new StringMatcher({ regex })).toThrow();
  });

  it('accepts what RE2 knows', () => {
    expect(checkRegex('(?i)^a\\pL+$')).toBeUndefined();
  });
});

function isPlainJs(source: string): boolean {
  try {
    new RegExp(source);
    return true;
  } catch {
    return false;
  }
}
