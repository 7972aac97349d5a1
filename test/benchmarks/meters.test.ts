import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { AllocationMeter } from '../../benchmarks/lib/allocation.ts';
import { watchLoop } from '../../benchmarks/lib/blocking.ts';
import { inRounds } from '../../benchmarks/lib/rounds.ts';

/** Keeps the processor for so long. */
function spin(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end; ) continue;
}

describe('the meter of allocations', () => {
  it('counts what was taken, also what was collected meanwhile', () => {
    const meter = new AllocationMeter();
    let last: unknown[] = [];
    // 1,000 pointers of 8 bytes, and two words before them.
    for (let i = 0; i < 10_000; i++) last = Array.from<undefined>({ length: 1000 }).fill(undefined);
    const { bytes, gcMs } = meter.stop();

    expect(last).toHaveLength(1000);
    expect(bytes / 80_160_000).toBeGreaterThan(0.9);
    expect(bytes / 80_160_000).toBeLessThan(2.5);
    expect(gcMs).toBeGreaterThan(0);
  });

  it('counts next to nothing where nothing is taken', () => {
    const meter = new AllocationMeter();

    expect(meter.stop().bytes).toBeLessThan(1_000_000);
  });
});

describe('the watch on the event loop', () => {
  it('tells the longest stretch, not the sum', async () => {
    const { tookMs, blockedMs } = await watchLoop(async () => {
      for (const ms of [20, 60, 20]) {
        spin(ms);
        await nextTurn();
      }
    });

    expect(blockedMs).toBeGreaterThanOrEqual(60);
    expect(tookMs).toBeGreaterThanOrEqual(100);
    expect(blockedMs).toBeLessThan(tookMs - 35);
  });

  it('sees what blocks without any pause', async () => {
    expect((await watchLoop(async () => spin(30))).blockedMs).toBeGreaterThanOrEqual(30);
  });

  it('does not take waiting for blocking', async () => {
    const { tookMs, blockedMs } = await watchLoop(() => sleep(60));

    expect(blockedMs).toBeLessThan(tookMs);
  });
});

describe('rounds', () => {
  it('reverse the order each time and keep results in the order of the rounds', async () => {
    const measured: string[] = [];
    const results = await inRounds(['a', 'b'], 3, async (name) => measured.push(name));

    expect(measured).toEqual(['a', 'b', 'b', 'a', 'a', 'b']);
    expect([...results]).toEqual([['a', [1, 4, 5]], ['b', [2, 3, 6]]]);
  });
});
