import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { counterexample } from './counterexample.ts';
import { contradictions, delayOf } from './exchange.ts';
import { requestFrom, requestSeeds } from './generate/requests.ts';
import type { RequestSeed } from './generate/requests.ts';
import { worlds } from './generate/worlds.ts';
import { answer } from './model/model.ts';
import type { World } from './model/resources.ts';
import { PROBE } from './probe.ts';
import { runMesh } from './running-mesh.ts';

// The same random configurations and calls as in decisions.test.ts, carried out by a whole mesh: what arrives at which endpoint, and
// what the caller gets, is what the reference model says.

const IS_FULL = process.env['PROPERTY_FACTOR'] !== undefined;
const CONFIGURATIONS = 20 * Number(process.env['PROPERTY_FACTOR'] ?? 1);
const CALLS = 20;

async function disagreement(world: World, seeds: readonly RequestSeed[], carriedOut: { calls: number; arrivals: number; copies: number }): Promise<string | undefined> {
  const mesh = await runMesh(world, PROBE, seeds.length);
  try {
    for (const seed of seeds) {
      const call = requestFrom(seed, world);
      const expected = answer(world, call, PROBE);
      // Bytes to the mesh, of which nothing can be told.
      if (expected.kind === 'no-listener') continue;
      const exchange = await mesh.send(call, delayOf(expected));
      carriedOut.calls++;
      carriedOut.arrivals += exchange.arrivals.length;
      carriedOut.copies += exchange.copies.length;
      const found = contradictions(expected, call, exchange, PROBE);
      if (found.length > 0) return counterexample(world, call, found);
    }
    return undefined;
  } finally {
    await mesh.close();
  }
}

describe('a running mesh and the reference model', () => {
  it(`agree on ${String(CONFIGURATIONS * CALLS)} random calls`, { timeout: IS_FULL ? 3_600_000 : 120_000 }, async () => {
    const carriedOut = { calls: 0, arrivals: 0, copies: 0 };
    const result = await fc.check(
      fc.asyncProperty(worlds, fc.array(requestSeeds, { minLength: CALLS, maxLength: CALLS }), async (world, seeds) => {
        const told = await disagreement(world, seeds, carriedOut);
        if (told !== undefined) throw new Error(told);
      }),
      { numRuns: CONFIGURATIONS, endOnFailure: true },
    );

    if (result.failed) expect.fail(`seed ${String(result.seed)}, path ${result.counterexamplePath ?? ''}\n${String(result.errorInstance)}`);
    expect(carriedOut.calls).toBeGreaterThan((CONFIGURATIONS * CALLS) / 2);
    expect(carriedOut.arrivals).toBeGreaterThan((CONFIGURATIONS * CALLS) / 10);
  });
});
