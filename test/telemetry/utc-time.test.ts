import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatUtc } from '../../src/telemetry/utc-time.ts';

describe('formatUtc', () => {
  it.each([
    [0, '1970-01-01T00:00:00.000Z'],
    [951_782_399_999, '2000-02-28T23:59:59.999Z'],
    [951_782_400_000, '2000-02-29T00:00:00.000Z'],
    [1_772_359_200_123.9, '2026-03-01T10:00:00.123Z'],
    [-1, '1969-12-31T23:59:59.999Z'],
  ])('%d is %s', (ms, text) => {
    expect(formatUtc(ms)).toBe(text);
  });

  it('agrees with the platform on every day of the years 0 to 9999', () => {
    fc.assert(
      fc.property(fc.integer({ min: -62_167_219_200_000, max: 253_402_300_799_999 }), (ms) => {
        expect(formatUtc(ms)).toBe(new Date(ms).toISOString());
      }),
      { numRuns: 1000 },
    );
  });
});
