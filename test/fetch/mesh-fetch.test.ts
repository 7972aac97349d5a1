import fc from 'fast-check';
import type { Dispatcher } from 'undici';
import { describe, expect, it, vi } from 'vitest';
import { createFetch, type Dispatch } from '../../src/mesh-fetch.ts';

const INFO = Symbol.for('ts-mesh/1.info');
const infoOf = (response: Response): unknown => (response as unknown as Record<symbol, unknown>)[INFO];

type Headers_ = Record<string, string | string[]>;
interface Answer {
  readonly status?: number;
  readonly headers?: Headers_;
  readonly body?: Buffer | string;
  readonly context?: unknown;
}

const controller = (): Dispatcher.DispatchController => ({
  aborted: false, paused: false, reason: null, pause: () => {}, resume: () => {}, abort: () => {},
});

/** A dispatcher in memory: `answer` says what each request gets. */
function inMemory(answer: (options: Dispatcher.DispatchOptions) => Answer) {
  const seen: Dispatcher.DispatchOptions[] = [];
  const dispatch: Dispatch = (options, handler) => {
    seen.push(options);
    const { status = 200, headers = {}, body = '', context } = answer(options);
    const wire = controller();
    queueMicrotask(() => {
      handler.onRequestStart!(wire, context);
      handler.onResponseStart!(wire, status, headers, 'Fine');
      if (body.length > 0) handler.onResponseData!(wire, Buffer.from(body));
      handler.onResponseEnd!(wire, {});
    });
    return true;
  };
  const native = vi.fn<typeof fetch>(globalThis.fetch);
  return { seen, native, fetch: createFetch({ dispatch, native }) };
}

describe('the lean lane', () => {
  it.each<[string, () => Parameters<typeof fetch>]>([
    ['a string', () => ['http://reviews:9080/reviews/0']],
    ['a URL', () => [new URL('http://reviews:9080/')]],
    ['headers', () => ['http://reviews/', { headers: { 'end-user': 'jason' } }]],
    ['a body and a signal', () => ['http://reviews/', { method: 'POST', body: '{}', signal: new AbortController().signal }]],
    ['bytes', () => ['http://reviews/', { method: 'PUT', body: new Uint8Array(3) }]],
    ['what browsers write', () => ['http://reviews/', { mode: 'cors', credentials: 'include', cache: 'default', keepalive: true, redirect: 'manual' }]],
    ['a Request without a body', () => [new Request('http://reviews/', { method: 'DELETE', headers: { a: 'b' } })]],
    ['a Request and an empty init', () => [new Request('http://reviews/'), {}]],
  ])('takes %s, and the native fetch sees nothing of it', async (_, args) => {
    const { fetch, native } = inMemory(() => ({ body: 'hello', headers: { 'content-type': 'text/plain' } }));
    const response = await fetch(...args());
    expect([response.status, response.headers.get('content-type'), await response.text()]).toEqual([200, 'text/plain', 'hello']);
    expect(native).not.toHaveBeenCalled();
  });

  it('hands over a flat list in lower case, in the order of fetch, and no host', async () => {
    const { fetch, seen } = inMemory(() => ({}));
    await fetch('http://localhost:9080/a?b#c', { method: 'POST', body: 'é', headers: { Host: 'x', 'X-B': '2', accept: 'a/b' } });
    expect(seen).toEqual([
      {
        origin: 'http://localhost:9080',
        path: '/a?b',
        method: 'POST',
        body: Buffer.from('é'),
        headers: [
          'x-b', '2', 'accept', 'a/b', 'content-type', 'text/plain;charset=UTF-8', 'content-length', '2', 'accept-language', '*',
          'sec-fetch-mode', 'cors', 'user-agent', 'node', 'accept-encoding', 'gzip, deflate',
        ],
      },
    ]);
  });

  it('reads without a stream', async () => {
    const made = vi.spyOn(globalThis, 'ReadableStream');
    const { fetch } = inMemory(() => ({ body: '{"a":1}' }));
    expect(await (await fetch('http://a/')).json()).toEqual({ a: 1 });
    expect(Buffer.from(await (await fetch('http://a/')).arrayBuffer()).toString()).toBe('{"a":1}');
    expect(made).not.toHaveBeenCalled();
    made.mockRestore();
  });

  it('decodes text as TextDecoder does', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.uint8Array({ maxLength: 12 }), fc.string({ unit: 'binary' }).map((text) => Buffer.from(text))), async (bytes) => {
        const { fetch } = inMemory(() => ({ body: Buffer.from(bytes) }));
        expect(await (await fetch('http://a/')).text()).toBe(new TextDecoder().decode(bytes));
      }),
    );
  });

  it('copies: what the caller does to bytes does not reach the connection', async () => {
    const chunk = Buffer.from('abc');
    const { fetch } = inMemory(() => ({ body: chunk }));
    new Uint8Array(await (await fetch('http://a/')).arrayBuffer()).fill(0);
    (await (await fetch('http://a/')).bytes()).fill(0);
    expect(chunk.toString()).toBe('abc');
  });
});

