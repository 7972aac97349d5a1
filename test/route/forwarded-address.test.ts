import { describe, expect, it } from 'vitest';
import { forwardedAddress } from '../../src/route/forwarded-address.ts';
import { lines } from './support.ts';

describe('forwardedAddress', () => {
  it.each([
    [['9.9.9.9'], '9.9.9.9'],
    [['1.1.1.1, 9.9.9.9'], '9.9.9.9'],
    [['1.1.1.1', '2.2.2.2,9.9.9.9 '], '9.9.9.9'],
    [['2001:db8::7'], '2001:db8::7'],
    [['unknown'], undefined],
    [['9.9.9.999'], undefined],
    [['9.9.9.9, '], undefined],
    [['10.20.30.255'], '10.20.30.255'],
    [['9.9.9.256'], undefined],
    [['1e1.0.0.1'], undefined],
    [['-1.0.0.1'], undefined],
    [['9.9.9'], undefined],
    // Hexadecimal digits make an address only with colons, and nothing else may stand with them.
    [['beef'], undefined],
    [['2001:DB8::7'], '2001:DB8::7'],
    [['x::1'], undefined],
    [['fe80::1%eth0'], undefined],
  ])('takes the last address of x-forwarded-for %j, if it is one: %j', (values, address) => {
    expect(forwardedAddress(lines({ 'x-forwarded-for': values }))).toBe(address);
  });

  it('takes no other header', () => {
    expect(forwardedAddress(lines({ 'x-real-ip': '8.8.8.8' }))).toBeUndefined();
  });
});
