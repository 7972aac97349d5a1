import { describe, expect, it } from 'vitest';
import { ACTIVE_LIMIT_CASES } from './active-limit.cases.ts';
import { DESTINATION_CASES } from './destination.cases.ts';
import { FAULT_CASES } from './fault.cases.ts';
import { LIMIT_CASES } from './limit.cases.ts';
import { MESSAGE_CASES } from './message.cases.ts';
import { play, refusal } from './pair-case.ts';
import { allPairs, type Pair } from './policies.ts';
import { REFUSED_PAIRS, REPLY_CASES } from './reply.cases.ts';
import { RETRY_CASES } from './retry.cases.ts';
import { TIMEOUT_CASES } from './timeout.cases.ts';

const CASES = [
  ...FAULT_CASES, ...TIMEOUT_CASES, ...RETRY_CASES, ...LIMIT_CASES, ...ACTIVE_LIMIT_CASES,
  ...DESTINATION_CASES, ...MESSAGE_CASES, ...REPLY_CASES,
];
const nameOf = (pair: Pair): string => pair.join(' × ');

describe('two policies at once', () => {
  it.each(CASES.map((one) => [`${nameOf(one.pair)}: ${one.rule}`, one] as const))('%s', (_name, one) => play(one));

  it.each(REFUSED_PAIRS.map((one) => [`${nameOf(one.pair)} are refused: ${one.refused}`, one] as const))('%s', async (_name, one) => {
    expect(await refusal(one)).toMatch(/redirect|directResponse/);
  });

  it('every pair has a case, or the reason why the two can\'t meet', () => {
    const covered = new Set([...CASES, ...REFUSED_PAIRS].map(({ pair }) => nameOf(pair)));

    expect(allPairs().map(nameOf).filter((name) => !covered.delete(name))).toEqual([]);
    expect([...covered], 'pairs that are none, or the wrong way round').toEqual([]);
  });
});
