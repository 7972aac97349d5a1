import { describe, expect, it } from 'vitest';
import { SubsetResolver } from '../../src/cluster/subset-resolver.ts';
import { endpoint } from './support.ts';

const v1a = endpoint(1, { labels: { app: 'reviews', version: 'v1', track: 'canary' } });
const v1b = endpoint(2, { labels: { app: 'reviews', version: 'v1' } });
const v2 = endpoint(3, { labels: { app: 'reviews', version: 'v2' } });
const plain = endpoint(4);

const resolver = new SubsetResolver(
  [v1a, v1b, v2, plain],
  [
    { name: 'v1', labels: { version: 'v1' } },
    { name: 'canary', labels: { version: 'v1', track: 'canary' } },
    { name: 'all', labels: {} },
    { name: 'none', labels: { version: 'v9' } },
    { name: 'inherited', labels: { constructor: 'v1' } },
    { name: 'v1', labels: { version: 'v2' } },
  ],
);

describe('SubsetResolver', () => {
  it.each([
    ['', [v1a, v1b, v2, plain]],
    ['v1', [v1a, v1b]],
    ['canary', [v1a]],
    ['all', [v1a, v1b, v2, plain]],
    ['none', []],
    ['inherited', []],
  ])('resolves %j', (subset, expected) => {
    expect(resolver.resolve(subset)).toEqual(expected);
  });

  it('tells an undeclared subset from an empty one', () => {
    expect(resolver.resolve('v3')).toBeUndefined();
    expect(resolver.resolve('none')).toEqual([]);
  });

  it('takes the first of two subsets with one name', () => {
    expect(resolver.resolve('v1')).not.toContain(v2);
  });

  it('gives the same list each time', () => {
    expect(resolver.resolve('v1')).toBe(resolver.resolve('v1'));
  });
});
