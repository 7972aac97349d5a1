import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Dispatcher } from 'undici';
import { describe, expect, it, vi } from 'vitest';
import { Connection, type ConnectionOwner, type Transport } from '../../src/engine/connection.ts';
import { netConnect as connectBy, type Connect } from '../../src/engine/dial.ts';
import { systemClock } from '../../src/engine/system-clock.ts';
import { StaleConnectionError } from '../../src/engine/wire.ts';
import { MemoryService, VirtualClock } from '../../src/testing/index.ts';
import { httpService, says, until } from '../mesh/http-services.ts';

const SETTINGS = { connectTimeoutMs: 1000, keepAliveDelayMs: undefined, protocol: 'http1' } as const;

const netConnect = connectBy();

/** A connection and what its owner was told. */
function open(target: { address: string; port: number }, connect: Connect = netConnect, { clock = systemClock, transport, keepAliveDelayMs }: { clock?: typeof systemClock; transport?: Transport; keepAliveDelayMs?: number } = {}) {
  const owner = { onConnected: vi.fn<ConnectionOwner['onConnected']>(), onConnectFailed: vi.fn<ConnectionOwner['onConnectFailed']>(), onDisconnected: vi.fn<ConnectionOwner['onDisconnected']>(), onCapacityChanged: vi.fn<ConnectionOwner['onCapacityChanged']>() };
  const connection = new Connection({ ...target, cluster: 'test' }, { ...SETTINGS, keepAliveDelayMs }, owner, { clock, connect, transport });
  return { connection, owner, connected: () => until(() => owner.onConnected.mock.calls.length === 1, 'it is connected') };
}

const at = ({ port }: { readonly port: number }): { address: string; port: number } => ({ address: '127.0.0.1', port });

/** One request on it, and how it ended. */
function send(connection: Connection, path = '/', onEnd = (): unknown => undefined): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    connection.dispatch({ method: 'GET', path, headers: ['host', 'reviews'] }, {
      onRequestStart: () => {},
      onResponseStart: (_controller, status) => void (text += `${status} `),
      onResponseData: (_controller, chunk) => void (text += String(chunk)),
      onResponseEnd: () => resolve(text),
      onResponseError: (_controller, error) => {
        onEnd();
        resolve(error.name);
      },
    } as Dispatcher.DispatchHandler);
  });
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('a connection', () => {
  it('opens a socket and carries requests one after the other on it', async () => {
    await using service = await says('hello');
    const { connection, connected, owner } = open(at(service));
    expect([connection.usable, connection.alive, connection.openedAtMs]).toEqual([false, false, Infinity]);
    await connected();
    expect([connection.usable, connection.alive, connection.openedAtMs < Infinity]).toEqual([true, true, true]);

    expect(connection.usable).toBe(true);
    expect(connection.localAddress).toMatch(/^127\.0\.0\.1:\d+$/);
    expect([await send(connection), await send(connection)]).toEqual(['200 hello', '200 hello']);
    expect([connection.requests, service.accepted]).toEqual([2, 1]);
    connection.close();
    await until(() => service.sockets.size === 0, 'the socket is closed');
    expect(connection.usable).toBe(false);
    await settle();
    expect(owner.onDisconnected).not.toHaveBeenCalled();
  });

  it('goes to a Unix socket', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'ts-mesh-'));
    const server = createServer((_request, response) => response.end('unix')).listen(join(folder, 's'));
    await once(server, 'listening');
    const { connection, connected } = open({ address: join(folder, 's'), port: 0 });
    await connected();

    expect(await send(connection)).toBe('200 unix');
    connection.close();
    server.close();
    await rm(folder, { recursive: true });
  });

  it('goes to an IPv6 address', async () => {
    const server = createServer((_request, response) => response.end('six')).listen(0, '::1');
    await once(server, 'listening');
    const { connection, connected } = open({ address: '::1', port: (server.address() as net.AddressInfo).port });
    await connected();

    expect(await send(connection)).toBe('200 six');
    connection.close();
    server.close();
  });

  it('tells when the other side ends it, once', async () => {
    await using service = await says('hello');
    const { connection, connected, owner } = open(at(service));
    await connected();
    await send(connection);

    for (const socket of service.sockets) socket.end();
    await until(() => owner.onDisconnected.mock.calls.length > 0, 'its owner is told');

    expect(connection.usable).toBe(false);
    connection.close();
    await settle();
    expect(owner.onDisconnected).toHaveBeenCalledOnce();
  });

  it('tells a request that it cuts before it tells its owner', async () => {
    const order: string[] = [];
    await using service = await httpService((request) => request.socket.destroy());
    const { connection, connected, owner } = open(at(service));
    owner.onDisconnected.mockImplementation(() => void order.push('owner'));
    await connected();

    void send(connection, '/', () => order.push('request'));
    await until(() => order.includes('owner'), 'its owner is told');

    expect(order).toEqual(['request', 'owner']);
  });

  it('whose socket is gone says so to a request of which nothing was written', async () => {
    await using service = await says('hello');
    let socket: net.Socket | undefined;
    const { connection, connected } = open(at(service), (target, callback) => netConnect(target, (error, opened) => callback(error, socket = opened)));
    await connected();

    socket!.destroy();

    expect(connection.usable).toBe(false);
    expect(await send(connection)).toBe(new StaleConnectionError('').name);
  });
});

