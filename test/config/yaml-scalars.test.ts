import { describe, expect, it } from 'vitest';
import { booleanWord, resolvePlainScalar } from '../../src/config/yaml-scalars.ts';

describe('resolvePlainScalar', () => {
  it.each([
    ['', null], ['~', null], ['null', null], ['NULL', null], ['nul', 'nul'],
    ['true', true], ['True', true], ['FALSE', false], ['tRue', 'tRue'],
    ['0', 0], ['-7', -7], ['+7', 7], ['1_000', 1000], ['0x1F', 31], ['-0x1f', -31], ['0b101', 5], ['010', 8], ['0o17', 15], ['08', 8], ['-010', -8],
    ['1.5', 1.5], ['.5', 0.5], ['5.', 5], ['1e3', 1000], ['-1.5E-2', -0.015], ['.inf', Infinity], ['-.INF', -Infinity], ['.NaN', NaN],
    ['1:30', '1:30'], ['2024-05-01', '2024-05-01'], ['2024-05-01T10:00:00Z', '2024-05-01T10:00:00Z'], ['1.2.3.4', '1.2.3.4'], ['5s', '5s'],
    ['-', '-'], ['.', '.'], ['v1', 'v1'], ['0xzz', '0xzz'], ['yes', 'yes'], ['off', 'off'],
  ])('reads %j as %j', (text, value) => {
    expect(resolvePlainScalar(text, false)).toEqual(value);
  });

  it.each([['yes', true], ['Y', true], ['on', true], ['no', false], ['OFF', false], ['n', false], ['yEs', 'yEs'], ['none', 'none']])(
    'reads %j as %j when words are booleans',
    (text, value) => {
      expect(resolvePlainScalar(text, true)).toBe(value);
    },
  );

  it('knows the boolean words apart from the booleans', () => {
    expect([booleanWord('yes'), booleanWord('off'), booleanWord('true'), booleanWord('maybe')]).toEqual([true, false, undefined, undefined]);
  });
});
