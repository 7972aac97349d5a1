import { parseArgs } from 'node:util';
import type { Scenario } from './scenario.ts';

export interface DemoArguments {
  readonly scenarios: readonly Scenario[];
  readonly list: boolean;
  readonly help: boolean;
  readonly verbose: boolean;
  /** What delays and budgets are divided by. */
  readonly divisor: number;
}

/** A wrong argument; its message is for the user. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export const USAGE = `npm start -- [options]

  --only ID[,ID…]  run these scenarios only
  --verbose        show what happens inside, and the observations
  --real-time      the walk-throughs' own delays, not a fifth of them
  --list           name the scenarios and end
  --help           this text
`;

/** As quick as leaves a busy machine room between a delay and the budget next to it. */
export const SHRUNK = 5;

/** @throws {UsageError} */
export function readArguments(argv: readonly string[], all: readonly Scenario[]): DemoArguments {
  const values = parse(argv);
  const { list = false, help = false, verbose = false } = values;
  const scenarios = values.only === undefined ? all : pick(values.only, all);
  return { scenarios, list, help, verbose, divisor: values['real-time'] ? 1 : SHRUNK };
}

function parse(argv: readonly string[]) {
  try {
    const boolean = { type: 'boolean' } as const;
    const options = { only: { type: 'string', multiple: true }, verbose: boolean, 'real-time': boolean, list: boolean, help: boolean } as const;
    return parseArgs({ args: [...argv], options }).values;
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\n\n${USAGE}`);
  }
}

function pick(wanted: readonly string[], all: readonly Scenario[]): Scenario[] {
  const ids = wanted.flatMap((list) => list.split(',')).map((id) => id.trim().toUpperCase()).filter((id) => id !== '');
  const known = all.map((scenario) => scenario.id).join(' ');
  if (ids.length === 0) throw new UsageError(`--only needs the id of a scenario: ${known}`);
  const unknown = ids.filter((id) => !all.some((scenario) => scenario.id === id));
  if (unknown.length > 0) {
    const which = unknown.length === 1 ? `no scenario ${unknown[0]}` : `no scenarios ${unknown.join(', ')}`;
    throw new UsageError(`there is ${which}; there are ${known} (npm start -- --list tells what they are)`);
  }
  return all.filter((scenario) => ids.includes(scenario.id));
}
