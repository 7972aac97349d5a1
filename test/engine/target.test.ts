import { describe, expect, it } from 'vitest';
import { parseOrigin } from '../../src/engine/target.ts';

describe('parseOrigin', () => {
  it.each([
    ['http://reviews', { scheme: 'http', authority: 'reviews', hostname: 'reviews', port: 80 }],
    ['http://reviews:80', { scheme: 'http', authority: 'reviews', hostname: 'reviews', port: 80 }],
    ['http://reviews:9080', { scheme: 'http', authority: 'reviews:9080', hostname: 'reviews', port: 9080 }],
    ['http://Reviews.Default', { scheme: 'http', authority: 'reviews.default', hostname: 'reviews.default', port: 80 }],
    ['https://reviews', { scheme: 'https', authority: 'reviews', hostname: 'reviews', port: 443 }],
    ['https://reviews:443', { scheme: 'https', authority: 'reviews', hostname: 'reviews', port: 443 }],
    ['https://reviews:80', { scheme: 'https', authority: 'reviews:80', hostname: 'reviews', port: 80 }],
    ['http://[::1]:8080', { scheme: 'http', authority: '[::1]:8080', hostname: '::1', port: 8080 }],
    ['http://10.0.0.1', { scheme: 'http', authority: '10.0.0.1', hostname: '10.0.0.1', port: 80 }],
    ['http://user:secret@reviews:9080/path?x#y', { scheme: 'http', authority: 'reviews:9080', hostname: 'reviews', port: 9080 }],
  ])('%s', (origin, target) => {
    expect(parseOrigin(origin)).toEqual(target);
    expect(parseOrigin(new URL(origin))).toEqual(target);
  });

  it.each(['', 'reviews', '/path', 'ftp://reviews', 'file:///x', 'http://', 'http://reviews:99999', 'http://re views'])('refuses %j', (origin) => {
    expect(() => parseOrigin(origin)).toThrow(TypeError);
  });

  it('remembers what it has read, but not endlessly much', () => {
    const first = parseOrigin('http://remembered.test');
    expect(parseOrigin('http://remembered.test')).toBe(first);

    for (let i = 0; i < 5000; i++) parseOrigin(`http://host-${i}.test`);

    const again = parseOrigin('http://remembered.test');
    expect(again).not.toBe(first);
    expect(again).toEqual(first);
    expect(parseOrigin('http://remembered.test')).toBe(again);
  });
});
