import { isIP } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isCidr, isIpAddress, isIpv4, isIpv6, unixPathProblem } from '../../../src/config/checks/addresses.ts';
import { headerValueProblem } from '../../../src/config/checks/header-values.ts';
import { localitiesProblem } from '../../../src/config/checks/localities.ts';
import { fqdnProblem, isDnsLabel, isHeaderName, isLabelValue, isObjectName, labelKeyProblem, wildcardDomainProblem } from '../../../src/config/checks/names.ts';
import { isRegisteredStatus } from '../../../src/config/checks/vocabulary.ts';

describe('addresses', () => {
  it('are told as Node tells them', () => {
    const part = fc.constantFrom('0', '1', '255', '256', '01', '', 'a', 'ffff', 'fffff', ':', '::', '.', '127.0.0.1', '::1', '%eth0');
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6(), fc.array(part, { maxLength: 9 }).map((parts) => parts.join(':')), fc.array(part, { maxLength: 5 }).map((parts) => parts.join('.'))), (text) => {
        expect([text, isIpv4(text)]).toEqual([text, isIP(text) === 4]);
        if (!text.includes('%')) expect([text, isIpv6(text)]).toEqual([text, isIP(text) === 6]);
      }),
      { numRuns: 2000 },
    );
  });

  it('may have a zone', () => {
    expect([isIpAddress('fe80::1%eth0'), isIpAddress('fe80::1%'), isIpAddress('1.2.3.4%eth0')]).toEqual([true, false, false]);
  });

  it.each([['10.0.0.0/8', true], ['10.0.0.0/33', false], ['10.0.0/8', false], ['::/0', true], ['fd00::/129', false], ['10.0.0.0/08', false], ['10.0.0.1', false], ['10.0.0.0/', false]])('%s is a block: %s', (text, is) => {
    expect(isCidr(text)).toBe(is);
  });

  it.each([['/a/b', true], ['@x', true], ['', false], ['a', false], ['/a/', false]])('unix path %j is fine: %s', (path, fine) => {
    expect(unixPathProblem(path) === undefined).toBe(fine);
  });
});

describe('names', () => {
  it.each([['a', true], ['A-1', true], ['a-', false], ['-a', false], ['', false], ['a.b', false], ['a'.repeat(63), true], ['a'.repeat(64), false]])('label %s: %s', (text, fine) => {
    expect(isDnsLabel(text)).toBe(fine);
  });

  it.each([['a', true], ['a.b.', true], ['', false], ['a..b', false], ['a.1', false], ['1.a', true], ['*.a', false], ['a:1', false], [`${'a.'.repeat(128)}a`, false]])('name %s: %s', (text, fine) => {
    expect(fqdnProblem(text) === undefined).toBe(fine);
  });

  it.each([['*', true], ['*.a.b', true], ['*-x.a', true], ['*x.a', true], ['x*.a', false], ['a.*', false], ['**.a', false], ['10.0.0.1', false]])('wildcard %s: %s', (text, fine) => {
    expect(wildcardDomainProblem(text) === undefined).toBe(fine);
  });

  it.each([['app', true], ['example.com/app', true], ['a_b.c', true], ['/a', false], ['a/', false], ['a/b/c', false], ['', false], ['x y', false]])('label key %j: %s', (key, fine) => {
    expect(labelKeyProblem(key) === undefined).toBe(fine);
  });

  it('tell values, objects and headers', () => {
    expect([isLabelValue(''), isLabelValue('a_B.1'), isLabelValue('a+b'), isLabelValue('x'.repeat(64))]).toEqual([true, true, false, false]);
    expect([isObjectName('a.b-c'), isObjectName('A'), isObjectName('a..b')]).toEqual([true, false, false]);
    expect([isHeaderName('x-a_b!'), isHeaderName('x y'), isHeaderName(''), isHeaderName('é')]).toEqual([true, false, false, false]);
    expect(['200', '599', '503', '+404', 'x', '306'].filter(isRegisteredStatus)).toEqual(['200', '503', '+404']);
  });
});

describe('header values', () => {
  it.each(['', 'plain', '100%%', '%REQ(x)%', 'a %REQ(x)% b', '%START_TIME(%%Y)%', '%X(["a", "b\\"c"])%', '%X( ["a"] ) %', '\ttab', '%a%%b%'])('may be %j', (value) => {
    expect(headerValueProblem(value)).toBeUndefined();
  });

  it.each(['50%', '%', '%REQ(x', '%REQ(x)', '%REQ(x):3%', '%X([a])%', '%X(["a" b])%', 'a\nb', 'a\r', '\u0000', '\u007f', '%X()%'])('must not be %j', (value) => {
    expect(headerValueProblem(value)).toMatch(/^must /);
  });
});

describe('localities', () => {
  it.each([
    [['a', 'b/c', 'b/d/e', 'b/d/f', '*']], [['a/*', 'b']], [['a/b', 'a/*']], [[]],
  ])('%j do not overlap', (localities) => {
    expect(localitiesProblem(localities)).toBeUndefined();
  });

  it.each([
    [['a', 'a'], 1], [['a', 'a/b'], 1], [['a/b', 'a'], 1], [['a/*', 'a/b'], 1], [['a/b/*', 'a/b/c'], 1], [['a/b/c', 'a/b'], 1], [['x', '*', 'a'], 2], [['a/b/c', 'a/b/c'], 1],
    [['a//b'], 0], [[''], 0], [['*/a'], 0], [['a**'], 0],
  ])('%j fail at %i', (localities, index) => {
    expect(localitiesProblem(localities)?.index).toBe(index);
  });
});
