import type { Socket } from 'node:net';
import fc from 'fast-check';
import { Client, type Dispatcher } from 'undici';
import { describe, expect, it } from 'vitest';
import { Http1Wire } from '../../src/engine/http1-wire.ts';
import { ordinaryRequest } from '../../src/engine/ordinary-request.ts';
import { ordinaryResponse } from '../../src/engine/ordinary-response.ts';
import { systemClock } from '../../src/engine/system-clock.ts';
import { ScriptedSocket, type ServerTurn } from './scripted-socket.ts';

type Dispatch = (options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler) => void;

const GET: Dispatcher.DispatchOptions = { method: 'GET', path: '/', headers: ['host', 'a.test', 'accept', '*/*'] };

/** undici by itself, with what the wire gives it. */
function undiciOn(socket: Socket): Dispatch {
  let given = false;
  const client = new Client('http://a.test', {
    pipelining: 1,
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: (_options: unknown, callback: (error: Error | null, socket: Socket | null) => void) => {
      const mine = given ? null : socket;
      given = true;
      queueMicrotask(() => callback(mine === null ? new Error('gone') : null, mine));
    },
  } as Client.Options);
  return (options, handler) => void client.dispatch({ ...options, origin: 'http://a.test' }, handler);
}

function wireOn(socket: Socket): Dispatch {
  const wire = new Http1Wire(socket, 'http://a.test', systemClock);
  return (options, handler) => wire.dispatch(options, handler);
}

/** What a caller sees of one request, with `pauses` in between if it likes. */
function storyOf(dispatch: Dispatch, options: Dispatcher.DispatchOptions, pauses: boolean): Promise<string[]> {
  return new Promise((resolve) => {
    const story: string[] = [];
    let body = '';
    const rest = (controller: Dispatcher.DispatchController): void => {
      if (!pauses) return;
      controller.pause();
      setImmediate(() => controller.resume());
    };
    const end = (last: string): void => resolve([...story, `body ${JSON.stringify(body)}`, last]);
    try {
      dispatch(options, {
        onRequestStart() {},
        onResponseStart(controller, status, headers, statusText) {
          story.push(`${status} ${statusText} ${JSON.stringify(headers)}`);
          rest(controller);
        },
        onResponseData(controller, chunk) {
          body += chunk.toString('latin1');
          rest(controller);
        },
        onResponseEnd: (_controller, trailers) => end(`end ${JSON.stringify(trailers)}`),
        onResponseError: (_controller, error) => end(`${error.name} ${(error as { code?: string }).code} ${error.message}`),
      });
    } catch (error) {
      end(`throws ${(error as Error).message}`);
    }
  });
}

/** Two requests, one after the other, where the connection lets the second. */
async function storiesOf(make: (socket: Socket) => Dispatch, turns: readonly ServerTurn[], pauses: boolean): Promise<{ first: string[]; second: string[] | string; closed: boolean }> {
  const socket = new ScriptedSocket(turns);
  socket.on('error', () => {});
  const dispatch = make(socket.asSocket);
  const first = await Promise.race([storyOf(dispatch, GET, pauses), socket.quiet().then(() => socket.quiet()).then(() => ['waits'])]);
  await socket.quiet();
  const closed = socket.destroyed;
  const second = closed || first[0] === 'waits' ? 'no second' : await Promise.race([storyOf(dispatch, GET, pauses), socket.quiet().then(() => socket.quiet()).then(() => ['waits'])]);
  await socket.quiet();
  const result = { first, second, closed: socket.destroyed };
  socket.destroy();
  return result;
}

