import { expect, it } from 'vitest';
import type { Steps } from '../../src/common/steps.ts';
import { TimeSlices } from '../../src/discovery/time-slices.ts';

function* busy(steps: number, ms: number): Steps<string> {
  for (let i = 0; i < steps; i++) {
    const end = performance.now() + ms;
    while (performance.now() < end);
    yield;
  }
  return 'done';
}

/** How often others had their turn while `steps` were taken, and the result. */
async function turnsDuring(steps: Steps<string>): Promise<{ result: string; turns: number }> {
  let turns = -1;
  let isOver = false;
  const count = (): void => {
    turns++;
    if (!isOver) setImmediate(count);
  };
  setImmediate(count);
  const result = await new TimeSlices().run(steps);
  isOver = true;
  return { result, turns: Math.max(0, turns) };
}

it('lets others have their turn between the steps of long work', async () => {
  const { result, turns } = await turnsDuring(busy(200, 0.5));

  expect(result).toBe('done');
  // 100 ms of work in slices of 5 ms, of 32 steps at least: six of 16 ms.
  expect(turns).toBeGreaterThanOrEqual(4);
});

it('does work of a few steps in one go, however long they take', async () => {
  expect(await turnsDuring(busy(20, 2))).toEqual({ result: 'done', turns: 0 });
});

it('passes on what a step throws', async () => {
  const failing = function* (): Steps<string> {
    yield;
    throw new Error('bad step');
  };
  await expect(new TimeSlices().run(failing())).rejects.toThrow('bad step');
});
