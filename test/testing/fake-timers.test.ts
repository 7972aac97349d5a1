import { afterEach, describe, expect, it, vi } from 'vitest';
import { createTestMesh } from '../../src/testing/index.ts';
import { BOOKS } from './rules.ts';

const RATINGS = 'http://ratings:9080/';

afterEach(() => vi.useRealTimers());

describe('a test mesh under fake timers', () => {
  it('has time of its own: calls with delays and the mesh\'s own answers are there at once', async () => {
    vi.useFakeTimers();
    await using mesh = await createTestMesh(BOOKS);
    using _ = mesh.fault('ratings', { delay: '7s' });
    const began = Date.now();

    expect(await (await mesh.fetch(RATINGS)).json()).toMatchObject({ service: 'ratings' });
    using _aborted = mesh.fault('ratings', { status: 503, at: 'route' });
    expect((await mesh.fetch(RATINGS)).status).toBe(503);
    expect((await mesh.request(RATINGS)).statusCode).toBe(503);

    expect([mesh.clock.now(), Date.now() - began]).toEqual([7000, 0]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('also when they begin and end in the middle of a call', async () => {
    await using mesh = await createTestMesh(BOOKS, { clock: 'manual' });
    using _ = mesh.fault('ratings', { delay: '7s' });
    const call = mesh.fetch(RATINGS);
    await mesh.clock.advance('3s');
    vi.useFakeTimers();
    await mesh.clock.advance('3s');
    vi.useRealTimers();
    await mesh.clock.advance('1s');

    expect((await call).status).toBe(200);
  });

  it('with the process\'s time is moved by them, along with the code under test', async () => {
    vi.useFakeTimers();
    const mesh = await createTestMesh(BOOKS, { clock: 'real' });
    using _ = mesh.fault('ratings', { delay: '7s' });
    const patient = mesh.fetch(RATINGS).then(({ status }) => status);
    const giveUp = new AbortController();
    setTimeout(() => giveUp.abort(new Error('3 s are enough')), 3000);
    const impatient = mesh.fetch(RATINGS, { signal: giveUp.signal }).catch((error: Error) => error.message);

    await vi.advanceTimersByTimeAsync(3000);
    expect(await impatient).toBe('3 s are enough');
    await vi.advanceTimersByTimeAsync(4000);
    expect(await patient).toBe(200);

    await expect(mesh.clock.advance(1)).rejects.toThrow('fake timers');
    await mesh.close();
  });
});
