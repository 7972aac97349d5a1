import type { RequestListener } from 'node:http';
import { json } from 'node:stream/consumers';
import OpenAI, { InternalServerError, RateLimitError } from 'openai';
import createApi from 'openapi-fetch';
import { describe, expect, it, vi } from 'vitest';
import { clientsWorld, reviews } from './clients-world.ts';

const { http, start } = clientsWorld();

/** What a service that is asked for an answer, token by token, does with its first requests; afterwards it answers. */
type Trouble = 'is busy' | 'is silent';

/** Speaks as OpenAI's service does, and says `version`, then a word every 20 ms. */
function model(version: string, { words = ['says', 'hello'], everyMs = 20, troubles = [] as Trouble[], asked = [] as unknown[] } = {}): RequestListener {
  return (request, response) => {
    void json(request).then((question) => {
      asked.push(question);
      const trouble = troubles.shift();
      if (trouble === 'is busy') response.writeHead(503).end();
      if (trouble !== undefined) return;
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const left = [version, ...words];
      const timer = setInterval(() => {
        const content = left.shift();
        if (content !== undefined) return void response.write(`data: ${JSON.stringify({ choices: [{ index: 0, delta: { content } }] })}\n\n`);
        clearInterval(timer);
        response.end('data: [DONE]\n\n');
      }, everyMs);
      response.on('close', () => clearInterval(timer));
    }, () => {});
  };
}

/** To v1, with whatever else of an HTTP route. */
const route = (more: object): object => ({
  apiVersion: 'networking.istio.io/v1',
  kind: 'VirtualService',
  metadata: { name: 'reviews' },
  spec: { hosts: ['reviews'], http: [{ route: [{ destination: { host: 'reviews', subset: 'v1' } }], ...more }] },
});

const RETRIES = route({ retries: { attempts: 2, perTryTimeout: '0.5s', retryOn: 'reset,5xx' } });

async function world(v1: RequestListener, rules: object[] = []) {
  const { mesh, calls } = await start(reviews({ v1: await http(v1), v2: await http(model('v2')) }));
  for (const rule of rules) await mesh.apply(rule);
  const client = new OpenAI({ apiKey: 'a key', baseURL: 'http://reviews:9080/v1', fetch: mesh.fetch, maxRetries: 0 });
  /** The words of an answer, as far as it came, and how it ended. */
  const ask = async (headers: Record<string, string> = {}): Promise<{ words: string[]; error?: unknown }> => {
    const words: string[] = [];
    try {
      const stream = await client.chat.completions.create({ model: 'any', stream: true, messages: [{ role: 'user', content: 'hello?' }] }, { headers });
      for await (const { choices } of stream) words.push(choices[0]!.delta.content!);
      return { words };
    } catch (error) {
      return { words, error };
    }
  };
  return { calls, ask };
}

describe("OpenAI's SDK by mesh.fetch", () => {
  it('streams from where the rules say', async () => {
    const { calls, ask } = await world(model('v1'));

    expect(await ask()).toEqual({ words: ['v1', 'says', 'hello'] });
    expect(await ask({ 'end-user': 'jason' })).toEqual({ words: ['v2', 'says', 'hello'] });
    await vi.waitFor(() => expect(calls).toMatchObject([{ status: 200, lane: 'lean', attempts: 1 }, { status: 200, lane: 'lean' }]));
  });

  it('notices nothing of a 503 that the mesh tries again, question and all', async () => {
    const asked: unknown[] = [];
    const { calls, ask } = await world(model('v1', { troubles: ['is busy'], asked }), [RETRIES]);

    expect(await ask()).toEqual({ words: ['v1', 'says', 'hello'] });
    expect(asked).toHaveLength(2);
    expect(asked[1]).toEqual(asked[0]);
    await vi.waitFor(() => expect(calls).toMatchObject([{ status: 200, attempts: 2 }]));
  });

  it('gets its answer elsewhere when none begins in time; one that has begun may take longer', async () => {
    const { calls, ask } = await world(model('v1', { troubles: ['is silent'], everyMs: 200 }), [RETRIES]);

    expect(await ask()).toEqual({ words: ['v1', 'says', 'hello'] });
    await vi.waitFor(() => expect(calls).toMatchObject([{ status: 200, attempts: 2 }]));
  });

  it('is told when a stream is cut by the timeout of its route', async () => {
    const words = Array.from({ length: 100 }, () => 'and');
    const { calls, ask } = await world(model('v1', { words }), [route({ timeout: '0.5s' })]);

    const answer = await ask();

    expect(answer.words[0]).toBe('v1');
    expect(answer.words.length).toBeLessThan(101);
    expect(answer.error).toBeInstanceOf(Error);
    await vi.waitFor(() => expect(calls).toMatchObject([{ flags: 'UT' }]));
  });

  it('meets faults as answers of the service', async () => {
    const { ask } = await world(model('v1'), [route({ fault: { abort: { httpStatus: 429, percentage: { value: 100 } } } })]);

    expect((await ask()).error).toBeInstanceOf(RateLimitError);
  });

  it('gets an answer of the mesh where a connection breaks', async () => {
    const { calls, ask } = await world((request) => request.socket.destroy());

    const { error } = await ask();

    expect(error).toBeInstanceOf(InternalServerError);
    await vi.waitFor(() => expect(calls).toMatchObject([{ status: 503, flags: 'UC' }]));
  });
});

/** What `openapi-typescript` makes of a description with one path. */
interface Paths {
  '/ratings/{id}': {
    parameters: { path: { id: number } };
    get: { parameters: { path: { id: number } }; responses: { 200: { content: { 'application/json': { stars: number } } }; 503: { content: { 'text/plain': string } } } };
    put: { parameters: { path: { id: number } }; requestBody: { content: { 'application/json': { stars: number } } }; responses: { 200: { content: { 'application/json': { stars: number } } } } };
  };
}

describe('openapi-fetch by mesh.fetch', () => {
  const api = async (v1: RequestListener, rules: object[] = []) => {
    const v2: RequestListener = (_request, response) => response.setHeader('content-type', 'application/json').end('{"stars":2}');
    const { mesh, calls } = await start(reviews({ v1: await http(v1), v2: await http(v2) }));
    for (const rule of rules) await mesh.apply(rule);
    return { calls, client: createApi<Paths>({ baseUrl: 'http://reviews:9080', fetch: mesh.fetch }) };
  };
  const params = { path: { id: 7 } };

  it('goes by rules, typed', async () => {
    const { client } = await api((request, response) => response.setHeader('content-type', 'application/json').end(`{"stars":${request.url?.at(-1)}}`));

    expect((await client.GET('/ratings/{id}', { params })).data?.stars).toBe(7);
    expect((await client.GET('/ratings/{id}', { params, headers: { 'end-user': 'jason' } })).data?.stars).toBe(2);
    expect(await client.GET('/ratings/{id}', { params, headers: { 'x-fault': 'abort' }, parseAs: 'text' })).toMatchObject({ error: 'fault filter abort', response: { status: 503 } });
  });

  it('has its bodies sent again by retries', async () => {
    const asked: unknown[] = [];
    const { client, calls } = await api((request, response) => {
      void json(request).then((body) => {
        asked.push(body);
        response.writeHead(asked.length === 1 ? 503 : 200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
      });
    }, [RETRIES]);

    expect((await client.PUT('/ratings/{id}', { params, body: { stars: 4 } })).data).toEqual({ stars: 4 });
    expect(asked).toEqual([{ stars: 4 }, { stars: 4 }]);
    await vi.waitFor(() => expect(calls).toMatchObject([{ attempts: 2, lane: 'lean' }]));
  });
});
