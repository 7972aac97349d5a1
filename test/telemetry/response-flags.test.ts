import { describe, expect, it } from 'vitest';
import { FLAG, formatFlags, longFlagNames, parseFlags, type FlagName } from '../../src/telemetry/response-flags.ts';

describe('formatFlags', () => {
  it.each<[readonly FlagName[], string]>([
    [[], '-'],
    [['UF'], 'UF'],
    [['UH'], 'UH'],
    [['UDO'], 'UDO'],
    // In this order as recorded from Envoy.
    [['DI', 'FI'], 'DI,FI'],
    [['DI', 'NC'], 'DI,NC'],
    [['DI', 'UT'], 'DI,UT'],
    [['URX', 'UF'], 'URX,UF'],
    [['URX', 'UT'], 'URX,UT'],
    [['UC', 'DC', 'UO', 'DI'], 'DI,UO,UC,DC'],
  ])('%j as %s', (names, text) => {
    expect(formatFlags(names.reduce((flags, name) => flags | FLAG[name], 0))).toBe(text);
  });

  it('gives every flag a bit of its own', () => {
    const all = Object.values(FLAG).reduce((flags, flag) => flags | flag, 0);

    expect(Object.keys(FLAG)).toHaveLength(30);
    expect(formatFlags(all).split(',')).toEqual(Object.keys(FLAG));
    // Small integers stay unboxed below this.
    expect(all).toBeLessThan(2 ** 30);
  });
});

describe('longFlagNames', () => {
  it('names every flag', () => {
    expect(longFlagNames(0)).toBe('-');
    expect(longFlagNames(FLAG.UC | FLAG.URX)).toBe('UpstreamRetryLimitExceeded,UpstreamConnectionTermination');
    expect(longFlagNames(FLAG.NC)).toBe('NoClusterFound');
    expect(longFlagNames(FLAG.UDO)).toBe('UnconditionalDropOverload');
    expect(longFlagNames(2 ** 30 - 1).split(',')).toHaveLength(30);
  });
});

describe('parseFlags', () => {
  it.each([
    ['-', '-'],
    ['', '-'],
    ['UF,URX', 'URX,UF'],
    ['UH', 'UH'],
    ['XX,UC', 'UC'],
    ['toString', '-'],
  ])('reads %j as %s', (text, formatted) => {
    expect(formatFlags(parseFlags(text))).toBe(formatted);
  });
});
