import { describe, expect, it } from 'vitest';
import { similarNames } from '../../src/route/similar-names.ts';

describe('similarNames', () => {
  it.each([
    ['reviws', ['reviews', 'ratings', 'details'], ['reviews']],
    ['review', ['details', 'reviews-v2', 'reviews'], ['reviews']],
    ['reviews', ['reviews', 'reviewer', 'revue'], ['reviewer']],
    ['reviews.prod', ['reviews.default', 'reviews.default.svc.cluster.local', 'ratings.prod'], ['reviews.default', 'reviews.default.svc.cluster.local', 'ratings.prod']],
    // Its namespace is what a short name lacks, and a long one may have wrong.
    ['reviews', ['ratings.default', 'reviews.default'], ['reviews.default']],
    ['reviews.prod', ['reviews'], ['reviews']],
    ['prod.reviews', ['default.reviews'], []],
    // The nearest first, then the shortest, then by the alphabet; three at most.
    ['reviews', ['revie', 'reviewss', 'reviewz', 'review'], ['review', 'reviewz', 'reviewss']],
    ['aaaa', ['aaae', 'aaad', 'aaab', 'aaac'], ['aaab', 'aaac', 'aaad']],
    // A third of the letters may differ, and of a short name one.
    ['reviews', ['reviewer', 'revie', 'reviewsss', 'revi', 'reviewssss'], ['revie', 'reviewer', 'reviewsss']],
    ['reviews', ['revi', 'xxxiews'], []],
    ['ab', ['ac', 'a', 'abc', 'xy'], ['a', 'ac', 'abc']],
    ['kitten', ['sitting', 'mitten', 'kiten', 'smitten'], ['kiten', 'mitten', 'smitten']],
    ['abc', ['xyz', '*.bc', '*bc', ''], []],
  ])('for %j of %j are %j', (name, names, expected) => {
    expect(similarNames(name, names)).toEqual(expected);
  });
});
