import { describe, expect, it } from 'vitest';
import { readArguments, UsageError } from '../../examples/demo/arguments.ts';
import { SCENARIOS } from '../../examples/demo/scenarios/index.ts';

const read = (...argv: string[]) => readArguments(argv, SCENARIOS);

describe('readArguments', () => {
  it('runs everything, a fifth of the time, by default', () => {
    expect(read()).toEqual({ scenarios: SCENARIOS, list: false, help: false, verbose: false, divisor: 5 });
  });

  it.each([
    [['--only', 'K8'], 'K8'],
    [['--only', 'b12,k8'], 'K8 B12'],
    [['--only', 'K8', '--only', 'B1', '--verbose'], 'K8 B1'],
  ])('%j picks %s, in the order of the walk-throughs', (argv, ids) => {
    expect(read(...argv).scenarios.map(({ id }) => id).join(' ')).toBe(ids);
  });

  it('keeps the original times with --real-time', () => {
    expect(read('--real-time').divisor).toBe(1);
  });

  it.each([
    [['--only', 'K10'], 'there is no scenario K10; there are K1 K2'],
    [['--only', 'K10,B99'], 'no scenarios K10, B99'],
    [['--only', ','], '--only needs the id of a scenario'],
    [['--onyl', 'K8'], "Unknown option '--onyl'"],
    [['K8'], 'Unexpected argument'],
  ])('%j is refused with a way out', (argv, message) => {
    expect(() => read(...argv)).toThrow(UsageError);
    expect(() => read(...argv)).toThrow(message);
  });
});
