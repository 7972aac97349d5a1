import { describe, expect, it } from 'vitest';
import { UpdateWindow } from '../../src/cluster/update-window.ts';

/** Makes a change at each time; tells when each application happened. */
function applications(changes: readonly number[], until = 10_000): readonly number[] {
  const window = new UpdateWindow();
  const applied: number[] = [];
  const apply = (at: number): void => {
    window.applied(at);
    applied.push(at);
  };
  for (let now = 0; now <= until; now++) {
    if (now >= window.dueAt) apply(now);
    if (changes.includes(now) && window.admit(now)) apply(now);
  }
  return applied;
}

describe('UpdateWindow', () => {
  it.each([
    { name: 'a first change at once', changes: [5], applied: [5] },
    { name: 'another within a second one second after it was made', changes: [5, 300], applied: [5, 1300] },
    { name: 'one exactly a second later still waits', changes: [5, 1005], applied: [5, 2005] },
    { name: 'one more than a second later at once', changes: [5, 1006], applied: [5, 1006] },
    { name: 'changes that come while one waits go along', changes: [0, 300, 600, 900], applied: [0, 1300] },
    { name: 'the window counts from the last application', changes: [0, 300, 2000], applied: [0, 1300, 3000] },
    { name: 'a change at once takes along the one that waits', changes: [0, 900, 1001], applied: [0, 1001] },
  ])('applies $name', ({ changes, applied }) => {
    expect(applications(changes)).toEqual(applied);
  });
});