describe('a connection that can\'t be made', () => {
  it('because nobody listens', async () => {
    const closed = await httpService(() => {});
    await closed.close();
    const { owner } = open(at(closed));
    await until(() => owner.onConnectFailed.mock.calls.length > 0, 'it fails');

    expect(owner.onConnectFailed).toHaveBeenCalledExactlyOnceWith(expect.anything(), expect.objectContaining({ code: 'ECONNREFUSED' }), false);
  });

  it('within its time', async () => {
    const clock = new VirtualClock();
    const giveUp = vi.fn();
    const { connection, owner } = open({ address: '10.0.0.1', port: 1 }, () => giveUp, { clock });
    await clock.advance(999);
    expect(owner.onConnectFailed).not.toHaveBeenCalled();
    await clock.advance(1);

    expect(owner.onConnectFailed).toHaveBeenCalledExactlyOnceWith(connection, expect.objectContaining({ message: 'connection timeout' }), true);
    expect(giveUp).toHaveBeenCalledOnce();
    expect(clock.pending).toBe(0);
  });

  it('within its time: the socket does not go on trying', async () => {
    const sockets: net.Socket[] = [];
    const connect = vi.spyOn(net, 'connect').mockImplementation((() => {
      // As one whose packets are lost.
      const socket = new net.Socket();
      Object.defineProperty(socket, 'connecting', { value: true });
      sockets.push(socket);
      return socket;
    }) as never);
    const clock = new VirtualClock();
    const { owner } = open({ address: '10.0.0.1', port: 1 }, netConnect, { clock });
    await clock.advance(1000);
    connect.mockRestore();

    expect(owner.onConnectFailed).toHaveBeenCalledOnce();
    expect(sockets.map(({ destroyed }) => destroyed)).toEqual([true]);
  });

  it.each<[string, Connect]>([
    ['throws', () => {
      throw new Error('no such network');
    }],
    ['fails at once', (_target, callback) => callback(new Error('no such network'))],
    ['gives nothing', (_target, callback) => callback(null)],
    ['gives a socket that is closed already', (_target, callback) => callback(null, new net.Socket().destroy())],
  ])('because `connect` %s: the owner hears of it later, once, not inside the constructor', async (_what, connect) => {
    const clock = new VirtualClock();
    const { connection, owner } = open({ address: '10.0.0.1', port: 1 }, connect, { clock });
    expect(owner.onConnectFailed).not.toHaveBeenCalled();
    await clock.advance(2000);

    expect(owner.onConnectFailed).toHaveBeenCalledExactlyOnceWith(connection, expect.any(Error), false);
    expect(owner.onConnected).not.toHaveBeenCalled();
    expect(clock.pending).toBe(0);
  });

  it('that comes too late is closed, and nobody is told', async () => {
    await using service = await says('hello');
    const clock = new VirtualClock();
    let late: Parameters<Connect>[1] | undefined;
    const { owner } = open(at(service), (_target, callback) => {
      late = callback;
    }, { clock });
    await clock.advance(1000);
    const socket = net.connect(service.port, '127.0.0.1');
    await once(socket, 'connect');
    late!(null, socket);

    await until(() => socket.destroyed && service.sockets.size === 0, 'the late socket is closed');
    expect(owner.onConnected).not.toHaveBeenCalled();
    expect(owner.onConnectFailed).toHaveBeenCalledOnce();
  });
});

describe('close()', () => {
  it('while connecting gives up, and nobody is told', async () => {
    const clock = new VirtualClock();
    const giveUp = vi.fn();
    const { connection, owner } = open({ address: '10.0.0.1', port: 1 }, () => giveUp, { clock });

    connection.close();
    connection.close();
    await clock.advance(5000);

    expect(giveUp).toHaveBeenCalledOnce();
    expect(owner.onConnectFailed).not.toHaveBeenCalled();
    expect(clock.pending).toBe(0);
  });

  it('with a request on it ends both', async () => {
    await using service = await httpService(() => {});
    const { connection, connected, owner } = open(at(service));
    await connected();
    const request = send(connection);
    await until(() => service.accepted === 1, 'the service is called');

    connection.close();

    expect(await request).toMatch(/Error$/);
    await until(() => service.sockets.size === 0, 'the socket is closed');
    expect(owner.onDisconnected).not.toHaveBeenCalled();
  });
});

describe('socket options', () => {
  it.each([[undefined, []], [7000, [[true, 7000]]]])('TCP keep-alive %s', async (keepAliveDelayMs, expected) => {
    await using service = await says('hello');
    const calls: unknown[][] = [];
    const { connection, connected } = open(at(service), (target, callback) => netConnect(target, (error, socket) => {
      vi.spyOn(socket!, 'setKeepAlive').mockImplementation((...args) => (calls.push(args), socket!));
      callback(error, socket);
    }), { keepAliveDelayMs });
    await connected();

    expect(calls).toEqual(expected);
    connection.close();
  });
});

describe('a transport', () => {
  it('takes the socket\'s place', async () => {
    const service = new MemoryService(() => ({ body: 'memory' }));
    const connect = vi.fn<Connect>();
    const { connection, owner } = open({ address: '10.0.0.1', port: 80 }, connect, { transport: () => service });
    expect(owner.onConnected).not.toHaveBeenCalled();
    await settle();

    expect(owner.onConnected).toHaveBeenCalledExactlyOnceWith(connection);
    expect(await send(connection)).toBe('200 memory');
    expect(connect).not.toHaveBeenCalled();
  });

  it('may leave an endpoint to sockets', async () => {
    await using service = await says('socket');
    const { connection, connected } = open(at(service), netConnect, { transport: () => undefined });
    await connected();

    expect(await send(connection)).toBe('200 socket');
    connection.close();
  });

  it('that throws is a connection that fails', async () => {
    const { owner } = open({ address: '10.0.0.1', port: 80 }, netConnect, { transport: () => {
      throw new Error('mine');
    } });
    await settle();

    expect(owner.onConnectFailed).toHaveBeenCalledExactlyOnceWith(expect.anything(), expect.objectContaining({ message: 'mine' }), false);
  });
});
