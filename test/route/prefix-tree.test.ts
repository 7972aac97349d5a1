import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PrefixNode } from '../../src/route/prefix-tree.ts';

/** The positions met on the way down with `path`. */
function met(root: PrefixNode, path: string): number[] {
  const positions: number[] = [];
  let node: PrefixNode | undefined = root;
  for (let at = 0; node !== undefined; node = node.next(path, at)) {
    at += node.edge.length;
    positions.push(...node.positions);
  }
  return positions;
}

describe('PrefixNode', () => {
  it('meets the prefixes of a path and no others', () => {
    const text = fc.stringMatching(/^[ab/]{0,6}$/);
    fc.assert(
      fc.property(fc.array(text, { maxLength: 20 }), text, (prefixes, path) => {
        const root = new PrefixNode();
        prefixes.forEach((prefix, position) => root.insert(prefix, position));
        const expected = prefixes.flatMap((prefix, position) => (path.startsWith(prefix) ? [position] : []));
        expect(met(root, path).toSorted((a, b) => a - b)).toEqual(expected);
      }),
      { numRuns: 1000 },
    );
  });

  it('keeps the positions of one prefix in ascending order', () => {
    const root = new PrefixNode();
    ['/a/b', '/a', '/a/c', '/a', '/a/b'].forEach((prefix, position) => root.insert(prefix, position));

    expect(met(root, '/a')).toEqual([1, 3]);
    expect(met(root, '/a/bc')).toEqual([1, 3, 0, 4]);
  });
});
