import fc from 'fast-check';
import { BlockList, isIPv6 } from 'node:net';
import { describe, expect, it } from 'vitest';
import { addressBytes, Subnet } from '../../src/common/subnet.ts';

describe('addressBytes', () => {
  it.each([
    ['10.0.0.255', [10, 0, 0, 255]],
    ['::', new Array<number>(16).fill(0)],
    ['::1', [...new Array<number>(15).fill(0), 1]],
    ['fe80::1%eth0', [0xfe, 0x80, ...new Array<number>(13).fill(0), 1]],
    ['1:2:3:4:5:6:7:8', [0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8]],
    ['::ffff:10.1.2.3', [...new Array<number>(10).fill(0), 0xff, 0xff, 10, 1, 2, 3]],
    ['ABCD::', [0xab, 0xcd, ...new Array<number>(14).fill(0)]],
  ])('reads %s', (text, bytes) => {
    expect(addressBytes(text)).toEqual(bytes);
  });

  it.each(['', '10.0.0', '10.0.0.256', '10.0.0.0.1', 'a.b.c.d', '1:2:3', ':::', '1::2::3', '1:2:3:4:5:6:7:8:9', '1:2:3:4:5:6:7::8', '12345::', '::10.1.2', '10.1.2.3::', ':1', 'reviews'])(
    'refuses %j',
    (text) => {
      expect(addressBytes(text)).toBeUndefined();
    },
  );
});

describe('Subnet', () => {
  it.each([
    ['10.1.0.0/16', '10.1.255.255', true],
    ['10.1.0.0/16', '10.2.0.0', false],
    ['10.1.2.0/23', '10.1.3.9', true],
    ['10.1.2.0/23', '10.1.4.0', false],
    ['0.0.0.0/0', '255.1.1.1', true],
    ['10.0.0.1', '10.0.0.1', true],
    ['10.0.0.1', '10.0.0.2', false],
    ['fd00::/8', 'fdff::1', true],
    ['fd00::/8', 'fe00::1', false],
    ['0.0.0.0/0', '::1', false],
  ])('%s has %s: %s', (subnet, address, expected) => {
    expect(Subnet.parse(subnet)!.contains(addressBytes(address)!)).toBe(expected);
  });

  it.each(['10.0.0.0/33', '10.0.0.0/-1', '10.0.0.0/1.5', '10.0.0.0/x', 'name/8', 'fd00::/129'])('refuses %s', (text) => {
    expect(Subnet.parse(text)).toBeUndefined();
  });

  it('tells what Node tells', () => {
    const ip = fc.oneof(fc.ipV4(), fc.ipV6());
    fc.assert(
      fc.property(ip, ip, fc.integer({ min: 0, max: 128 }), (base, address, length) => {
        const bits = isIPv6(base) ? length : length % 33;
        const list = new BlockList();
        list.addSubnet(base, bits, isIPv6(base) ? 'ipv6' : 'ipv4');
        // Node takes an IPv4 address inside ::ffff:0:0/96 for the IPv4 address; ranges here are of one kind.
        if (isIPv6(base) !== isIPv6(address)) return;
        if (/^(0*:)*:?ffff:/i.test(base) || /^(0*:)*:?ffff:/i.test(address)) return;
        expect(Subnet.parse(`${base}/${bits}`)!.contains(addressBytes(address)!)).toBe(list.check(address, isIPv6(address) ? 'ipv6' : 'ipv4'));
      }),
    );
  });
});
