import { describe, it } from 'vitest';
import { FAULT_CASES } from './fault.cases.ts';
import { play } from './pair-case.ts';
import { TIMEOUT_CASES } from './timeout.cases.ts';

const CASES = [...FAULT_CASES, ...TIMEOUT_CASES];

describe('every pair of policies', () => {
  it.each(CASES.map((one) => [`${one.pair.join(' × ')}: ${one.rule}`, one] as const))('%s', (_name, one) => play(one));
});