/** Bytes in pieces, cut at any places. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const ends = [...places.map((place) => place % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  return ends.map((end, i) => bytes.subarray(ends[i - 1] ?? 0, end)).filter((piece) => piece.length > 0);
}

const often = <T>(usual: T, ...rare: T[]): fc.Arbitrary<T> => fc.oneof({ weight: 6, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: fc.constantFrom(usual, ...rare) });

const line = often('Server: test', 'server:  two', 'x-empty:', 'x-empty: ', 'Set-Cookie: a=1', 'set-cookie: b=2', 'x-tab:\ta', 'x-end: a ', 'x-é: 1', 'x-v: é', ' folded: yes', 'x y: 1', ': none', 'no colon', 'x-nul: \0', 'constructor: 1', '__proto__: 1',
  'upgrade: websocket', 'content-encoding: gzip', 'x-cr: a\rb', 'x-lf: a\nb', 'trailer: x');

const keeping = often('Connection: keep-alive', 'connection: close', 'Connection: upgrade', 'connection: Keep-Alive', 'Keep-Alive: timeout=5', 'keep-alive: timeout=1', 'keep-alive: timeout=0', 'x-none: 1');

const framing = (body: string): fc.Arbitrary<string> =>
  often(`content-length: ${body.length}`, `Content-Length: ${body.length}`, `content-length: ${body.length + 1}`, `content-length: ${Math.max(0, body.length - 1)}`, `content-length: +${body.length}`, `content-length: 0${body.length}`,
    'content-length:', 'content-length: 99999999999999999999', 'transfer-encoding: chunked', `content-length: ${body.length}\r\ncontent-length: ${body.length}`, `content-length: ${body.length}\r\ntransfer-encoding: chunked`, 'x-none: 1');

const response = fc.string({ maxLength: 40 }).chain((body) =>
  fc.tuple(
    often('', 'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n', 'HTTP/1.1 100 Continue\r\n\r\n', '\r\n'),
    often('HTTP/1.1 200 OK', 'HTTP/1.1 404 Not Found', 'HTTP/1.1 204 No Content', 'HTTP/1.1 304 Not Modified', 'HTTP/1.1 205 Reset', 'HTTP/1.1 200 ', 'HTTP/1.1 200', 'HTTP/1.0 200 OK', 'HTTP/1.1  200 OK', 'HTTP/1.1 20 OK', 'HTTP/1.1 2000 OK', 'HTTP/1.1 999 Odd',
      'HTTP/1.1 099 Odd', 'http/1.1 200 OK', 'HTTP/1.1 200 é', 'HTTP/2.0 200 OK', 'HTTP/1.1 200\tOK', 'HTTP/1.1 101 Switching Protocols', 'ICY 200 OK'),
    fc.array(line, { maxLength: 4 }),
    framing(body),
    keeping,
    fc.array(line, { maxLength: 2 }),
    often('\r\n', '\n', '\r'),
    fc.constantFrom(body, body, body, `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`, `${body}more`, `${body}HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nbad`),
  ),
).map(([before, status, lines, length, kept, more, feed, body]) => Buffer.from(`${before}${[status, ...lines, length, kept, ...more].join(feed)}${feed}${feed}${body}`, 'latin1'));

const mutated = fc.tuple(response, fc.option(fc.tuple(fc.nat(300), fc.nat(255)), { freq: 4 })).map(([bytes, change]) => {
  if (change !== null && change[0] < bytes.length) bytes[change[0]] = change[1];
  return bytes;
});

const turn: fc.Arbitrary<ServerTurn> = fc.record({
  pieces: fc.tuple(mutated, fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, { weight: 2, arbitrary: fc.array(fc.nat(400), { maxLength: 4 }) })).map(([bytes, places]) => cut(bytes, places)),
  then: often<ServerTurn['then']>('stays', 'ends', 'resets'),
});

const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';

/** Those that chance may miss: each would be told otherwise if a rule were left out. */
const TRAPS = [
  'HTTP/1.1 204 No Content\r\n\r\n', 'HTTP/1.1 204 No Content\r\ncontent-length: 2\r\n\r\n', 'HTTP/1.1 304 Not Modified\r\ncontent-length: 2\r\n\r\n',
  'HTTP/1.1 204 No Content\r\ncontent-length: 0\r\n\r\n', 'HTTP/1.1 304 Not Modified\r\ntransfer-encoding: chunked\r\n\r\n',
  'HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok', 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: keep-alive, close\r\n\r\nok',
  'HTTP/1.1 200 OK\r\ncontent-length: 2\r\nkeep-alive: timeout=2\r\n\r\nok', 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 2\r\n\r\nok',
  'HTTP/1.1 200 OK\r\ncontent-length: 2\r\nx: a \r\n\r\nok', 'HTTP/1.1 200 OK\r\ncontent-length: 2, 2\r\n\r\nok', `${OK} and more`, `${OK}\r\n and more`,
];

