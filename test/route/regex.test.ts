import { describe, expect, it } from 'vitest';
import { checkRegex, compileRegex, MAX_REGEX_LENGTH, MAX_REGEX_SIZE, measureRegex } from '../../src/route/regex.ts';
import { RegexRewrite } from '../../src/route/regex-rewrite.ts';
import { StringMatcher } from '../../src/route/string-matcher.ts';

const TOO_LARGE = '(a?b?){900}';

describe('a regular expression', () => {
  it.each(['(a+)+$', '(a|aa)+', '(a?){1000}', '[a-z0-9-]{1,1000}', '\\pL+', '/v[0-9]+/.{0,500}', 'a'.repeat(MAX_REGEX_LENGTH)])('may be %j', (pattern) => {
    expect(checkRegex(pattern)).toBeUndefined();
    expect(measureRegex(pattern).size).toBeLessThanOrEqual(MAX_REGEX_SIZE);
  });

  it.each([
    [TOO_LARGE, 'compiles to 5402 instructions, more than 4096'],
    ['.'.repeat(MAX_REGEX_LENGTH + 1), 'has 1025 characters, more than 1024'],
    ['((a{1000}){1000}){1000}', 'invalid repeat count'],
    ['(((a{100}){100}){100}', 'invalid repeat count'],
    ['('.repeat(1000), 'missing closing )'],
    ['(?<=a)b', 'error parsing regexp'],
  ])('must not be %j', (pattern, problem) => {
    expect(checkRegex(pattern)).toContain(problem);
    expect(() => compileRegex(pattern)).toThrow(problem);
    expect(() => new StringMatcher({ regex: pattern })).toThrow(problem);
    expect(() => new RegexRewrite({ match: pattern, rewrite: 'x' })).toThrow(problem);
  });

  it('may be as large as the limit', () => {
    const ofSize = (size: number): string => `${'a{1000}'.repeat(4)}a{${size - 4002}}`;

    expect(measureRegex(ofSize(MAX_REGEX_SIZE)).size).toBe(MAX_REGEX_SIZE);
    expect(checkRegex(ofSize(MAX_REGEX_SIZE))).toBeUndefined();
    expect(checkRegex(ofSize(MAX_REGEX_SIZE + 1))).toBe('compiles to 4097 instructions, more than 4096');
  });

  it('is measured also when it is too large', () => {
    expect(measureRegex(TOO_LARGE)).toEqual({ size: 5402, problem: undefined });
    expect(measureRegex('(')).toEqual({ size: 1, problem: expect.stringContaining('missing closing )') as string });
  });
});
