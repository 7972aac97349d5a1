import { channel } from 'node:diagnostics_channel';
import { createServer, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import net from 'node:net';
import type { Dispatcher } from 'undici';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Http1Wire } from '../../src/engine/http1-wire.ts';
import { systemClock } from '../../src/engine/system-clock.ts';
import { ScriptedSocket } from './scripted-socket.ts';

const OK = Buffer.from('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok');
const CHUNKED = Buffer.from('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nx-after: 1\r\n\r\n');

const stays = (...pieces: Buffer[]) => ({ pieces, then: 'stays' }) as const;

/** What a caller hears of one request. */
function send(wire: Http1Wire, options: Partial<Dispatcher.DispatchOptions> = {}): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    wire.dispatch({ method: 'GET', path: '/', headers: ['host', 'a.test'], ...options } as Dispatcher.DispatchOptions, {
      onRequestStart: () => {},
      onResponseStart: (_controller, status) => void (text += `${status} `),
      onResponseData: (_controller, chunk) => void (text += String(chunk)),
      onResponseEnd: (_controller, trailers) => resolve(text + (Object.keys(trailers).length > 0 ? JSON.stringify(trailers) : '')),
      onResponseError: (_controller, error) => resolve(`${text}${error.name}: ${error.message}`),
    });
  });
}

function wireOver(...turns: ConstructorParameters<typeof ScriptedSocket>[0][number][]): { wire: Http1Wire; socket: ScriptedSocket } {
  const socket = new ScriptedSocket(turns);
  return { socket, wire: new Http1Wire(socket.asSocket, 'http://a.test', systemClock) };
}

/** Which of undici's requests a tracer hears of. */
const heard: string[] = [];
const tracer = (message: unknown): void => void heard.push((message as { request: { path: string } }).request.path);
const create = channel('undici:request:create');

afterEach(() => {
  create.unsubscribe(tracer);
  heard.length = 0;
});

describe('the wire of ordinary requests', () => {
  it('leaves what is not ordinary to undici, and the connection with it', async () => {
    const { wire, socket } = wireOver(stays(OK), stays(CHUNKED), stays(CHUNKED), stays(OK));

    const told = [await send(wire), await send(wire), await send(wire), await send(wire)];

    expect(told).toEqual(['200 ok', '200 ok{"x-after":"1"}', '200 ok{"x-after":"1"}', '200 ok']);
    expect(socket.written.match(/GET \/ HTTP\/1\.1/g)).toHaveLength(4);
    expect(socket.destroyed).toBe(false);
  });

  it('hands on a request with its body without writing it twice', async () => {
    const { wire, socket } = wireOver(stays(CHUNKED), stays(OK));

    expect(await send(wire, { method: 'POST', body: 'hello' })).toBe('200 ok{"x-after":"1"}');
    expect(await send(wire)).toBe('200 ok');

    expect(socket.written.match(/POST|hello|GET/g)).toEqual(['POST', 'hello', 'GET']);
  });

  it('takes bytes that nobody asked for as no answer', async () => {
    const { wire, socket } = wireOver(stays(OK));
    await send(wire);
    const told = send(wire);
    socket.push(OK);

    expect(await told).toBe('StaleConnectionError: the connection was closed before the request was written');
    expect([socket.destroyed, socket.written.match(/GET/g)!.length]).toEqual([true, 1]);
  });

  it('writes nothing on a connection of which it turns out that it is closed', async () => {
    const { wire, socket } = wireOver(stays(OK));
    await send(wire);
    const told = send(wire);
    socket.push(null);

    expect(await told).toContain('StaleConnectionError');
    expect(socket.written.match(/GET/g)).toHaveLength(1);
  });

  it('makes requests by undici while a tracer listens to those', async () => {
    const { wire } = wireOver(stays(OK), stays(OK));
    await send(wire);
    expect(heard).toEqual([]);

    create.subscribe(tracer);

    expect(await send(wire, { path: '/traced' })).toBe('200 ok');
    expect(heard).toEqual(['/traced']);
  });

  it('lets an error of its handler end this request alone', async () => {
    const { wire, socket } = wireOver(stays(OK));
    const errors: Error[] = [];
    wire.dispatch({ method: 'GET', path: '/', headers: ['host', 'a.test'] }, {
      onRequestStart() {},
      onResponseStart() {
        throw new Error('mine');
      },
      onResponseError: (_controller, error) => void errors.push(error),
    });
    await socket.quiet();

    expect([errors.map(({ message }) => message), socket.destroyed]).toEqual([['mine'], true]);
  });

  it('goes on under the fake timers of a test', async () => {
    const { wire } = wireOver(stays(OK), stays(OK));
    vi.useFakeTimers({ toFake: ['setImmediate', 'setTimeout', 'queueMicrotask'] });
    try {
      expect([await send(wire), await send(wire)]).toEqual(['200 ok', '200 ok']);
    } finally {
      vi.useRealTimers();
    }
  });

  it('is not confused by a callers hand on what is over', async () => {
    const { wire } = wireOver(stays(OK), stays(OK));
    let before: Dispatcher.DispatchController | undefined;
    await new Promise<void>((resolve) => {
      wire.dispatch({ method: 'GET', path: '/', headers: ['host', 'a.test'] }, { onRequestStart: (controller) => void (before = controller), onResponseEnd: () => resolve() });
    });
    const told = send(wire);
    before!.pause();
    before!.abort(new Error('late'));
    before!.resume();

    expect(await told).toBe('200 ok');
  });
});

describe('an idle connection', () => {
  /** A real one, to a server that answers with `head`. */
  async function connected(head: string): Promise<{ wire: Http1Wire; socket: Socket; [Symbol.asyncDispose](): Promise<void> }> {
    const server = createServer((peer) => peer.on('error', () => {}).on('data', () => peer.write(`HTTP/1.1 200 OK\r\n${head}content-length: 2\r\n\r\nok`)));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const socket = net.connect((server.address() as AddressInfo).port, '127.0.0.1');
    await new Promise<void>((resolve) => socket.once('connect', resolve));
    const dispose = async (): Promise<void> => {
      socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    };
    return { wire: new Http1Wire(socket, 'http://a.test', systemClock), socket, [Symbol.asyncDispose]: dispose };
  }

  it('does not keep the process alive, and one with a request does', async () => {
    await using world = await connected('');
    const ref = vi.spyOn(world.socket, 'ref');
    const unref = vi.spyOn(world.socket, 'unref');

    await send(world.wire);
    await vi.waitFor(() => expect(unref).toHaveBeenCalledOnce());
    expect(ref).not.toHaveBeenCalled();
    await send(world.wire);
    expect(ref).toHaveBeenCalledOnce();
  });

  it('is closed before its server says it will', async () => {
    await using world = await connected('keep-alive: timeout=5\r\n');
    const limit = vi.spyOn(world.socket, 'setTimeout');

    await send(world.wire);
    await send(world.wire);
    expect(limit.mock.calls).toEqual([[3000]]);
    world.socket.emit('timeout');

    expect(world.socket.destroyed).toBe(true);
  });
});