const SECOND: ServerTurn = { pieces: [Buffer.from('HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\ntwo')], then: 'stays' };

/** Whether line ends, and nothing else, follow an ordinary response: the one thing that the wire tells otherwise. */
function hasStrayLineEnd({ pieces }: ServerTurn): boolean {
  const bytes = Buffer.concat(pieces);
  const response = ordinaryResponse(bytes);
  return response !== undefined && /^[\r\n]+$/.test(bytes.toString('latin1', response.bodyAt + response.length));
}

describe('what is ordinary', () => {
  it.each(TRAPS)('or not is told alike: %j', async (bytes) => {
    const turns: ServerTurn[] = [{ pieces: [Buffer.from(bytes)], then: 'stays' }, SECOND];

    expect(await storiesOf(wireOn, turns, false)).toEqual(await storiesOf(undiciOn, turns, false));
  });

  // As Envoy 1.40 does, which the same was put to.
  it.each([`${OK}\r\n`, `${OK}\n`, `${OK}\n\r\r\n`])('ends with its length: for a line end beyond it the connection is closed: %j', async (bytes) => {
    const turns: ServerTurn[] = [{ pieces: [Buffer.from(bytes)], then: 'stays' }, SECOND];
    const [told, toldByUndici] = [await storiesOf(wireOn, turns, false), await storiesOf(undiciOn, turns, false)];

    expect(told).toEqual({ ...toldByUndici, second: 'no second', closed: true });
    expect(toldByUndici.closed).toBe(false);
  });

  it('is told to callers as undici tells it, however it is cut, and what is not is told by undici', async () => {
    let ordinary = 0;
    let others = 0;
    await fc.assert(
      fc.asyncProperty(fc.tuple(turn, turn).filter((turns) => !turns.some(hasStrayLineEnd)), fc.boolean(), async (turns, pauses) => {
        if (ordinaryResponse(turns[0].pieces[0] ?? Buffer.alloc(0)) === undefined) others++;
        else ordinary++;
        expect(await storiesOf(wireOn, turns, pauses)).toEqual(await storiesOf(undiciOn, turns, pauses));
      }),
      { numRuns: 500 },
    );
    expect(ordinary).toBeGreaterThan(80);
    expect(others).toBeGreaterThan(80);
  });

  it('is written as undici writes it, byte for byte', async () => {
    const value = often('a', '', 'a b', '\ta', 'é', 'ā', 'a\r\nx: 1', 'a\0', 'a\n');
    const name = often('accept', 'x-a', 'content-type', 'content-length', 'host', 'connection', 'transfer-encoding', 'upgrade', 'expect', 'keep-alive', 'x y', 'X-Up', '', 'x:');
    const request = fc.record({
      method: often('GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'HEAD', 'QUERY', 'TRACE', 'PROPFIND', 'get', 'G T'),
      path: often('/', '/a?b=c', '/é', '/ā', '/a b', 'a', '*', '/a\r\nb', ''),
      headers: fc.array(fc.tuple(name, value), { maxLength: 5 }).map((lines) => ['host', 'a.test', ...lines.flat()]),
      body: often<Dispatcher.DispatchOptions['body']>(null, '', 'text', 'tëxt', Buffer.from('bytes'), new Uint8Array(0), new Uint8Array([1, 2])),
    });
    let ordinary = 0;
    await fc.assert(
      fc.asyncProperty(request, async (options) => {
        const mine = ordinaryRequest(options as Dispatcher.DispatchOptions);
        if (mine === undefined) return;
        ordinary++;
        const socket = new ScriptedSocket([]);
        socket.on('error', () => {});
        const told = storyOf(undiciOn(socket.asSocket), options as Dispatcher.DispatchOptions, false);
        await Promise.race([told, socket.quiet()]);
        expect(socket.destroyed).toBe(false);
        expect(mine.head + Buffer.from(mine.body ?? []).toString('latin1')).toBe(socket.written);
        socket.destroy();
      }),
      { numRuns: 600 },
    );
    expect(ordinary).toBeGreaterThan(100);
  });
});
