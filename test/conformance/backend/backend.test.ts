import { connect } from 'node:net';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { request, type Dispatcher } from 'undici';
import { Backend } from './backend.ts';
import { CallBook } from './call-book.ts';

let book: CallBook;
let backend: Backend;

beforeEach(async () => {
  book = new CallBook();
  backend = await Backend.start({ address: '127.0.1.21:9080', text: 'v1', book });
});

afterEach(() => backend.close());

/** Milliseconds without an event after which nothing more is expected, and those within which the first one must come. */
const QUIET_MS = 60;
const FIRST_MS = 5_000;

/** The raw bytes that come back, and how the connection ended. */
function raw(plan: string, head = 'GET / HTTP/1.1'): Promise<{ bytes: string; end: string }> {
  return new Promise((resolve) => {
    const socket = connect(backend.port, '127.0.0.1', () => socket.write(`${head}\r\nhost: reviews\r\nx-call: 1\r\nx-plan: ${plan}\r\n\r\n`));
    let bytes = '';
    let end = 'open';
    const done = (): void => {
      socket.destroy();
      resolve({ bytes, end });
    };
    let timer = setTimeout(done, plan === 'hang' ? QUIET_MS : FIRST_MS);
    const seen = (): void => {
      clearTimeout(timer);
      timer = setTimeout(done, QUIET_MS);
    };
    socket.on('data', (chunk) => {
      bytes += chunk;
      seen();
    });
    socket.on('end', () => {
      end = 'closed';
      seen();
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      end = error.code ?? 'error';
      seen();
    });
  });
}

/** What `server` answers to `parts`, sent one after the other. */
async function answerTo(server: Backend, ...parts: string[]): Promise<string> {
  const socket = connect(server.port, '127.0.0.1');
  let bytes = '';
  socket.on('data', (chunk) => (bytes += chunk));
  for (const part of parts) {
    socket.write(part);
    await new Promise((resolve) => setTimeout(resolve, 15));
  }
  await expect.poll(() => bytes).toContain('\n');
  socket.destroy();
  return bytes;
}

type Options = Parameters<typeof request>[1];

function call(plan: string, options: Options = {}): Promise<Dispatcher.ResponseData<unknown>> {
  const headers = { 'x-call': '1', 'x-plan': plan, ...(options?.headers as Record<string, string>) };
  return request(`http://127.0.0.1:${backend.port}/x?y=1`, { ...options, headers });
}

describe('Backend', () => {
  it('answers with a status, headers and its text', async () => {
    const { statusCode, headers, body } = await call('201{x-a=1;content-type=application/json}');

    expect([statusCode, headers['x-a'], headers['content-type'], await body.text()]).toEqual([201, '1', 'application/json', 'v1']);
  });

  it('records what arrived', async () => {
    await (await call('200', { method: 'POST', body: 'hello', headers: { 'X-Up': 'yes' } })).body.dump();

    const [arrival] = book.record('1').attempts;
    expect(arrival).toMatchObject({ to: '127.0.1.21:9080', method: 'POST', path: '/x?y=1', body: 'hello', bodyBytes: 5 });
    expect(arrival?.headers).toContainEqual(['x-up', 'yes']);
  });

  it('waits before it answers', async () => {
    const startedAt = performance.now();
    await (await call('200+80ms')).body.dump();

    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(75);
  });

  it('sends the rest of a body later', async () => {
    const startedAt = performance.now();
    const { body } = await call('200~80ms');
    const headersAfter = performance.now() - startedAt;

    expect(await body.text()).toBe('v1v1');
    expect(headersAfter).toBeLessThan(60);
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(75);
  });

  it('sends trailers', async () => {
    const answer = await call('200[x-t=1]');
    await answer.body.dump();

    expect(answer.trailers).toEqual({ 'x-t': '1' });
  });

  it.each([
    ['grpc5', undefined, { 'grpc-status': '5', 'grpc-message': 'code 5' }],
    ['grpc0', undefined, { 'grpc-status': '0' }],
    ['grpc14!', '14', {}],
  ])('answers %s as gRPC', async (plan, inHeaders, inTrailers) => {
    const answer = await call(plan, { method: 'POST', body: 'x' });
    await answer.body.dump();

    expect([answer.headers['content-type'], answer.headers['grpc-status'], answer.trailers]).toEqual(['application/grpc', inHeaders, inTrailers]);
  });

  it.each(['204', '304'])('gives %s no body', async (plan) => {
    const { bytes, end } = await raw(plan);

    expect(bytes).toMatch(/\r\n\r\n$/);
    expect(bytes).not.toContain('content-length');
    expect(end).toBe('open');
  });

  it('answers HEAD without a body', async () => {
    expect((await raw('200', 'HEAD / HTTP/1.1')).bytes).toMatch(/content-length: 2\r\n\r\n$/);
  });

  it('sends early hints first', async () => {
    const seen: number[] = [];
    const answer = await call('103>200', { onInfo: ({ statusCode }: { statusCode: number }) => seen.push(statusCode) } as Options);
    await answer.body.dump();

    expect([seen, answer.statusCode]).toEqual([[103], 200]);
  });

  it('asks for the body of a request that waits for it', async () => {
    expect((await raw('200', 'POST / HTTP/1.1\r\nexpect: 100-continue\r\ncontent-length: 1')).bytes).toBe('HTTP/1.1 100 Continue\r\n\r\n');
  });

  it('resets, closes, hangs', async () => {
    expect(await raw('reset')).toMatchObject({ bytes: '', end: 'ECONNRESET' });
    expect(await raw('close')).toMatchObject({ bytes: '', end: 'closed' });
    expect(await raw('hang')).toMatchObject({ bytes: '', end: 'open' });
  });

  it('cuts an answer off', async () => {
    const { bytes, end } = await raw('cut');

    expect(bytes).toMatch(/^HTTP\/1\.1 200 OK\r\n.*\r\n2\r\nv1\r\n$/s);
    expect(end).toBe('closed');
  });

  it('sends garbage', async () => {
    expect((await raw('garbage')).bytes).not.toMatch(/^HTTP/);
  });

  it('keeps a connection for the next request, and closes it when asked', async () => {
    expect((await raw('200')).end).toBe('open');
    expect((await raw('200', 'GET / HTTP/1.1\r\nconnection: close')).end).toBe('closed');
  });

  it('echoes lines that are no HTTP, with its text', async () => {
    expect(await answerTo(backend, 'hel', 'lo\nwo', 'rld\n')).toBe('v1 hello\nv1 world\n');
  });

  it('answers 400 to what it does not speak', async () => {
    const plain = await Backend.start({ address: 'a', text: 'v1', book, plainHttp: true });
    expect(await answerTo(plain, 'hello\n')).toMatch(/^HTTP\/1.1 400 /);
    await plain.close();
  });

  it('starts a delay when the request is complete', async () => {
    const startedAt = performance.now();
    await (await call('200+50ms', { method: 'POST', body: Readable.from(slowBody(60)) })).body.dump();

    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(100);
  });
});

async function* slowBody(delayMs: number): AsyncGenerator<Buffer> {
  yield Buffer.from('a');
  await new Promise((resolve) => setTimeout(resolve, delayMs));
  yield Buffer.from('b');
}