describe('the native lane', () => {
  it.each<[string, () => Parameters<typeof fetch>]>([
    ['a form', () => ['http://reviews/', { method: 'POST', body: new FormData() }]],
    ['a stream', () => ['http://reviews/', { method: 'POST', body: new Blob(['abc']).stream(), duplex: 'half' }]],
    ['a Request with a body', () => [new Request('http://reviews/', { method: 'POST', body: 'abc' })]],
    ['a conditional request', () => ['http://reviews/', { headers: { 'if-none-match': '"a"' } }]],
  ])('takes %s, through dispatch', async (_, args) => {
    const { fetch, native, seen } = inMemory(() => ({ body: 'hello' }));
    expect(await (await fetch(...args())).text()).toBe('hello');
    expect(native).toHaveBeenCalledTimes(1);
    expect(seen).toHaveLength(1);
    const headers = seen[0]!.headers as string[];
    expect(headers.every((part) => typeof part === 'string')).toBe(true);
    expect(headers.filter((_part, i) => i % 2 === 0 && headers[i] !== headers[i]!.toLowerCase())).toEqual([]);
  });

  it('gets the headers that dispatch hands on, not those of the wire', async () => {
    const dispatch: Dispatch = (_options, handler) => {
      const wire = { ...controller(), rawHeaders: [Buffer.from('x-a'), Buffer.from('raw'), Buffer.from('content-encoding'), Buffer.from('identity')] };
      handler.onRequestStart!(wire, undefined);
      handler.onResponseStart!(wire, 200, { 'x-a': 'changed', 'content-encoding': 'identity', 'set-cookie': ['a', 'b'] }, '');
      handler.onResponseEnd!(wire, {});
      return true;
    };
    const response = await createFetch({ dispatch })('http://a/');
    expect([response.headers.get('x-a'), response.headers.getSetCookie()]).toEqual(['changed', ['a', 'b']]);
  });

  it('keeps a dispatcher of the caller\'s own', async () => {
    const other = inMemory(() => ({ body: 'other' }));
    const { fetch, seen } = inMemory(() => ({}));
    const own = { dispatch: vi.fn<() => boolean>(() => true) };
    void fetch('http://a/', { dispatcher: own as never });
    expect(own.dispatch).toHaveBeenCalledTimes(1);
    expect([seen, other.seen]).toEqual([[], []]);
  });

  it('takes a Request that is none of its own', async () => {
    const { fetch, seen } = inMemory(() => ({ body: 'hello' }));
    const { Request: Foreign } = await import('undici');
    const request = new Foreign('http://reviews/x', { method: 'PUT', headers: { 'x-a': '1' }, body: 'abc' });
    expect(await (await fetch(request as never, { headers: { 'x-b': '2' } })).text()).toBe('hello');
    expect([seen[0]!.origin, seen[0]!.path, seen[0]!.method]).toEqual(['http://reviews', '/x', 'PUT']);
    expect(seen[0]!.headers).toEqual(expect.arrayContaining(['x-b', '2']));
    await (await fetch(new Foreign('http://reviews/y', { headers: { 'x-a': '1' } }) as never)).text();
    expect(seen[1]!.headers).toEqual(expect.arrayContaining(['x-a', '1']));
    expect(await new Response(seen[0]!.body as never).text()).toBe('abc');
    expect(request.bodyUsed).toBe(true);
  });
});

