import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatTimestamp, parseTimestampMs } from '../../src/config/timestamps.ts';

describe('timestamps', () => {
  it('are read and written as Date does', () => {
    fc.assert(
      fc.property(fc.date({ min: new Date('1900-01-01'), max: new Date('2200-01-01'), noInvalidDate: true }), (date) => {
        expect(parseTimestampMs(date.toISOString())).toBe(date.getTime());
        expect(formatTimestamp(date.getTime())).toBe(`${date.toISOString().slice(0, 19)}Z`);
      }),
      { numRuns: 1000 },
    );
  });

  it('may have an offset', () => {
    expect(parseTimestampMs('2024-05-01T12:30:00+02:30')).toBe(Date.parse('2024-05-01T10:00:00Z'));
  });

  it.each(['', 'x', '2024-05-01', '2024-13-01T00:00:00Z', '2024-05-01T24:00:00Z', '2024-05-01T10:00:00'])('%j is none', (text) => {
    expect(parseTimestampMs(text)).toBeUndefined();
  });
});
