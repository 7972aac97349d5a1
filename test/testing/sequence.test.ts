import { describe, expect, it } from 'vitest';
import { sequence } from '../../src/testing/sequence.ts';

describe('sequence', () => {
  it('gives its values in order', () => {
    const random = sequence(0.25, 0, 0.75);

    expect([random(), random(), random()]).toEqual([0.25, 0, 0.75]);
  });

  it('throws when drawn too often, saying which draw it was', () => {
    const random = sequence(0.5);
    random();

    expect(() => random()).toThrow('draw 2 of 1');
    expect(() => sequence()()).toThrow('draw 1 of 0');
  });
});
