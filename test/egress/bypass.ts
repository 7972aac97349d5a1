import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MeshError } from '../../src/index.ts';
import { outcomeOf, type Trick } from './trick.ts';
import { openWorld, Servers } from './world.ts';

const ADVICE = /\(add a ServiceEntry for host .+, port \d+\)$/;

/** Tries `subjects`: each trick against a world of its own, in which nothing may be reached that is not registered. */
export function tryOut(subjects: Readonly<Record<string, readonly Trick[]>>): void {
  let servers: Servers;
  beforeAll(async () => {
    servers = await Servers.start();
  });
  afterAll(() => servers.close());

  describe.each(Object.entries(subjects))('under REGISTRY_ONLY, %s', (_, tricks) => {
    const cases = tricks.flatMap((trick) => trick.attempts.map((attempt) => ({ ...trick, ...attempt })));

    it.each(cases)('$trick, through $door: $outcome', async ({ run, outcome, dns, blocked = true }: Trick & Trick['attempts'][number]) => {
      const world = await openWorld(servers, dns === undefined ? {} : { dns });
      try {
        let error: unknown;
        expect(await outcomeOf(() => run(world), (thrown) => (error = thrown))).toBe(outcome);
        if (outcome === 'ERR_EGRESS_BLOCKED') {
          const { cause = error } = error as { cause?: unknown };
          const { explanation, message } = cause as MeshError;
          expect([explanation?.kind, explanation?.reason]).toEqual(['blocked', expect.stringMatching(ADVICE)]);
          expect(message).toMatch(ADVICE);
        }
        // A mirror or a retry would follow on its own time.
        await new Promise((resolve) => setTimeout(resolve, 5));
        expect(world.canary.reached).toEqual([]);
        expect(world.blocked).toHaveLength(blocked ? 1 : 0);
        expect(world.mesh.stats(/egress/)).toEqual({ 'ts_mesh.egress_blocked': blocked ? 1 : 0 });
        if (!blocked) return;
        expect(world.blocked[0]).toMatch(ADVICE);
        expect(world.log.filter((line) => / 502 - direct_response | 0 UH /.test(line))).toHaveLength(1);
      } finally {
        await world.close();
      }
    });
  });
}
