import { EventEmitter, once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { finished, PassThrough, Readable, Stream } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { buffer, text as textOf } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { request, type Dispatcher } from 'undici';
import { createMesh, meshInfo, type Mesh } from '../../src/index.ts';

type Result = Dispatcher.ResponseData;
type Body = Result['body'];

function closeOf(body: Body): Promise<unknown> {
  body.on('error', () => {});
  return new Promise((resolve) => body.on('close', resolve));
}

/** What is done with a result, by name: the mesh's must come out as undici's own does. */
const USES: Record<string, (body: Body, result: Result) => unknown> = {
  'text()': (body) => body.text(),
  'json()': (body) => body.json(),
  'bytes()': (body) => body.bytes(),
  'arrayBuffer()': (body) => body.arrayBuffer(),
  'blob()': async (body) => (await body.blob()).text(),
  'blob() with its type': async (body) => (await body.blob()).type,
  'formData()': (body) => body.formData(),
  'for await': async (body) => {
    const chunks: Buffer[] = [];
    for await (const chunk of body) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks).toString();
  },
  'for await, late': async (body) => {
    await new Promise((resolve) => setTimeout(resolve, 30));
    const chunks: Buffer[] = [];
    for await (const chunk of body) chunks.push(chunk as Buffer);
    return [Buffer.concat(chunks).toString(), body.bodyUsed, chunks.every((chunk) => Buffer.isBuffer(chunk))];
  },
  'for await, left at the first chunk, then to the end': async (body) => {
    const seen = [];
    for await (const chunk of body) {
      seen.push(chunk.length > 0);
      break;
    }
    for await (const chunk of body) seen.push(chunk.length);
    return [...seen, body.destroyed];
  },
  'for await, then text': async (body) => {
    for await (const chunk of body) expect(chunk.length).toBeGreaterThan(0);
    await body.text().catch(() => {});
    return [body.bodyUsed, body.destroyed];
  },
  'for await, looked at on the way': async (body) => {
    const seen = [];
    for await (const chunk of body) seen.push(chunk.length > 0, body.destroyed, body.readableEnded);
    return [...new Set(seen), body.destroyed, body.readableEnded];
  },
  'for await, destroyed on the way and left': async (body) => {
    for await (const chunk of body) {
      expect(chunk.length).toBeGreaterThan(0);
      body.destroy();
      break;
    }
    return body.destroyed;
  },
  'for await, destroyed on the way': async (body) => {
    for await (const chunk of body) {
      expect(chunk.length).toBeGreaterThan(0);
      body.destroy();
    }
    return body.destroyed;
  },
  'an iterator that is never asked, then text': (body) => {
    body[Symbol.asyncIterator]();
    return body.text();
  },
  'an iterator that is returned at once': async (body) => {
    const end = await body[Symbol.asyncIterator]().return?.();
    return [end, body.bodyUsed];
  },
  'an iterator that is asked ahead': async (body) => {
    const iterator = body[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
    const asked = await Promise.all([iterator.next(), iterator.next(), iterator.next()]);
    return asked.at(-1)!.done;
  },
  "on('data')": async (body) => {
    let seen = '';
    body.on('data', (chunk) => (seen += String(chunk)));
    await once(body, 'end');
    return seen;
  },
  'setEncoding': async (body) => {
    body.setEncoding('utf8');
    return (await body.toArray()).every((chunk) => typeof chunk === 'string');
  },
  'pipe': (body) => textOf(body.pipe(new PassThrough())),
  'pipeline': async (body) => {
    const to = new PassThrough();
    const [seen] = await Promise.all([textOf(to), pipeline(body, to)]);
    return seen;
  },
  'finished': (body) => new Promise((resolve) => {
    finished(body, (error) => resolve(error?.message ?? 'no error'));
    body.resume();
  }),
  'stream consumers': async (body) => (await buffer(body)).length,
  'toWeb': async (body) => new Response(Readable.toWeb(body) as ReadableStream).text(),
  'body.body': async (body) => new Response(body.body as unknown as ReadableStream).text(),
  'map': (body) => body.map((chunk: Buffer) => chunk.length).reduce((sum: number, length: number) => sum + length, 0),
  'dump': (body) => body.dump(),
  'dump, then text': async (body) => {
    await body.dump();
    return body.text();
  },
  'text, then for await': async (body) => {
    await body.text();
    const chunks: unknown[] = [];
    for await (const chunk of body) chunks.push(chunk);
    return chunks.length;
  },
  'text, then what it is and destroy': async (body) => {
    await body.text();
    const is = [body.destroyed, body.readableEnded, body.closed];
    body.destroy();
    await new Promise((resolve) => setTimeout(resolve, 10));
    return [...is, body.destroyed, body.errored];
  },
  'for await, then what it is and destroy': async (body) => {
    for await (const chunk of body) expect(chunk.length).toBeGreaterThan(0);
    const is = [body.destroyed, body.readableEnded, body.closed];
    body.destroy();
    await new Promise((resolve) => setTimeout(resolve, 10));
    return [...is, body.destroyed, body.errored];
  },
  'bodyUsed': async (body) => {
    const before = body.bodyUsed;
    await body.text();
    return [before, body.bodyUsed];
  },
  'bodyUsed of a stream': async (body) => {
    await body.toArray();
    return body.bodyUsed;
  },
  'end and close are told of a body read as text': async (body) => {
    const told: string[] = [];
    for (const name of ['end', 'close']) body.on(name, () => told.push(name));
    const closed = closeOf(body);
    await body.text();
    await closed;
    return told;
  },
  'listeners while text is under way': async (body) => {
    const reading = body.text();
    const closed = closeOf(body);
    const text = await reading;
    await closed;
    return text;
  },
  'late': async (body) => {
    await new Promise((resolve) => setTimeout(resolve, 30));
    return body.text();
  },
  'late, as a stream': async (body) => {
    await new Promise((resolve) => setTimeout(resolve, 30));
    return textOf(body);
  },
  'what it is': (body) => [
    body instanceof Readable, body instanceof Stream, body instanceof EventEmitter, body.constructor.name, Object.prototype.toString.call(body),
    body.readable, body.readableFlowing, body.destroyed, body.readableEnded, body.readableObjectMode, body.readableHighWaterMark, typeof body.pipe, typeof body[Symbol.asyncIterator],
    Readable.isDisturbed(body),
  ],
  'destroy': async (body) => {
    body.on('error', () => {});
    body.destroy();
    await once(body, 'close');
    return body.destroyed;
  },
  'destroy with an error': async (body) => {
    const failed = once(body, 'error');
    body.destroy(new Error('enough'));
    return ((await failed)[0] as Error).message;
  },
  'the rest of the result': (_body, { statusCode, statusText, headers, opaque }) => [statusCode, statusText, headers['content-type'], opaque],
  'its names': (_body, result) => Object.keys(result),
  'trailers': async (body, { trailers }) => {
    await body.text();
    return Object.keys(trailers).length;
  },
};

const ANSWERS: Record<string, (response: ServerResponse, request: IncomingMessage) => void> = {
  json: (response) => void response.setHeader('content-type', 'application/json').end('{"é":[1,2,3]}'),
  'byte order mark': (response) => void response.end('\ufeff{"a":1}'),
  'not json': (response) => void response.end('<html>'),
  empty: (response) => void response.end(),
  'no content': (response) => void response.writeHead(204).end(),
  big: (response) => void response.end(Buffer.alloc(300_000, 'a')),
  'in pieces': (response) => {
    response.write('{"a":');
    setTimeout(() => response.end('1}'), 10);
  },
  'cut short': (response) => {
    response.setHeader('content-length', 100).write('part');
    setTimeout(() => response.destroy(), 10);
  },
};

let server: Server;
let mesh: Mesh;
let port: number;

beforeAll(async () => {
  server = createServer((request, response) => ANSWERS[decodeURIComponent(request.url!.slice(1))]!(response, request)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  ({ port } = server.address() as AddressInfo);
  mesh = await createMesh({
    config: 'apiVersion: v1\nkind: Service\nmetadata: {name: reviews}\nspec: {ports: [{name: http, port: 80}]}\n',
    endpoints: { reviews: [{ address: `127.0.0.1:${port}` }] },
  });
});

afterAll(async () => {
  await mesh.close();
  server.closeAllConnections();
  server.close();
});

/** What became of it: a value, or an error as callers tell errors apart. */
async function outcome(use: (body: Body, result: Result) => unknown, result: Result): Promise<unknown> {
  const late = new Promise((resolve) => setTimeout(resolve, 1000, 'never settled'));
  try {
    return await Promise.race([use(result.body, result), late]);
  } catch (error) {
    const { name, code } = error as Error & { code?: string };
    return { name, code };
  }
}

describe.each(Object.keys(ANSWERS))('a response: %s', (answer) => {
  it.each(Object.keys(USES))('%s comes out as with undici', async (name) => {
    const path = `/${encodeURIComponent(answer)}`;
    const theirs = await outcome(USES[name]!, await request(`http://127.0.0.1:${port}${path}`));
    const result = await mesh.request(`http://reviews${path}`);
    expect(meshInfo(result)?.lane).toBe('lean');

    expect(await outcome(USES[name]!, result)).toEqual(theirs);
  });
});

describe('mesh.request', () => {
  it.each(['text', 'json'] as const)('rejects %s() of a body that was read, where undici throws an AssertionError', async (again) => {
    const { body } = await mesh.request('http://reviews/json');
    await body.text();

    await expect(body[again]()).rejects.toThrow(new TypeError('unusable'));
  });

  it('makes no stream of a body that is read as a whole', async () => {
    const { body } = await mesh.request('http://reviews/json');
    const plain = (await request(`http://127.0.0.1:${port}/json`)).body;

    const prototype = Object.getPrototypeOf(body) as object;
    expect(prototype === Object.getPrototypeOf(plain)).toBe(false);
    expect(prototype instanceof Readable).toBe(true);
    await Promise.all([body.text(), plain.text()]);
  });

  it('holds the connection back while nobody reads a big body', async () => {
    const { body } = await mesh.request('http://reviews/big');
    await new Promise((resolve) => setTimeout(resolve, 50));

    expect(body.readableLength).toBeLessThan(300_000);
    expect((await body.text()).length).toBe(300_000);
  });

  it('rejects with the error of a call that gets no response', async () => {
    await expect(mesh.request('http://127.0.0.1:1/')).rejects.toMatchObject({ code: expect.any(String) as string });
    await mesh.request('http://reviews/json').then(({ body }) => body.dump());
  });

  it('leaves calls with a signal to undici', async () => {
    const controller = new AbortController();
    const { body } = await mesh.request('http://reviews/big', { signal: controller.signal });
    controller.abort(new Error('changed my mind'));

    await expect(body.text()).rejects.toThrow('changed my mind');
  });
});
