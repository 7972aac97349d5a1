import { describe, expect, it } from 'vitest';
import { POLICIES, type Case } from './case.ts';
import { FAULTS } from './cases/faults.ts';
import { play } from './play.ts';

const CASES: readonly Case[] = [...FAULTS];

const keyOf = (pair: readonly string[]): string => [...pair].sort().join(' × ');

describe('two policies at once:', () => {
  it.each(CASES.map((one) => [one.pair.join(' × '), one.rule, one] as const))('%s: %s', async (_pair, _rule, one) => {
    await play(one);
  });

  it('every pair has a case', () => {
    const covered = new Set(CASES.map(({ pair }) => keyOf(pair)));
    const missing = POLICIES.flatMap((first, i) => POLICIES.slice(i + 1).map((second) => [first, second])).filter((pair) => !covered.has(keyOf(pair)));

    expect(missing.map((pair) => pair.join(' × '))).toEqual([]);
  });
});
