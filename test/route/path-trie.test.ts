import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PathTrie, type PathKey } from '../../src/route/path-trie.ts';

/** Every position that the walk offers, in order; none of them is taken. */
function offered(trie: PathTrie, path: string, end = path.length): number[] {
  const positions: number[] = [];
  trie.first(path, end, Infinity, (position) => positions.push(position) === 0, undefined);
  return positions;
}

const fits = ({ kind, text }: PathKey, path: string): boolean => (kind === 'exact' ? path === text : path.startsWith(text));

const text = fc.oneof(fc.stringMatching(/^[ab/]{0,6}$/), fc.stringMatching(/^[a-z\u{80}-\u{ffff}/]{0,3}$/u));
const key = fc.option(fc.record({ kind: fc.constantFrom<PathKey['kind']>('exact', 'prefix'), text }), { nil: undefined });

describe('PathTrie', () => {
  it('offers the keys that a path fits, and no others', () => {
    fc.assert(
      fc.property(fc.array(key, { maxLength: 40 }), text, (keys, path) => {
        const expected = keys.flatMap((each, position) => (each !== undefined && fits(each, path) ? [position] : []));
        expect(offered(new PathTrie(keys), path).toSorted((a, b) => a - b)).toEqual(expected);
      }),
      { numRuns: 1000 },
    );
  });

  it('finds the first that holds, before a limit', () => {
    const held = fc.uniqueArray(fc.nat(40));
    fc.assert(
      fc.property(fc.array(key, { maxLength: 40 }), text, held, fc.nat(45), (keys, path, holding, limit) => {
        const holds = (position: number): boolean => holding.includes(position);
        const first = keys.findIndex((each, position) => position < limit && each !== undefined && fits(each, path) && holds(position));
        expect(new PathTrie(keys).first(path, path.length, limit, holds, undefined)).toBe(first === -1 ? limit : first);
      }),
      { numRuns: 1000 },
    );
  });

  it('looks no further than the end of the path', () => {
    const trie = new PathTrie([{ kind: 'prefix', text: '/a?' }, { kind: 'exact', text: '/a' }, { kind: 'prefix', text: '/a' }]);

    expect(offered(trie, '/a?b', 2)).toEqual([2, 1]);
    expect(offered(trie, '/a?b', 1)).toEqual([]);
  });

  it('keeps the positions of one key in ascending order', () => {
    const trie = new PathTrie(['/a/b', '/a', '/a/c', '/a', '/a/b'].map((each) => ({ kind: 'prefix', text: each })));

    expect(offered(trie, '/a')).toEqual([1, 3]);
    expect(offered(trie, '/a/bc')).toEqual([1, 3, 0, 4]);
  });

  it('finds its way among many children', () => {
    // In an order of their own: who is looked for by halves must have been sorted.
    const texts = Array.from({ length: 300 }, (_, i) => `/${String.fromCharCode(33 + ((i * 97) % 300))}x`);
    const trie = new PathTrie(texts.map((each) => ({ kind: 'exact', text: each })));

    texts.forEach((each, position) => expect(offered(trie, each)).toEqual([position]));
    expect(offered(trie, '/ x')).toEqual([]);
  });

  it('takes no position for a child', () => {
    // Behind the only child of the root lie the positions of the root itself: 97, as 'a', and 8, as where that child lies.
    const keys: (PathKey | undefined)[] = Array.from({ length: 98 }, () => undefined);
    keys[0] = { kind: 'prefix', text: 'b' };
    keys[8] = { kind: 'exact', text: '' };
    keys[97] = { kind: 'prefix', text: '' };

    expect(offered(new PathTrie(keys), 'a')).toEqual([97]);
    expect(offered(new PathTrie(keys), 'b')).toEqual([97, 0]);
  });

  it('has no trouble with prefixes within each other, or a great many keys', () => {
    const nested = Array.from({ length: 3000 }, (_, i) => ({ kind: 'prefix' as const, text: 'a'.repeat(i) }));
    expect(offered(new PathTrie(nested), 'a'.repeat(10))).toHaveLength(11);

    const same = Array.from({ length: 200_000 }, () => ({ kind: 'prefix' as const, text: '/' }));
    expect(new PathTrie(same).first('/x', 2, Infinity, (position) => position === 199_999, undefined)).toBe(199_999);
  });
});
