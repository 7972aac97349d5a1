// Set up only when PROPERTY_FACTOR is set: every property is tried so many times as often as it asks for, or for
// PROPERTY_TIME_LIMIT_MS, whichever ends first.
import type * as FastCheck from 'fast-check';
import { vi } from 'vitest';

const factor = Number(process.env['PROPERTY_FACTOR']);

/** By default below the timeouts that tests set for themselves. */
const TIME_LIMIT_MS = Number(process.env['PROPERTY_TIME_LIMIT_MS'] ?? 15_000);

vi.mock('fast-check', async (importOriginal) => {
  const original = await importOriginal<typeof FastCheck>();
  const { assert: check, ...rest } = original.default;
  const assert = ((property: never, parameters: { numRuns?: number } = {}) =>
    check(property, { ...parameters, numRuns: (parameters.numRuns ?? 100) * factor, interruptAfterTimeLimit: TIME_LIMIT_MS })) as typeof check;
  return { ...original, assert, default: { ...rest, assert } };
});
