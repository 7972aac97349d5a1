import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../src/engine/system-clock.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("the system's timers", () => {
  it('fire in order, each when it is due', () => {
    const fired: string[] = [];
    const start = performance.now();
    for (const [at, delayMs] of [[0, 500], [30, 500], [40, 200], [300, 500]] as const) {
      setTimeout(() => systemClock.setTimeout(() => fired.push(`${at}+${delayMs} at ${Math.round(performance.now() - start)}`), delayMs), at);
    }
    vi.advanceTimersByTime(2000);

    expect(fired).toEqual(['40+200 at 240', '0+500 at 500', '30+500 at 530', '300+500 at 800']);
  });

  it('use one timer of Node for all of one delay', () => {
    const before = vi.getTimerCount();
    const handles = Array.from({ length: 100 }, () => systemClock.setTimeout(() => {}, 777));

    expect(vi.getTimerCount() - before).toBe(1);
    for (const handle of handles) systemClock.clearTimeout(handle);
  });

  it('leave no timer behind once they are cleared and their time is over', () => {
    for (let i = 0; i < 10; i++) systemClock.clearTimeout(systemClock.setTimeout(() => expect.fail('it was cleared'), 400));
    vi.advanceTimersByTime(2000);

    expect(vi.getTimerCount()).toBe(0);
  });

  it('are bounded in their queues, whatever delays callers ask for', () => {
    const fired: number[] = [];
    for (let i = 0; i < 1000; i++) systemClock.setTimeout(() => fired.push(i), 1000 + i);
    vi.advanceTimersByTime(3000);

    expect(fired).toEqual(Array.from({ length: 1000 }, (_, i) => i));
    expect(vi.getTimerCount()).toBe(0);
  });

  it('go on after one that throws', () => {
    const fired: string[] = [];
    systemClock.setTimeout(() => {
      throw new Error('mine');
    }, 300);
    systemClock.setTimeout(() => fired.push('second'), 300);

    expect(() => vi.advanceTimersByTime(301)).toThrow('mine');
    vi.advanceTimersByTime(10);
    expect(fired).toEqual(['second']);
  });

  it('may be set and cleared by those that fire', () => {
    const fired: string[] = [];
    systemClock.setTimeout(() => {
      fired.push('first');
      systemClock.clearTimeout(second);
      systemClock.setTimeout(() => fired.push('third'), 300);
    }, 300);
    const second = systemClock.setTimeout(() => fired.push('second'), 300);
    vi.advanceTimersByTime(1000);

    expect(fired).toEqual(['first', 'third']);
  });

  it('do nothing for handles that fired, or are none', () => {
    const handle = systemClock.setTimeout(() => {}, 300);
    vi.advanceTimersByTime(400);

    expect(() => {
      systemClock.clearTimeout(handle);
      systemClock.clearTimeout(undefined);
    }).not.toThrow();
  });

  it('fire just as plain ones, whatever is set and cleared meanwhile', () => {
    const step = fc.record({ afterMs: fc.integer({ min: 0, max: 120 }), delayMs: fc.constantFrom(20, 100, 150, 150.5, 400), clears: fc.option(fc.nat(20)) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const [ours, plain] = [run(steps, systemClock.setTimeout, systemClock.clearTimeout), run(steps, setTimeout, (handle) => clearTimeout(handle as never))];
        const unsure = clearedAsDue(steps);
        const certain = (all: typeof ours): number[] => all.map(({ which }) => which).filter((which) => !unsure.has(which)).sort();
        expect(certain(ours)).toEqual(certain(plain));
        for (const { which, at } of ours) expect(Math.abs(at - (plain.find((one) => one.which === which)?.at ?? at))).toBeLessThanOrEqual(1);
      }),
      {
        numRuns: 200,
        examples: [[[0, 0, 0, 0, 1, 33, 16, 101].map((afterMs, i) => ({ afterMs, delayMs: i === 3 || i === 4 ? 150.5 : 20, clears: i === 7 ? 4 : null }))]],
      },
    );
  });
});

interface Step {
  readonly afterMs: number;
  readonly delayMs: number;
  readonly clears: number | null;
}

/** Those that are cleared within the millisecond in which they are due: a fraction decides whether they fire before. */
function clearedAsDue(steps: readonly Step[]): ReadonlySet<number> {
  const unsure = new Set<number>();
  const due: number[] = [];
  let now = 0;
  for (const { afterMs, delayMs, clears } of steps) {
    now += afterMs;
    due.push(now + delayMs);
    if (clears !== null && Math.abs((due[clears] ?? Infinity) - now) <= 1) unsure.add(clears);
  }
  return unsure;
}

function run(steps: readonly Step[], set: (callback: () => void, delayMs: number) => unknown, clear: (handle: unknown) => void): { which: number; at: number }[] {
  const fired: { which: number; at: number }[] = [];
  const handles: unknown[] = [];
  const start = performance.now();
  steps.forEach(({ afterMs, delayMs, clears }, which) => {
    vi.advanceTimersByTime(afterMs);
    handles.push(set(() => fired.push({ which, at: performance.now() - start }), delayMs));
    if (clears !== null && clears < handles.length) clear(handles[clears]);
  });
  vi.advanceTimersByTime(1000);
  return fired;
}
