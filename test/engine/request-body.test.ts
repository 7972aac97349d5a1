import { Readable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { requestBody, type RequestBody } from '../../src/engine/request-body.ts';

const RUNS = Number(process.env['TS_MESH_RUNS'] ?? 100);
const LIMIT = 1000;

/** Reads what one attempt would send. */
async function read(body: RequestBody): Promise<string> {
  let text = '';
  for await (const chunk of body.open() as unknown as AsyncIterable<Uint8Array>) text += Buffer.from(chunk).toString('latin1');
  return text;
}

async function* chunks(...parts: readonly unknown[]): AsyncGenerator<unknown> {
  for (const part of parts) yield await Promise.resolve(part);
}

/** A source that a test feeds, and that says what became of it. */
function fed(): { readonly source: AsyncGenerator<string>; give(text: string): void; end(): void; fail(error: Error): void } {
  const waiting: PromiseWithResolvers<string | undefined>[] = [Promise.withResolvers()];
  async function* source(): AsyncGenerator<string> {
    for (let i = 0; ; i++) {
      const chunk = await waiting[i]!.promise;
      if (chunk === undefined) return;
      yield chunk;
    }
  }
  const next = (): PromiseWithResolvers<string | undefined> => {
    waiting.push(Promise.withResolvers());
    return waiting.at(-2)!;
  };
  return { source: source(), give: (text) => next().resolve(text), end: () => next().resolve(undefined), fail: (error) => next().reject(error) };
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('a body that is whole', () => {
  it.each([
    ['nothing', undefined, true],
    ['null', null, true],
    ['an empty text', '', true],
    ['text', 'text', false],
    ['bytes', Buffer.from('bytes'), false],
    ['an ArrayBuffer', new ArrayBuffer(4), false],
    ['a DataView', new DataView(new ArrayBuffer(4)), false],
    ['a Blob', new Blob(['blob']), false],
    ['a form', new FormData(), false],
  ])('%s: complete, replayable, passed on as it is', (_what, given, empty) => {
    const body = requestBody(given as never, LIMIT);

    expect(body).toMatchObject({ complete: true, replayable: true, empty });
    expect(body.open()).toBe(given ?? null);
    expect(body.open()).toBe(given ?? null);
  });

  it.each([
    ['text', 'ü'.repeat(501)],
    ['bytes', new Uint8Array(1001)],
    ['a Blob', new Blob(['x'.repeat(1001)])],
  ])('%s over the limit is sent, but only once', (_what, given) => {
    expect(requestBody(given as never, LIMIT)).toMatchObject({ complete: true, replayable: false });
  });

  it('of exactly the limit can be sent again', () => {
    expect(requestBody('x'.repeat(LIMIT), LIMIT).replayable).toBe(true);
  });
});

describe('a body that is a stream', () => {
  it.each([
    ['an async generator', () => chunks('a', Buffer.from('b'), new Uint8Array([99]), new Uint16Array([0x6564]), new TextEncoder().encode('f').buffer)],
    ['a Readable', () => Readable.from([Buffer.from('abc'), Buffer.from('def')])],
    ['a web stream', () => new Blob(['abcdef']).stream()],
    ['a list', () => ['abc', 'def']],
    ['a sync generator', () => (function* () {
      yield 'abc';
      yield 'def';
    })()],
  ])('%s is read once and sent as often as needed', async (_what, make) => {
    const body = requestBody(make() as never, LIMIT);
    expect(body).toMatchObject({ complete: false, replayable: true, empty: false });

    expect(await read(body)).toBe('abcdef');
    expect(body).toMatchObject({ complete: true, replayable: true, bytes: 6 });
    expect(await read(body)).toBe('abcdef');
    expect(await Promise.all([read(body), read(body)])).toEqual(['abcdef', 'abcdef']);
  });

  it('is not touched before somebody reads it, and then no faster than it is read', async () => {
    let given = 0;
    const body = requestBody((function* () {
      for (; given < 10; given++) yield 'x';
    })(), LIMIT);
    await settle();
    expect(given).toBe(0);

    const reader = (body.open() as unknown as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
    await reader.next();
    await settle();
    expect(given).toBe(0);
    await reader.next();
    expect(given).toBe(1);
  });

  it('over the limit flows on, and a second reader is refused instead of given a part', async () => {
    const parts = ['a'.repeat(600), 'b'.repeat(600), 'c'.repeat(600)];
    const body = requestBody(chunks(...parts), LIMIT);

    expect(await read(body)).toBe(parts.join(''));
    expect(body).toMatchObject({ complete: true, replayable: false });
    await expect(read(body)).rejects.toThrow('longer than the replay buffer');
  });

  it('over the limit is kept for two who read side by side, whoever is ahead', async () => {
    const parts = Array.from({ length: 10 }, (_, i) => String(i).repeat(300));
    const body = requestBody(chunks(...parts), LIMIT);
    const [first, second] = [body.open(), body.open()].map((opened) => (opened as unknown as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]());
    const seen = ['', ''];
    for (let i = 0; i < 2; i++) seen[0] += Buffer.from((await first!.next()).value as Uint8Array).toString();
    for (let i = 0; i < 10; i++) {
      for (const [reader, iterator] of [first!, second!].entries()) {
        const { done, value } = await iterator.next();
        if (done !== true) seen[reader] += Buffer.from(value).toString();
      }
    }
    for (let i = 0; i < 2; i++) seen[1] += Buffer.from(((await second!.next()).value as Uint8Array | undefined) ?? []).toString();

    expect(body.replayable).toBe(false);
    expect(seen).toEqual([parts.join(''), parts.join('')]);
  });

  it('over the limit leaves behind who is a whole limit behind', async () => {
    const parts = Array.from({ length: 10 }, (_, i) => String(i).repeat(300));
    const body = requestBody(chunks(...parts), LIMIT);
    const slow = (body.open() as unknown as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();

    expect(await read(body)).toBe(parts.join(''));
    await expect(slow.next()).rejects.toThrow('longer than the replay buffer');
  });

  it('over the limit does not wait for a reader that has left', async () => {
    const parts = Array.from({ length: 10 }, (_, i) => String(i).repeat(300));
    const body = requestBody(chunks(...parts), LIMIT);
    const gone = (body.open() as unknown as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
    await gone.return?.();

    expect(await read(body)).toBe(parts.join(''));
  });

  it('tells once when it is cancelled before it is complete', async () => {
    const reasons: unknown[] = [];
    const cancelled = requestBody(chunks('a', 'b'), LIMIT);
    cancelled.onCancel((reason) => reasons.push(reason));
    cancelled.cancel('enough');
    cancelled.cancel('again');
    const whole = requestBody(chunks('a'), LIMIT);
    whole.onCancel((reason) => reasons.push(reason));
    await read(whole);
    whole.cancel('late');

    expect(reasons).toEqual(['enough']);
  });

  it('over the limit is not kept', async () => {
    const body = requestBody((function* () {
      for (let i = 0; i < 1000; i++) yield Buffer.alloc(1_000_000);
    })(), 1_000_000);
    const before = process.memoryUsage().arrayBuffers;
    let seen = 0;
    for await (const chunk of body.open() as unknown as AsyncIterable<Uint8Array>) {
      seen += chunk.byteLength;
      if (seen % 100_000_000 === 0) expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(500_000_000);
    }
    expect(seen).toBe(1_000_000_000);
  });

  it('tells once when it is complete, and when it has failed; not when it already is', async () => {
    const whole = requestBody(chunks('x'), LIMIT);
    const failing = requestBody((async function* () {
      yield 'x';
      throw new Error('broken');
    })(), LIMIT);
    const told = vi.fn();
    whole.onComplete(told);
    failing.onComplete(told);
    expect(told).not.toHaveBeenCalled();

    await read(whole);
    expect(told).toHaveBeenCalledTimes(1);
    await expect(read(failing)).rejects.toThrow('broken');
    expect(told).toHaveBeenCalledTimes(2);
    expect(failing).toMatchObject({ complete: true, replayable: false });
    whole.onComplete(told);
    expect(told).toHaveBeenCalledTimes(2);
  });

  it('that fails fails every reader, after what came before', async () => {
    const { source, give, fail } = fed();
    const body = requestBody(source, LIMIT);
    const readers = [read(body), read(body)].map((text) => text.catch((error: Error) => error.message));
    give('first');
    await settle();
    fail(new Error('cut'));

    expect(await Promise.all(readers)).toEqual(['cut', 'cut']);
    await expect(read(body)).rejects.toThrow('cut');
  });

  it('of anything but text and bytes fails, and says what it got', async () => {
    await expect(read(requestBody(chunks('a', 5), LIMIT))).rejects.toThrow('a request body stream must give strings or bytes, got number');
  });
});

describe('cancelling a stream', () => {
  it('ends a generator, and fails everyone who reads: a part must not look like the whole', async () => {
    let ended = false;
    const body = requestBody((async function* () {
      try {
        yield 'a';
        yield 'b';
      } finally {
        ended = true;
      }
    })(), LIMIT);
    const reader = (body.open() as unknown as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
    await reader.next();

    body.cancel(new Error('enough'));
    await settle();

    expect(ended).toBe(true);
    await expect(reader.next()).rejects.toThrow('the request body was cancelled');
  });

  it('destroys a Readable with the reason, which nobody has to listen for', async () => {
    for (const reason of [new Error('enough'), undefined]) {
      const readable = new Readable({ read: () => {} });
      const body = requestBody(readable, LIMIT);

      body.cancel(reason);
      await settle();

      expect(readable.destroyed).toBe(true);
      expect(readable.errored).toBe(reason ?? null);
    }
  });

  it('cancels a web stream with the reason, also one that never gives anything', async () => {
    const cancelled = vi.fn();
    const body = requestBody(new ReadableStream({ cancel: cancelled }), LIMIT);
    void read(body).catch(() => {});
    await settle();
    const reason = new Error('enough');

    body.cancel(reason);
    await settle();

    expect(cancelled).toHaveBeenCalledExactlyOnceWith(reason);
  });

  it.each([
    ['throws', () => {
      throw new Error('mine');
    }],
    ['rejects', () => Promise.reject(new Error('mine'))],
  ])('whose own clean-up %s is no one else\'s trouble', async (_what, cleanUp) => {
    const body = requestBody({ [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}), return: cleanUp }) }, LIMIT);

    expect(() => body.cancel()).not.toThrow();
    await settle();
  });

  it('that is complete changes nothing', async () => {
    const body = requestBody(chunks('a'), LIMIT);
    await read(body);

    body.cancel();

    expect(await read(body)).toBe('a');
  });

  it('an error of a Readable that nobody reads yet is found by who reads it', async () => {
    const readable = new Readable({ read: () => {} });
    const body = requestBody(readable, LIMIT);
    readable.destroy(new Error('broken early'));
    await settle();

    await expect(read(body)).rejects.toThrow('broken early');
  });
});

describe('properties', () => {
  const parts = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 12 });

  it('every reader gets exactly the bytes, in order, however the readers take turns', async () => {
    await fc.assert(
      fc.asyncProperty(parts, fc.integer({ min: 1, max: 4 }), fc.scheduler(), async (given, readers, scheduler) => {
        const whole = Buffer.concat(given).toString('latin1');
        const body = requestBody((async function* () {
          for (const part of given) yield await scheduler.schedule(Promise.resolve(part));
        })(), LIMIT);
        const all = Promise.all(Array.from({ length: readers }, async () => {
          let text = '';
          for await (const chunk of body.open() as unknown as AsyncIterable<Uint8Array>) {
            text += Buffer.from(chunk).toString('latin1');
            await scheduler.schedule(Promise.resolve());
          }
          return text;
        }));
        const texts = await scheduler.waitFor(all);

        expect(new Set(texts)).toEqual(new Set([whole]));
        expect(body.bytes).toBe(whole.length);
        expect(await read(body)).toBe(whole);
      }),
      { numRuns: RUNS },
    );
  });

  it('a reader gets all the bytes or an error, never a part, whatever the limit', async () => {
    await fc.assert(
      fc.asyncProperty(parts, fc.integer({ min: 0, max: 200 }), fc.integer({ min: 0, max: 12 }), async (given, limit, takenFirst) => {
        const whole = Buffer.concat(given).toString('latin1');
        const body = requestBody(chunks(...given), limit);
        // An attempt that breaks off after some chunks, as one that is answered early.
        const first = (body.open() as unknown as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
        for (let i = 0; i < takenFirst; i++) await first.next();
        await first.return?.();

        const second = await read(body).then((text) => ({ text }), (error: Error) => ({ error }));

        if ('text' in second) expect(second.text).toBe(whole);
        else expect([second.error.message, body.replayable]).toEqual(['the request body was longer than the replay buffer', false]);
        expect(body.replayable).toBe(body.bytes <= limit);
        if (whole.length <= limit) expect('text' in second).toBe(true);
      }),
      { numRuns: RUNS },
    );
  });
});
