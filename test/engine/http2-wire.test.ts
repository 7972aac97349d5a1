import { connect as connectHttp2, constants, createServer, type ClientHttp2Session, type Http2Server, type IncomingHttpHeaders, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import { connect, createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net';
import type { Dispatcher } from 'undici';
import { afterEach, describe, expect, it } from 'vitest';
import { Http2ResetError, Http2Wire } from '../../src/engine/http2-wire.ts';
import { resetReasonOf } from '../../src/engine/upstream-attempt.ts';
import { StaleConnectionError } from '../../src/engine/wire.ts';
import { VirtualClock } from '../../src/testing/index.ts';
import { until } from '../mesh/http-services.ts';

type Serve = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void;

const open: (() => void)[] = [];
/** How often a wire told that the other side takes another number of streams. */
let changes = 0;

afterEach(() => {
  for (const close of open.splice(0).reverse()) close();
});

/** A wire to a server that answers with `serve`. */
async function wireTo(serve: Serve, keepalive?: ConstructorParameters<typeof Http2Wire>[2]): Promise<{ wire: Http2Wire; server: Http2Server; sessions: ServerHttp2Session[]; socket: Socket }> {
  const sessions: ServerHttp2Session[] = [];
  const server = createServer();
  server.on('session', (session) => sessions.push(session.on('error', () => {}) as ServerHttp2Session));
  server.on('stream', (stream, headers) => {
    stream.on('error', () => {});
    serve(stream, headers);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  await new Promise<void>((resolve) => socket.once('connect', () => resolve()));
  socket.on('error', () => {});
  const wire = new Http2Wire(socket, () => void changes++, keepalive);
  open.push(() => {
    wire.destroy();
    for (const session of sessions) session.destroy();
    server.close();
  });
  return { wire, server, sessions, socket };
}

interface Told {
  status?: number;
  early: number[];
  headers?: Record<string, unknown>;
  body: string;
  trailers?: unknown;
  error?: Error;
}

/** Sends one request and resolves with what its handler was told, once it is over. */
function send(wire: Http2Wire, options: Partial<Dispatcher.DispatchOptions> = {}, onStart?: (controller: Dispatcher.DispatchController) => void): Promise<Told> {
  const told: Told = { early: [], body: '' };
  return new Promise((resolve) => {
    let ends = 0;
    const end = (): void => {
      if (++ends > 1) told.error = new Error('told twice of its end');
      // A second ending would come at once.
      setImmediate(() => resolve(told));
    };
    wire.dispatch({ method: 'GET', path: '/', headers: ['host', 'reviews'], ...options } as Dispatcher.DispatchOptions, {
      onRequestStart: (controller) => onStart?.(controller),
      onResponseStart: (_controller, status, headers) => {
        if (status < 200) told.early.push(status);
        else Object.assign(told, { status, headers });
      },
      onResponseData: (_controller, chunk) => void (told.body += String(chunk)),
      onResponseEnd: (_controller, trailers) => {
        told.trailers = trailers;
        end();
      },
      onResponseError: (_controller, error) => {
        told.error = error;
        end();
      },
    } as Dispatcher.DispatchHandler);
  });
}

async function read(stream: ServerHttp2Stream): Promise<string> {
  let text = '';
  for await (const chunk of stream) text += String(chunk);
  return text;
}

describe('HTTP/2 over a socket', () => {
  it('sends what HTTP/2 has a place for, and gives back what came', async () => {
    let head: IncomingHttpHeaders = {};
    const { wire } = await wireTo((stream, headers) => {
      head = headers;
      void read(stream).then((body) => {
        stream.additionalHeaders({ ':status': 103, link: '</a>' });
        stream.respond({ ':status': 201, 'x-a': ['1', '2'], 'set-cookie': ['a=1', 'b=2'] }, { waitForTrailers: true });
        stream.on('wantTrailers', () => stream.sendTrailers({ 'x-end': 'yes' }));
        stream.end(`got ${body}`);
      });
    });

    const told = await send(wire, {
      method: 'POST',
      path: '/a?b',
      headers: ['host', 'reviews:9080', 'x-one', '1', 'x-one', '2', 'cookie', 'a=1', 'cookie', 'b=2', 'connection', 'close', 'keep-alive', '5', 'upgrade', 'x', 'te', 'gzip', 'transfer-encoding', 'chunked'],
      body: 'hello',
    });

    expect(head).toMatchObject({ ':method': 'POST', ':path': '/a?b', ':authority': 'reviews:9080', ':scheme': 'http', 'x-one': '1, 2', cookie: 'a=1; b=2', 'content-length': '5' });
    for (const name of ['host', 'connection', 'keep-alive', 'upgrade', 'te', 'transfer-encoding']) expect(head).not.toHaveProperty(name);
    expect(told).toMatchObject({ status: 201, early: [103], body: 'got hello', trailers: { 'x-end': 'yes' } });
    expect(told.headers).toMatchObject({ 'x-a': '1, 2', 'set-cookie': ['a=1', 'b=2'] });
    expect(told.headers).not.toHaveProperty(':status');
    expect(told.error).toBeUndefined();
  });

  it('an answer that is no HTTP/2 is an error of the protocol, not of the connection', async () => {
    const server = createTcpServer((other) => void other.on('error', () => {}).once('data', () => other.end('HTTP/1.1 400 Bad Request\r\n\r\n')));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1').on('error', () => {});
    await new Promise<void>((resolve) => socket.once('connect', () => resolve()));
    const wire = new Http2Wire(socket, () => {});
    open.push(() => {
      wire.destroy();
      server.close();
    });

    const { error, status } = await send(wire);

    expect(status).toBeUndefined();
    expect(resetReasonOf(error!)).toBe('protocol-error');
  });

  it('keeps te: trailers, which gRPC needs', async () => {
    let head: IncomingHttpHeaders = {};
    const { wire } = await wireTo((stream, headers) => {
      head = headers;
      stream.respond({ ':status': 200, 'grpc-status': '0' }, { endStream: true });
    });

    expect(await send(wire, { headers: ['host', 'a', 'te', 'trailers'] })).toMatchObject({ status: 200, body: '', trailers: {} });
    expect(head).toMatchObject({ te: 'trailers' });
  });

  it('carries many requests at once', async () => {
    const waiting: ServerHttp2Stream[] = [];
    const { wire, sessions } = await wireTo((stream) => {
      waiting.push(stream);
      if (waiting.length === 20) for (const one of waiting) one.respond({ ':status': 200 }, { endStream: true });
    });

    const all = await Promise.all(Array.from({ length: 20 }, () => send(wire)));

    expect(all.every(({ status }) => status === 200)).toBe(true);
    expect(sessions).toHaveLength(1);
  });

  it.each([
    ['bytes', Buffer.from('hello')],
    ['an array buffer', new TextEncoder().encode('hello').buffer],
    ['a stream', (async function* () { yield 'hel'; yield Buffer.from('lo'); })()],
    ['a Blob', new Blob(['hello'], { type: 'text/x' })],
  ])('sends %s', async (_, body) => {
    const { wire } = await wireTo((stream) => void read(stream).then((text) => stream.respond({ ':status': 200 }) ?? stream.end(text)));

    expect(await send(wire, { method: 'POST', body: body as never })).toMatchObject({ status: 200, body: 'hello' });
  });

  it('encodes a form as fetch does', async () => {
    let type: string | undefined;
    const { wire } = await wireTo((stream, headers) => {
      type = headers['content-type'];
      void read(stream).then((text) => stream.respond({ ':status': 200 }) ?? stream.end(text));
    });
    const form = new FormData();
    form.set('a', '1');

    expect((await send(wire, { method: 'POST', body: form as never })).body).toContain('name="a"');
    expect(type).toMatch(/^multipart\/form-data; boundary=/);
  });

  it.each([
    ['REFUSED_STREAM', constants.NGHTTP2_REFUSED_STREAM, 'remote-refused'],
    ['INTERNAL_ERROR', constants.NGHTTP2_INTERNAL_ERROR, 'remote-reset'],
    ['CANCEL', constants.NGHTTP2_CANCEL, 'remote-reset'],
  ])('tells a reset with %s, and goes on', async (_, code, reason) => {
    const { wire, sessions } = await wireTo((stream, headers) => {
      if (headers[':path'] === '/reset') stream.close(code);
      else stream.respond({ ':status': 200 }, { endStream: true });
    });

    const { error, status } = await send(wire, { path: '/reset' });

    expect(status).toBeUndefined();
    expect(resetReasonOf(error!)).toBe(reason);
    expect(wire.usable).toBe(true);
    expect(await send(wire)).toMatchObject({ status: 200 });
    expect(sessions).toHaveLength(1);
  });

  it('tells a reset in the middle of a response', async () => {
    const { wire } = await wireTo((stream) => {
      stream.respond({ ':status': 200 });
      // `close` would end the response properly first.
      stream.write('half', () => stream.destroy(new Error('broken')));
    });

    const told = await send(wire);

    expect(told).toMatchObject({ status: 200, body: 'half' });
    expect(resetReasonOf(told.error!)).toBe('remote-reset');
  });

  it('tells all its requests when the connection breaks', async () => {
    const { wire, sessions } = await wireTo((_stream, headers) => {
      if (headers[':path'] === '/b') sessions[0]!.destroy();
    });

    const [a, b] = await Promise.all([send(wire, { path: '/a' }), send(wire, { path: '/b' })]);

    expect([a, b].map(({ error }) => resetReasonOf(error!))).toEqual(['connection-termination', 'connection-termination']);
    expect(wire.usable).toBe(false);
  });

  it('takes no further request after GOAWAY, and ends those it has', async () => {
    let late: ServerHttp2Stream | undefined;
    const { wire, sessions } = await wireTo((stream) => (late = stream));
    const first = send(wire);
    await until(() => late !== undefined, 'the request has come');

    sessions[0]!.goaway(constants.NGHTTP2_NO_ERROR);
    await until(() => !wire.usable, 'the wire has heard of it');
    expect(wire.alive).toBe(true);
    const second = await send(wire);
    late!.respond({ ':status': 200 });
    late!.end('late');

    expect(second.error).toBeInstanceOf(StaleConnectionError);
    expect(await first).toMatchObject({ status: 200, body: 'late', trailers: {} });
    await until(() => !wire.alive, 'the connection has ended');
  });

  it('takes no further request when it has no number left for one', async () => {
    const { wire, server } = await wireTo((stream) => stream.respond({ ':status': 200 }, { endStream: true }));
    expect(await send(wire)).toMatchObject({ status: 200 });
    const another = connectHttp2(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const sessions = Object.getPrototypeOf(another) as ClientHttp2Session;
    const { request } = sessions;
    sessions.request = () => {
      throw Object.assign(new Error('no stream ids'), { code: 'ERR_HTTP2_OUT_OF_STREAMS' });
    };
    const told = await send(wire).finally(() => (sessions.request = request));
    another.destroy();

    expect(told.error).toBeInstanceOf(StaleConnectionError);
    expect([wire.usable, wire.alive]).toEqual([false, true]);
  });

  it('ends a stream whose request is given up, and no other', async () => {
    const codes: (number | undefined)[] = [];
    const { wire } = await wireTo((stream, headers) => {
      stream.once('close', () => codes.push(stream.rstCode));
      if (headers[':path'] === '/') stream.respond({ ':status': 200 }, { endStream: true });
    });
    const reason = new Error('enough');

    const told = await send(wire, { path: '/never' }, (controller) => setImmediate(() => controller.abort(reason)));

    expect(told.error).toBe(reason);
    await until(() => codes.length === 1, 'the server has heard of it');
    expect(codes).toEqual([constants.NGHTTP2_CANCEL]);
    expect(await send(wire)).toMatchObject({ status: 200 });
  });

  it('fails a request whose body fails, with the error of the body', async () => {
    const failure = new Error('no more');
    const { wire } = await wireTo(() => {});

    const { error } = await send(wire, {
      method: 'POST',
      body: (async function* () {
        yield 'a';
        throw failure;
      })() as never,
    });

    expect(error).toBe(failure);
    expect(error).not.toBeInstanceOf(Http2ResetError);
    expect(wire.usable).toBe(true);
  });

  it('says how many streams the other side takes', async () => {
    changes = 0;
    const { wire, sessions } = await wireTo(() => {});
    sessions[0]?.settings({ maxConcurrentStreams: 7 });
    await until(() => sessions.length === 1, 'the session is there');
    sessions[0]!.settings({ maxConcurrentStreams: 7 });

    await until(() => wire.capacity === 7, 'the settings have come');
    expect(changes).toBeGreaterThan(0);
  });

  it('stops reading while its handler is paused', async () => {
    const { wire } = await wireTo((stream) => {
      stream.respond({ ':status': 200 });
      stream.end('x'.repeat(1000));
    });
    let controller: Dispatcher.DispatchController | undefined;

    const told = send(wire, {}, (one) => {
      controller = one;
      one.pause();
    });
    await until(() => controller !== undefined, 'it has begun');
    expect(controller!.paused).toBe(true);
    controller!.resume();

    expect((await told).body).toHaveLength(1000);
  });

  it('asks the other side at intervals whether it is there', async () => {
    const clock = new VirtualClock();
    const { wire, sessions } = await wireTo(() => {}, { options: { intervalMs: 1000, timeoutMs: 200 }, clock });
    await until(() => sessions.length === 1, 'the session is there');
    let pings = 0;
    sessions[0]!.on('ping', () => pings++);
    const waiting = send(wire);

    for (let i = 1; i <= 12; i++) {
      await clock.advance(1000);
      await until(() => pings === i, 'a ping has come');
      // Its answer has to come back over a real socket.
      await new Promise((resolve) => setTimeout(resolve, 5));
      expect(wire.usable).toBe(true);
    }
    wire.destroy();
    expect(resetReasonOf((await waiting).error!)).toBe('connection-termination');
  });

  it('ends a connection whose other side does not answer when it is asked', async () => {
    const clock = new VirtualClock();
    const silent = createTcpServer(() => {});
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const socket = connect((silent.address() as AddressInfo).port, '127.0.0.1');
    await new Promise<void>((resolve) => socket.once('connect', () => resolve()));
    const wire = new Http2Wire(socket, () => {}, { options: { intervalMs: 1000, timeoutMs: 200 }, clock });
    open.push(() => socket.destroy(), () => silent.close());
    const waiting = send(wire);

    await clock.advance(1199);
    expect(wire.usable).toBe(true);
    await clock.advance(1);

    expect(resetReasonOf((await waiting).error!)).toBe('connection-termination');
    expect(wire.usable).toBe(false);
  });
});
