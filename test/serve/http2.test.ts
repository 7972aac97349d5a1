import { once } from 'node:events';
import { connect, constants, type ClientHttp2Session, type ClientHttp2Stream, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http2';
import { duplexPair, type Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import type { HttpServer } from '../../src/serve/http-server.ts';
import { say, serveWorld, type Seen } from './serve-world.ts';

const { server } = serveWorld();

const sessions: ClientHttp2Session[] = [];
afterEach(() => {
  for (const session of sessions.splice(0)) session.destroy();
});

/** A client of `http` on a pair of streams. */
function client(http: HttpServer<string>): { session: ClientHttp2Session; served: Duplex; caller: Duplex } {
  const [caller, served] = duplexPair();
  http.take(served, 'mine');
  const session = connect('http://a', { createConnection: () => caller });
  session.on('error', () => {});
  sessions.push(session);
  return { session, served, caller };
}

interface Answer {
  readonly head: IncomingHttpHeaders;
  readonly flags: number;
  readonly body: string;
  readonly trailers: IncomingHttpHeaders;
  readonly informed: readonly IncomingHttpHeaders[];
}

async function answerOf(stream: ClientHttp2Stream): Promise<Answer> {
  let trailers: IncomingHttpHeaders = {};
  const informed: IncomingHttpHeaders[] = [];
  stream.on('trailers', (seen: IncomingHttpHeaders) => (trailers = seen)).on('headers', (seen: IncomingHttpHeaders) => informed.push(seen));
  const [head, flags] = (await once(stream, 'response')) as [IncomingHttpHeaders, number];
  const body = await text(stream);
  return { head, flags, body, trailers, informed };
}

const GET: OutgoingHttpHeaders = { ':path': '/a?b=c', ':authority': 'shop:80' };

describe('HTTP/2 by its preface', () => {
  it('hands requests over plainly', async () => {
    const { server: http, seen } = server(say('hi'));
    const { session } = client(http);

    const { head, body } = await answerOf(session.request({ ...GET, 'x-twice': ['1', '2'], cookie: ['a=1', 'b=2', 'c=3'], te: 'trailers' }));

    expect([head[':status'], body]).toEqual([200, 'hi']);
    expect(seen).toMatchObject([{ connection: 'mine', method: 'GET', authority: 'shop:80', path: '/a?b=c', body: null, http2: true }]);
    expect(seen[0]?.headers).toEqual(['x-twice', '1', 'x-twice', '2', 'cookie', 'a=1; b=2; c=3', 'te', 'trailers']);
  });

  it('is known also when it comes byte by byte', async () => {
    const { server: http } = server(say('hi'));
    const [caller, served] = duplexPair();
    http.take(served, '');
    for (const byte of 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n') {
      caller.write(byte);
      await new Promise(setImmediate);
    }
    caller.write(Buffer.from('000000040000000000', 'hex'));
    const [settings] = (await once(caller, 'data')) as [Buffer];

    expect(settings[3]).toBe(4);
    caller.destroy();
  });

  it('is no HTTP/1.1 that begins likewise', async () => {
    const { server: http, seen } = server(say('hi'));
    const [caller, served] = duplexPair();
    http.take(served, '');
    caller.write('PR');
    await new Promise(setImmediate);
    caller.write('OPFIND / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');

    expect(await text(caller)).toMatch(/^HTTP\/1.1 200 OK/);
    expect(seen).toMatchObject([{ method: 'PROPFIND', http2: false }]);
  });

  it('carries bodies both ways, as fast as they are read', async () => {
    const { server: http, seen } = server();
    const { session } = client(http);
    const stream = session.request({ ...GET, ':method': 'POST' });
    const sent = 40;
    for (let i = 0; i < sent; i++) stream.write(Buffer.alloc(100_000));
    stream.end();
    await expect.poll(() => seen.length).toBe(1);
    const [{ body, answer, controller }] = seen as [Seen];

    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(stream.writableLength).toBeGreaterThan(0);
    let size = 0;
    for await (const chunk of body!) size += chunk.length;
    expect(size).toBe(sent * 100_000);

    answer.onResponseStart?.(controller, 200, {});
    for (let i = 0; i < 10; i++) answer.onResponseData?.(controller, Buffer.alloc(50_000));
    expect(controller.paused).toBe(true);
    stream.resume();
    await expect.poll(() => controller.paused).toBe(false);
  });

  it('tells hints before the answer, and trailers after it', async () => {
    const { server: http } = server(({ answer, controller }) => {
      answer.onResponseStart?.(controller, 103, { link: '</a>' });
      answer.onResponseStart?.(controller, 200, { 'x-a': ['1', '2'], connection: 'keep-alive', 'keep-alive': 'timeout=5', 'transfer-encoding': 'chunked' });
      answer.onResponseData?.(controller, Buffer.from('hi'));
      answer.onResponseEnd?.(controller, { 'grpc-status': '0' });
    });
    const { session } = client(http);

    const { head, body, trailers, informed } = await answerOf(session.request(GET));

    expect(informed).toMatchObject([{ ':status': 103, link: '</a>' }]);
    expect(head).toMatchObject({ ':status': 200, 'x-a': '1, 2' });
    for (const name of ['connection', 'keep-alive', 'transfer-encoding']) expect(head).not.toHaveProperty(name);
    expect([body, trailers['grpc-status']]).toEqual(['hi', '0']);
  });

  it.each([
    ['is told to be all with its headers', true],
    ['ends at once', false],
  ])('ends the stream with the headers where an answer %s', async (_what, told) => {
    const { server: http } = server(({ answer, controller }) => {
      answer.onResponseStart?.(Object.assign(controller, { bodiless: told }), 200, { 'grpc-status': '5' });
      if (told) setImmediate(() => answer.onResponseEnd?.(controller, {}));
      else answer.onResponseEnd?.(controller, {});
    });
    const { session } = client(http);

    const { flags, head } = await answerOf(session.request({ ...GET, ':method': 'POST' }));

    expect(flags & constants.NGHTTP2_FLAG_END_STREAM).not.toBe(0);
    expect(head['grpc-status']).toBe('5');
  });

  it('takes no more of a body when the answer is whole', async () => {
    const { server: http } = server(say('no'));
    const { session } = client(http);
    const stream = session.request({ ...GET, ':method': 'POST' });
    stream.on('error', () => {});
    stream.write('part');

    const { body } = await answerOf(stream);

    expect(body).toBe('no');
    if (!stream.closed) await once(stream, 'close');
    expect(stream.rstCode).toBe(constants.NGHTTP2_NO_ERROR);
  });

  it('breaks an answer off so that nobody takes it for whole', async () => {
    const { server: http } = server(({ answer, controller }) => {
      answer.onResponseStart?.(controller, 200, {});
      answer.onResponseData?.(controller, Buffer.from('part'));
      setImmediate(() => answer.onResponseError?.(controller, new Error('upstream broke')));
    });
    const { session } = client(http);
    const stream = session.request(GET);

    const [error] = (await once(stream.resume(), 'error')) as [Error];

    expect(error.message).toContain('NGHTTP2_INTERNAL_ERROR');
  });

  it('answers 400 to what can\'t be sent on, and breaks off what can\'t be said', async () => {
    const { server: http } = server(({ answer, controller, path }) => {
      if (path === '/unsendable') answer.onResponseError?.(controller, new Error('invalid header'));
      else answer.onResponseStart?.(controller, 200, { 'content-type': ['a', 'b'] });
    });
    const { session } = client(http);

    expect((await answerOf(session.request({ ...GET, ':path': '/unsendable' }))).head[':status']).toBe(400);
    await expect(once(session.request(GET), 'response')).rejects.toThrow('NGHTTP2_INTERNAL_ERROR');
  });

  it('aborts the call of a stream that is reset, and tells it from a connection that is lost', async () => {
    const { server: http, seen } = server();
    const { session, caller, served } = client(http);
    const stream = session.request({ ...GET, ':method': 'POST' });
    const other = session.request(GET);
    other.on('error', () => {});
    await expect.poll(() => seen.length).toBe(2);

    stream.close(constants.NGHTTP2_CANCEL);
    await expect.poll(() => seen[0]?.controller.aborted).toBe(true);
    expect([seen[0]?.controller.reason?.name, seen[1]?.controller.aborted]).toEqual(['Error', false]);
    caller.destroy();
    served.destroy();
    await expect.poll(() => seen[1]?.controller.reason?.name).toBe('CallerDisconnected');
  });

  it('goes by the Host where there is no authority', async () => {
    const { server: http, seen } = server(say('hi'));
    const { session } = client(http);
    await answerOf(session.request({ ':path': '/', ':authority': undefined, host: 'shop' }));
    expect(seen[0]).toMatchObject({ authority: 'shop', headers: [] });
  });

  it('refuses CONNECT', async () => {
    const { server: http, seen } = server(say('never'));
    const { session } = client(http);
    const stream = session.request({ ':method': 'CONNECT', ':authority': 'a:80' });
    stream.on('error', () => {}).resume();

    const [answer] = (await once(stream, 'response')) as [IncomingHttpHeaders];
    expect(answer[':status']).toBe(404);
    expect(seen).toEqual([]);
  });
});

describe('the life of a session', () => {
  it('drains: says goodbye, lets what is under way end, and closes', async () => {
    const { server: http, seen } = server();
    const idle = client(http);
    const busy = client(http);
    await once(idle.session, 'remoteSettings');
    const answering = answerOf(busy.session.request(GET));
    await expect.poll(() => seen.length).toBe(1);
    const goodbyes = [once(idle.session, 'goaway'), once(busy.session, 'goaway')];

    http.drain();
    await Promise.all(goodbyes);
    await once(idle.session, 'close');
    let over = false;
    const ended = http.idle().then(() => (over = true));
    expect([over, busy.served.destroyed]).toEqual([false, false]);
    say('bye')(seen[0]!);

    expect((await answering).body).toBe('bye');
    await ended;
    if (!busy.session.closed) await once(busy.session, 'close');
  });

  it('ends when nothing is asked for long, not while something is under way', async () => {
    const { server: http, seen } = server(() => {}, { limits: { headersMs: 5000, requestMs: 5000, idleMs: 60 } });
    const busy = client(http);
    const idle = client(http);
    const answering = answerOf(busy.session.request(GET));
    await expect.poll(() => seen.length).toBe(1);

    await once(idle.session, 'close');
    await new Promise((resolve) => setTimeout(resolve, 100));
    say('late')(seen[0]!);

    expect((await answering).body).toBe('late');
  });

  it('ends when no request comes', async () => {
    const { server: http } = server(say('hi'), { limits: { headersMs: 60, requestMs: 5000, idleMs: 5000 } });
    const { session } = client(http);

    await once(session, 'close');
  });

  it('ends for callers that open and reset streams without end', async () => {
    const { server: http, seen } = server();
    const [caller, served] = duplexPair();
    http.take(served, '');
    caller.on('error', () => {}).resume();
    caller.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
    caller.write(frame(FRAME.settings, 0, 0));
    for (let id = 1; id < 4000 && !served.destroyed; id += 2) {
      caller.write(Buffer.concat([frame(FRAME.headers, END_STREAM_AND_HEADERS, id, GET_SLASH), frame(FRAME.reset, 0, id, Buffer.from([0, 0, 0, 8]))]));
      if (id % 100 === 1) await new Promise(setImmediate);
    }

    await expect.poll(() => served.destroyed).toBe(true);
    expect(seen.length).toBeLessThan(1500);
    expect(seen.every(({ controller }) => controller.aborted)).toBe(true);
  });
});

const FRAME = { headers: 1, reset: 3, settings: 4 } as const;
const END_STREAM_AND_HEADERS = 5;
/** `GET http://a/`, as HPACK writes it. */
const GET_SLASH = Buffer.from([0x82, 0x86, 0x84, 0x41, 1, 0x61]);

function frame(type: number, flags: number, stream: number, payload = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}
