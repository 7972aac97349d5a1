import { type ClientHttp2Session, connect, constants, type IncomingHttpHeaders } from 'node:http2';
import { connect as connectTls } from 'node:tls';
import { request } from 'undici';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Backend, type BackendOptions } from './backend.ts';
import { CallBook } from './call-book.ts';
import { grpcMessage } from './grpc-message.ts';

let book: CallBook;
let backend: Backend;
let session: ClientHttp2Session;

async function start(manners: Partial<BackendOptions> = {}): Promise<void> {
  book = new CallBook();
  backend = await Backend.start({ address: '127.0.1.94:7080', text: 'v1', book, ...manners });
}

beforeEach(async () => {
  await start();
  session = connect(`http://127.0.0.1:${backend.port}`);
  session.on('error', () => undefined);
});

afterEach(() => {
  session.destroy();
  return backend.close();
});

interface Answer {
  readonly headers: IncomingHttpHeaders;
  readonly informational: IncomingHttpHeaders[];
  readonly trailers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly rst: number;
}

/** What came back by the time the stream was closed. */
function call(plan: string | undefined, headers: Record<string, string> = {}, body?: Buffer): Promise<Answer> {
  const stream = session.request({ ':path': '/x', 'x-call': '1', ...(plan !== undefined && { 'x-plan': plan }), ...headers }, { endStream: body === undefined });
  const chunks: Buffer[] = [];
  let answer: Pick<Answer, 'headers' | 'informational' | 'trailers'> = { headers: {}, informational: [], trailers: {} };
  stream.on('response', (received) => (answer = { ...answer, headers: received }));
  stream.on('headers', (received) => answer.informational.push(received));
  stream.on('trailers', (trailers) => (answer = { ...answer, trailers }));
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  stream.on('error', () => undefined);
  if (body !== undefined) stream.end(body);
  return new Promise((resolve) => stream.on('close', () => resolve({ ...answer, body: Buffer.concat(chunks), rst: stream.rstCode })));
}

const GRPC = { ':method': 'POST', 'content-type': 'application/grpc', te: 'trailers' };

describe('a server spoken to in HTTP/2', () => {
  it('answers, and records what arrived', async () => {
    const { headers, body } = await call('201{x-a=1;set-cookie=b;set-cookie=c;connection=close}', { ':method': 'POST', ':authority': 'catalog:7080', 'X-Up': 'yes' }, Buffer.from('hello'));

    expect([headers[':status'], headers['content-type'], headers['x-a'], headers['set-cookie'], body.toString()]).toEqual([201, 'text/plain', '1', ['b', 'c'], 'v1']);
    const [arrival] = book.record('1').attempts;
    expect(arrival).toMatchObject({ to: '127.0.1.94:7080', http2: true, method: 'POST', path: '/x', body: 'hello', bodyBytes: 5 });
    expect(arrival?.headers).toEqual([['host', 'catalog:7080'], ['x-call', '1'], ['x-plan', expect.anything()], ['x-up', 'yes']]);
  });

  it('answers HTTP/1.1 on the same port, also to a method that begins like HTTP/2', async () => {
    for (const method of ['POST', 'PUT'] as const) {
      const { statusCode, body } = await request(`http://127.0.0.1:${backend.port}/`, { method, headers: { 'x-call': method } });
      expect([statusCode, await body.text()]).toEqual([200, 'v1']);
    }
    expect(book.record('PUT').attempts[0]?.http2).toBeUndefined();
  });

  it('sends early hints, trailers, and the rest of a body later', async () => {
    const startedAt = performance.now();
    const { headers, informational, trailers, body } = await call('103>200+30ms~50ms[x-t=1]');

    expect([headers[':status'], informational[0]?.[':status'], trailers['x-t'], body.toString()]).toEqual([200, 103, '1', 'v1v1']);
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(75);
  });

  it.each([['204', undefined], ['304', undefined], ['200', 'HEAD']])('gives %s no body where there is none (%s)', async (plan, method = 'GET') => {
    const { headers, body } = await call(plan, { ':method': method });

    expect([headers[':status'], body.length]).toEqual([Number(plan), 0]);
  });

  it.each([['reset', constants.NGHTTP2_INTERNAL_ERROR], ['refused', constants.NGHTTP2_REFUSED_STREAM]])('%s ends the stream, not the connection', async (plan, code) => {
    expect(await call(plan)).toMatchObject({ headers: {}, rst: code });
    expect((await call('200')).headers[':status']).toBe(200);
  });

  it.each([['close', ''], ['cut', 'v1'], ['garbage', '']])('%s ends the connection', async (plan, text) => {
    const { body } = await call(plan);

    expect(body.toString()).toBe(text);
    await expect.poll(() => session.destroyed).toBe(true);
  });

  it('hangs', async () => {
    const ended = call('hang').then(() => 'ended');
    expect(await Promise.race([ended, new Promise((resolve) => setTimeout(() => resolve('open'), 50))])).toBe('open');
  });

  it('answers a gRPC call with a message and a status in the trailers', async () => {
    const { headers, trailers, body } = await call(undefined, GRPC, grpcMessage('hi'));

    expect([headers['content-type'], headers['grpc-status'], trailers['grpc-status'], body]).toEqual(['application/grpc', undefined, '0', grpcMessage('v1')]);
    expect(book.record('1').attempts).toMatchObject([{ body: 'hi', bodyBytes: 2 }]);
  });

  it.each([
    ['grpc5', undefined, { 'grpc-status': '5', 'grpc-message': 'code 5' }, grpcMessage('v1')],
    ['grpc14!', '14', {}, Buffer.alloc(0)],
  ])('answers a gRPC call with %s', async (plan, inHeaders, inTrailers, message) => {
    const { headers, trailers, body } = await call(plan, GRPC, grpcMessage(''));

    expect([headers['grpc-status'], body]).toEqual([inHeaders, message]);
    expect(trailers).toMatchObject(inTrailers);
  });

  it('answers a gRPC call with plain HTTP where the plan says so', async () => {
    const { headers, trailers } = await call('503', GRPC, grpcMessage(''));

    expect([headers[':status'], headers['content-type'], trailers['grpc-status']]).toEqual([503, 'text/plain', undefined]);
  });

  it('speaks it over TLS', async () => {
    await backend.close();
    await start({ http2: true });
    session.destroy();
    session = connect('https://a.example.com', {
      createConnection: () => connectTls({ port: backend.port, host: '127.0.0.1', servername: 'a.example.com', ALPNProtocols: ['h2'], rejectUnauthorized: false }),
    });

    expect((await call('200')).headers[':status']).toBe(200);
    expect(book.record('1').attempts).toMatchObject([{ http2: true, tls: { sni: 'a.example.com', alpn: 'h2' } }]);
  });

  it('is refused by a server of plain HTTP', async () => {
    await backend.close();
    await start({ plainHttp: true });
    session.destroy();
    session = connect(`http://127.0.0.1:${backend.port}`);
    session.on('error', () => undefined);

    expect((await call('200')).headers).toEqual({});
    expect(book.record('1').attempts).toEqual([]);
  });
});
