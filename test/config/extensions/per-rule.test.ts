import { describe, expect, it } from 'vitest';
import { parsePerRule, partFor } from '../../../src/config/extensions/per-rule.ts';

describe('an annotation for rules', () => {
  it.each([
    ['attempt', [{ value: 'attempt' }]],
    [' attempt for slow ', [{ value: 'attempt', rules: ['slow'] }]],
    ['attempt for slow, other one;request', [{ value: 'attempt', rules: ['slow', 'other one'] }, { value: 'request' }]],
    ['a\n\n  b  for  c\n', [{ value: 'a' }, { value: 'b', rules: ['c'] }]],
    ['', []],
    [' ; ', []],
    ['a for ', [{ value: 'a for' }]],
    ['header for', [{ value: 'header for' }]],
  ])('%j', (text, parts) => {
    expect(parsePerRule(text)).toEqual(parts);
  });

  it('says of a rule what calls it by its name, else what is for all others, the last of several', () => {
    const parts = parsePerRule('a; b for x; c for x, y; d');

    expect([partFor(parts, 'x'), partFor(parts, 'y'), partFor(parts, 'z'), partFor(parts, undefined)]).toEqual(['c', 'c', 'd', 'd']);
    expect(partFor(parsePerRule('b for x'), undefined)).toBeUndefined();
  });

  it('reads a long text of blanks in no time', () => {
    expect(parsePerRule(`a${' '.repeat(200_000)}for${' '.repeat(200_000)}b`)).toEqual([{ value: 'a', rules: ['b'] }]);
  });
});
