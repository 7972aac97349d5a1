import { afterEach, describe, expect, it, vi } from 'vitest';
import { FailedAnswerError, withBreaker, type BreakerAnswer, type ProtectedCall } from '../../src/adapters/opossum.ts';

const open: Pick<ProtectedCall<never, never>, 'breaker'>[] = [];
/** Breakers keep timers; each one made in a test is shut down after it. */
function track<Call extends { breaker: ProtectedCall<never, never>['breaker'] }>(call: Call): Call {
  open.push(call);
  return call;
}

afterEach(() => {
  for (const { breaker } of open.splice(0)) breaker.shutdown();
});

describe('withBreaker', () => {
  it('passes a good answer through, arguments and all', async () => {
    const find = track(withBreaker(async (_signal, name: string, id: number) => new Response(`${name} ${id}`)));

    expect(await (await find('cheng', 1)).text()).toBe('cheng 1');
    expect(find.breaker.stats.successes).toBe(1);
  });

  it.each([
    { what: 'a thrown error', call: () => Promise.reject(new Error('connect ECONNREFUSED')), says: 'connect ECONNREFUSED' },
    { what: 'a 503', call: async () => new Response('no healthy upstream', { status: 503 }), says: 'status 503' },
    { what: 'a statusCode of 500', call: async () => ({ statusCode: 500 }), says: 'status 500' },
  ])('counts $what as an error and falls back', async ({ call, says }) => {
    const fallback = vi.fn((error: Error, name: string) => ({ guest: name, because: error.message }));
    const find = track(withBreaker(call as (signal: AbortSignal, name: string) => Promise<BreakerAnswer>, { fallback }));

    expect(await find('cheng')).toEqual({ guest: 'cheng', because: expect.stringContaining(says) });
    expect(find.breaker.stats).toMatchObject({ failures: 1, fallbacks: 1, successes: 0 });
  });

  it.each([200, 301, 404, 499])('does not count a %i', async (status) => {
    const find = track(withBreaker(async () => ({ status }), { fallback: () => ({ status: 0 }) }));

    expect((await find()).status).toBe(status);
  });

  it('opens after errors, calls no more, and tells the fallback why', async () => {
    const call = vi.fn(async () => ({ status: 503 }));
    const codes: unknown[] = [];
    const find = track(withBreaker(call, { fallback: (error) => codes.push((error as { code?: string }).code) }));

    await find();
    await find();

    expect(find.breaker.opened).toBe(true);
    expect(call).toHaveBeenCalledTimes(1);
    expect(codes).toEqual(['EFAILEDANSWER', 'EOPENBREAKER']);
  });

  it('closes again when the trial call after resetTimeout succeeds', async () => {
    let status = 503;
    const find = track(withBreaker(async () => ({ status }), { fallback: () => ({ status: 0 }), opossum: { resetTimeout: 20 } }));
    await find();
    status = 200;
    await vi.waitUntil(() => find.breaker.halfOpen);

    expect((await find()).status).toBe(200);
    expect(find.breaker.closed).toBe(true);
  });

  it('returns a 5xx as it came when there is no fallback', async () => {
    const find = track(withBreaker(async () => new Response('upstream request timeout', { status: 504 })));

    const response = await find();

    expect(response.status).toBe(504);
    expect(await response.text()).toBe('upstream request timeout');
    expect(find.breaker.stats.failures).toBe(1);
  });

  it('throws what is no answer when there is no fallback', async () => {
    const find = track(withBreaker(() => Promise.reject(new TypeError('fetch failed'))));

    await expect(find()).rejects.toThrow(new TypeError('fetch failed'));
    await expect(find()).rejects.toMatchObject({ code: 'EOPENBREAKER' });
  });

  it('gives up after timeoutMs and aborts that call alone', async () => {
    const signals: AbortSignal[] = [];
    const find = track(
      withBreaker(
        (signal, hang: boolean) => {
          signals.push(signal);
          return hang ? new Promise<{ status: number }>(() => undefined) : Promise.resolve({ status: 200 });
        },
        { timeoutMs: 20, fallback: (error) => ({ status: 0, code: (error as { code?: string }).code }) },
      ),
    );

    const [late, quick] = await Promise.all([find(true), find(false)]);

    expect(late).toEqual({ status: 0, code: 'ETIMEDOUT' });
    expect(quick).toEqual({ status: 200 });
    expect(signals.map((signal) => signal.aborted)).toEqual([true, false]);
    expect(find.breaker.stats.timeouts).toBe(1);
  });

  it('lets go of the body of an answer that it replaces', async () => {
    const cancelled = vi.fn();
    const body = new ReadableStream({ cancel: cancelled });
    const find = track(withBreaker(async () => new Response(body, { status: 503 }), { fallback: () => 'guest' }));

    expect(await find()).toBe('guest');
    expect(cancelled).toHaveBeenCalledTimes(1);
  });

  it('lets go of an answer that comes after the time', async () => {
    const dump = vi.fn(async () => undefined);
    const find = track(
      withBreaker(
        (signal) => new Promise<BreakerAnswer>((resolve) => signal.addEventListener('abort', () => resolve({ statusCode: 200, body: { dump } }))),
        { timeoutMs: 10, fallback: () => 'guest' },
      ),
    );

    expect(await find()).toBe('guest');
    await vi.waitUntil(() => dump.mock.calls.length === 1);
  });

  it('lets the fallback read the failed answer', async () => {
    const find = track(
      withBreaker(async () => new Response('no healthy upstream', { status: 503 }), {
        fallback: async (error) => (error instanceof FailedAnswerError ? (error.answer as Response).text() : 'other'),
      }),
    );

    expect(await find()).toBe('no healthy upstream');
  });

  it('keeps the failed answer alive when the fallback returns it', async () => {
    const find = track(
      withBreaker(async () => new Response('no healthy upstream', { status: 503 }), {
        fallback: (error) => (error as FailedAnswerError).answer as Response,
      }),
    );

    expect(await (await find()).text()).toBe('no healthy upstream');
  });

  it('takes a caller’s own idea of failure', async () => {
    const find = track(withBreaker(async () => ({ status: 429 }), { isFailure: ({ status }) => status === 429, fallback: () => 'later' }));

    expect(await find()).toBe('later');
  });
});