describe('what dispatch tells of a call', () => {
  it('is on the response and its clones, on both lanes', async () => {
    const { fetch } = inMemory(({ path }) => ({
      context: { path },
      body: 'hello',
      ...(path === '/moved' ? { status: 302, headers: { location: '/done' } } : {}),
    }));
    const lean = await fetch('http://a/lean');
    const native = await fetch('http://a/native', { method: 'POST', body: new Blob(['x']) });
    const moved = await fetch('http://a/moved');
    expect([infoOf(lean), infoOf(lean.clone()), infoOf(lean.clone().clone())]).toEqual(Array(3).fill({ path: '/lean' }));
    expect([infoOf(native), infoOf(native.clone()), infoOf(native.clone().clone())]).toEqual(Array(3).fill({ path: '/native' }));
    expect([infoOf(moved), moved.redirected, moved.url]).toEqual([{ path: '/done' }, true, 'http://a/done']);
    expect(await native.clone().text()).toBe('hello');
  });

  it('is undefined when there is nothing to tell', async () => {
    const { fetch } = inMemory(() => ({ context: null }));
    expect(infoOf(await fetch('http://a/'))).toBeNull();
    expect(infoOf(await fetch('data:,x'))).toBeUndefined();
  });
});

describe('a dispatch that fails', () => {
  it.each([
    ['throws', () => {
      throw new RangeError('mine');
    }],
    ['reports', (_options, handler) => {
      handler.onResponseError!(undefined as never, new RangeError('mine'));
      return true;
    }],
  ] as [string, Dispatch][])('rejects as fetch does when it %s', async (_, dispatch) => {
    await expect(createFetch({ dispatch })('http://a/')).rejects.toMatchObject({ name: 'TypeError', message: 'fetch failed', cause: new RangeError('mine') });
  });

  it('tells in the stack of its error who called', async () => {
    const fails: Dispatch = (_options, handler) => {
      setImmediate(() => handler.onResponseError!(undefined as never, new RangeError('mine')));
      return true;
    };
    const fetch = createFetch({ dispatch: fails });
    async function readReviews(): Promise<string> {
      const response = await fetch('http://a/');
      return response.text();
    }
    await expect(readReviews().catch((error: Error) => error.stack)).resolves.toMatch(/at (async )?readReviews \(.*mesh-fetch/);
  });

  it('is not heard any more after the answer', async () => {
    let answered: Dispatcher.DispatchHandler | undefined;
    const dispatch: Dispatch = (_options, handler) => {
      answered = handler;
      handler.onRequestStart!(controller(), undefined);
      handler.onResponseStart!(controller(), 204, {}, '');
      return true;
    };
    const response = await createFetch({ dispatch })('http://a/');
    answered!.onResponseError!(controller(), new Error('late'));
    answered!.onResponseStart!(controller(), 500, {}, '');
    expect([response.status, response.body]).toEqual([204, null]);
  });

  it('reaches the one who aborted before it began', async () => {
    const abort = vi.fn<(reason: Error) => void>();
    let begin = (): void => {};
    const dispatch: Dispatch = (_options, handler) => {
      begin = () => handler.onRequestStart!({ ...controller(), abort }, undefined);
      return true;
    };
    const aborter = new AbortController();
    const answer = createFetch({ dispatch })('http://a/', { signal: aborter.signal });
    aborter.abort('enough');
    await expect(answer).rejects.toBe('enough');
    begin();
    expect(abort).toHaveBeenCalledWith('enough');
  });
});
