import { describe, expect, it } from 'vitest';
import { hostOf, portStart } from '../../src/route/authority.ts';
import { Mirror, shadowAuthority } from '../../src/route/mirror.ts';
import { sequence } from '../../src/testing/sequence.ts';

describe('Mirror', () => {
  it.each([
    [50, 0.499999, true],
    [50, 0.5, false],
    [100, 0.999999, true],
    [0.0001, 0, true],
    [0.0001, 0.000001, false],
  ])('of %s percent, a draw of %s copies: %s', (percentage, draw, copies) => {
    expect(new Mirror({ cluster: 'v2', percentage }).decide(sequence(draw))).toBe(copies);
  });

  it('draws nothing for 0 percent', () => {
    expect(new Mirror({ cluster: 'v2', percentage: 0 }).decide(sequence())).toBe(false);
  });
});

describe('shadowAuthority', () => {
  it.each([
    ['a', 'a-shadow'],
    ['a:80', 'a-shadow:80'],
    ['[::1]:80', '[::1]-shadow:80'],
    ['[::1]', '[::1]-shadow'],
  ])('%j becomes %j', (authority, shadow) => {
    expect(shadowAuthority(authority)).toBe(shadow);
  });
});

describe('authority', () => {
  it.each([
    ['a', -1, 'a'],
    ['A.b:80', 3, 'a.b'],
    ['a:', 1, 'a'],
    ['[::1]:80', 5, '[::1]'],
    ['[::1]', -1, '[::1]'],
    ['::1', -1, '::1'],
    ['', -1, ''],
  ])('%j has its port at %i and the host %j', (authority, at, host) => {
    expect(portStart(authority)).toBe(at);
    expect(hostOf(authority)).toBe(host);
  });
});
