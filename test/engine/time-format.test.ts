import { describe, expect, it } from 'vitest';
import { formatTime } from '../../src/engine/time-format.ts';

const AFTERNOON = Date.UTC(2026, 2, 1, 15, 4, 5, 60);
const MIDNIGHT = Date.UTC(2027, 11, 31, 0, 0, 0, 0);

// Source: Envoy docs, `%START_TIME%`; absl `FormatTime`.
describe('formatTime', () => {
  it.each([
    ['%Y/%m/%dT%H:%M:%S%z', '2026/03/01T15:04:05+0000', '2027/12/31T00:00:00+0000'],
    ['t=%s.%3f', 't=1772377445.060', 't=1830211200.000'],
    ['%f %1f %6f %9f', '060000000 0 060000 060000000', '000000000 0 000000 000000000'],
    ['%*f %E3S %E*S %E6f', '06 05.060 05.06 060000', '0 00.000 00 000000'],
    ['%a %A %b %B %h', 'Sun Sunday Mar March Mar', 'Fri Friday Dec December Dec'],
    ['%I:%M %p|%e|%j|%u%w', '03:04 PM| 1|060|70', '12:00 AM|31|365|55'],
    ['%F %T %R %D %C%y', '2026-03-01 15:04:05 15:04 03/01/26 2026', '2027-12-31 00:00:00 00:00 12/31/27 2027'],
    ['%r %c %x %X %Z', '03:04:05 PM Sun Mar  1 15:04:05 2026 03/01/26 15:04:05 UTC', '12:00:00 AM Fri Dec 31 00:00:00 2027 12/31/27 00:00:00 UTC'],
    ['100%% %q %t plain', '100% %q \t plain', '100% %q \t plain'],
  ])('%j', (format, afternoon, midnight) => {
    expect(formatTime(format, AFTERNOON)).toBe(afternoon);
    expect(formatTime(format, MIDNIGHT)).toBe(midnight);
  });
});
