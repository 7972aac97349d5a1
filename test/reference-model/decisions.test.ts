import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { counterexample } from './counterexample.ts';
import { differences } from './differences.ts';
import { requestFrom, requestSeeds } from './generate/requests.ts';
import type { RequestSeed } from './generate/requests.ts';
import { worlds } from './generate/worlds.ts';
import type { Answer } from './model/answer.ts';
import { answer } from './model/model.ts';
import type { World } from './model/resources.ts';
import { PROBE } from './probe.ts';
import { answerOf, compile } from './system.ts';

// Random configurations and calls: ts-mesh decides each as the reference model does. PROPERTY_FACTOR=20, as in npm run test:full,
// makes it 2,000 configurations with 50 calls each.

const IS_FULL = process.env['PROPERTY_FACTOR'] !== undefined;
const CONFIGURATIONS = 100 * Number(process.env['PROPERTY_FACTOR'] ?? 1);
const CALLS = 50;

/** Far more than it takes, since these runs are a promise and other work may take the processor. */
const TIMEOUT_MS = IS_FULL ? 3_600_000 : 120_000;

/** Time for a smaller counterexample. */
const SHRINK_MS = 20_000;

/** What the two say differently, told so that a person can see who is wrong. */
function disagreement(world: World, seeds: readonly RequestSeed[], met: Map<string, number>): string | undefined {
  const snapshot = compile(world);
  for (const seed of seeds) {
    const call = requestFrom(seed, world);
    const expected = answer(world, call, PROBE);
    count(met, expected);
    const found = differences(expected, answerOf(snapshot, call, PROBE));
    if (found.length > 0) return counterexample(world, call, found);
  }
  return undefined;
}

function count(met: Map<string, number>, expected: Answer): void {
  const kinds: string[] = [expected.kind];
  if (expected.kind === 'forward') kinds.push(...expected.destinations.map(({ cluster }) => cluster.state), expected.rule === 'default' ? 'by default' : 'by rule');
  for (const kind of kinds) met.set(kind, (met.get(kind) ?? 0) + 1);
}

describe('the decisions of ts-mesh and of the reference model', () => {
  it(
    `agree on ${CONFIGURATIONS * CALLS} random calls`,
    () => {
      const met = new Map<string, number>();
      const property = fc.property(worlds, fc.array(requestSeeds, { minLength: CALLS, maxLength: CALLS }), (world, seeds) => {
        const told = disagreement(world, seeds, met);
        if (told !== undefined) throw new Error(told);
      });
      // `fc.check`, since more runs of `fc.assert` end after some seconds.
      const first = fc.check(property, { numRuns: CONFIGURATIONS, endOnFailure: true });
      if (first.failed) {
        const path = first.counterexamplePath ?? '';
        const smaller = fc.check(property, { seed: first.seed, path, numRuns: CONFIGURATIONS, interruptAfterTimeLimit: SHRINK_MS });
        expect.fail(`seed ${String(first.seed)}, path ${path}\n${String((smaller.failed ? smaller : first).errorInstance)}`);
      }

      // A generator that meets nothing would agree too.
      for (const kind of ['reply', 'no-route', 'passthrough', 'blackhole', 'no-listener', 'bad-path', 'by rule', 'by default', 'ready', 'empty', 'missing', 'dialled']) {
        expect([kind, (met.get(kind) ?? 0) > CONFIGURATIONS / 10]).toEqual([kind, true]);
      }
    },
    TIMEOUT_MS,
  );
});
