import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { expect } from 'vitest';

/** Runs of all models together; `npm run test:full` makes a hundred thousand. */
export const MODEL_RUNS = Number(process.env['TS_MESH_MODEL_RUNS'] ?? 1500);

/** Enough for a slow machine that has other things to do. */
export const MODEL_TIMEOUT_MS = 20_000 + MODEL_RUNS * 10;

/** Commands of one run. Short runs, since many of them meet more than few long ones; of any length up to that, which is what `max` says. */
export const COMMANDS = { maxCommands: 30, size: 'max' } as const;

/**
 * Tries `property` as many times as is this share of all model runs.
 *
 * Not by `fc.assert`, which may end early without a word when it is given a time limit.
 *
 * @throws {Error} with the shortest commands that make it fail; or when fewer runs were made than asked for.
 */
export async function runModel<T>(share: number, property: fc.IRawProperty<T>): Promise<void> {
  const numRuns = Math.round(MODEL_RUNS * share);
  const result = await fc.check(property, { numRuns });
  if (result.failed) throw new Error(await fc.asyncDefaultReportMessage(result), { cause: result.errorInstance });
  if (result.interrupted || result.numRuns !== numRuns) throw new Error(`${result.numRuns} runs in place of ${numRuns}`);
}

/** `expect(actual).toEqual(expected)`, cheap as long as they are equal: models are compared millions of times. */
export function expectSame(actual: unknown, expected: unknown): void {
  if (!isDeepStrictEqual(actual, expected)) expect(actual).toEqual(expected);
}
