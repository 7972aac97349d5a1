import fc from 'fast-check';
import { expect, it } from 'vitest';
import { VirtualClock } from '../../src/testing/index.ts';

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('set' as const), delayMs: fc.integer({ min: -5, max: 50 }), background: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('clear' as const), which: fc.nat({ max: 40 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('advance' as const), ms: fc.integer({ min: 0, max: 40 }) }) },
);

/** A clock that looks through all its timers each time. */
class SlowClock {
  readonly timers: { id: number; dueMs: number; background: boolean }[] = [];
  readonly fired: string[] = [];
  nowMs = 0;

  advance(ms: number): void {
    const untilMs = this.nowMs + ms;
    const due = this.timers.filter(({ dueMs }) => dueMs <= untilMs).sort((a, b) => a.dueMs - b.dueMs || a.id - b.id);
    for (const timer of due) {
      this.fired.push(`${timer.id} at ${timer.dueMs}`);
      this.timers.splice(this.timers.indexOf(timer), 1);
    }
    this.nowMs = untilMs;
  }
}

it('fires what a clock without cleverness fires, in its order, and counts what is left', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const clock = new VirtualClock();
      const slow = new SlowClock();
      const fired: string[] = [];
      const handles: unknown[] = [];
      for (const each of steps) {
        if (each.do === 'set') {
          const id = handles.length;
          handles.push(clock.setTimeout(() => fired.push(`${id} at ${clock.now()}`), each.delayMs, each.background));
          slow.timers.push({ id, dueMs: slow.nowMs + Math.max(0, each.delayMs), background: each.background });
        } else if (each.do === 'clear') {
          clock.clearTimeout(handles[each.which]);
          const at = slow.timers.findIndex(({ id }) => id === each.which);
          if (at >= 0) slow.timers.splice(at, 1);
        } else {
          await clock.advance(each.ms);
          slow.advance(each.ms);
        }
        expect([clock.now(), clock.pending, clock.awaited]).toEqual([slow.nowMs, slow.timers.length, slow.timers.filter(({ background }) => !background).length]);
      }
      expect(fired).toEqual(slow.fired);
    }),
    { numRuns: 200 },
  );
});
