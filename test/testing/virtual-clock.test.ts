import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../src/testing/index.ts';

describe('VirtualClock', () => {
  it('stands still until it is moved, then fires what comes due, in order', async () => {
    const clock = new VirtualClock();
    const fired: string[] = [];
    clock.setTimeout(() => fired.push(`late ${clock.now()}`), 20);
    clock.setTimeout(() => fired.push(`early ${clock.now()}`), 10);
    clock.setTimeout(() => fired.push(`second of two ${clock.now()}`), 10);
    clock.clearTimeout(clock.setTimeout(() => fired.push('never'), 5));

    await clock.advance(9);
    expect([fired, clock.now(), clock.pending]).toEqual([[], 9, 3]);
    await clock.advance(11);

    expect(fired).toEqual(['early 10', 'second of two 10', 'late 20']);
    expect([clock.now(), clock.pending]).toEqual([20, 0]);
  });

  it('lets promises and immediates run between timers, and they may set further ones', async () => {
    const clock = new VirtualClock();
    const fired: string[] = [];
    clock.setTimeout(() => {
      setImmediate(() => setImmediate(() => void Promise.resolve().then(() => clock.setTimeout(() => fired.push(`between ${clock.now()}`), 5))));
    }, 10);
    clock.setTimeout(() => fired.push(`after ${clock.now()}`), 20);

    await clock.advance(100);

    expect(fired).toEqual(['between 15', 'after 20']);
  });

  it('tells the time of day from its epoch', async () => {
    const clock = new VirtualClock(Date.UTC(2030, 0, 1));
    await clock.advance(1500);

    expect(new Date(clock.wallNow()).toISOString()).toBe('2030-01-01T00:00:01.500Z');
  });
});
