import { describe, expect, it } from 'vitest';
import { SHRUNK } from '../../examples/demo/arguments.ts';
import { play } from '../../examples/demo/scenario.ts';
import { SCENARIOS } from '../../examples/demo/scenarios/index.ts';
import { Seeds } from '../../examples/demo/seeds.ts';

// What `npm start` shows, asserted through the very same objects. Times are a fifth of the walk-throughs'.
describe('the scenarios of the two walk-throughs', () => {
  it.each(SCENARIOS)('$id: $title', { timeout: 60_000 }, async (scenario) => {
    const notes: string[] = [];

    const { verdict } = await play(scenario, { seeds: new Seeds(SHRUNK), note: (text) => notes.push(text) });

    expect(verdict.failures, notes.join('\n')).toEqual([]);
    expect(verdict.pass).toBe(true);
  });

  it('are all there', () => {
    expect(SCENARIOS.map(({ id }) => id).join(' ')).toBe('K1 K2 K3 K4 K5 K6 K7 K8 K9 B1 B2 B3 B4 B5 B6 B7 B8 B9 B10 B11 B12 B13 B14 B15');
  });
});
