import { describe, expect, it } from 'vitest';
import { similarNames } from '../../src/route/similar-names.ts';

describe('similarNames', () => {
  it.each([
    ['reviws', ['reviews', 'ratings', 'details'], ['reviews']],
    ['review', ['details', 'reviews-v2', 'reviews'], ['reviews']],
    ['reviews', ['reviews', 'reviewer', 'revue'], ['reviewer']],
    ['reviews.prod', ['reviews.default', 'reviews.default.svc.cluster.local', 'reviews', 'ratings.prod'], ['reviews.default', 'reviews.default.svc.cluster.local', 'ratings.prod']],
    ['aaaa', ['aaab', 'aaac', 'aaad', 'aaae'], ['aaab', 'aaac', 'aaad']],
    ['abc', ['xyz', '*.bc', ''], []],
  ])('for %j of %j are %j', (name, names, expected) => {
    expect(similarNames(name, names)).toEqual(expected);
  });
});
