import { getEventListeners, once } from 'node:events';
import { connect as netConnect, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { CreateConnectionOptions } from '../../src/index.ts';
import { until } from './http-services.ts';
import { active, allTo, answer, heard, policy, tcpWorld } from './tcp-services.ts';

const { dbMesh, meshTo } = tcpWorld();
const TO = { host: 'db', port: 5432 };

/** A mesh whose connections never open, and how many were given up. */
async function meshOfSilence() {
  const silence = { abandoned: 0 };
  return { silence, ...(await dbMesh('', { connect: () => () => void silence.abandoned++ })) };
}

describe('mesh.createConnection', () => {
  it('is there at once, and what is written before it is open comes first', async () => {
    const { mesh } = await dbMesh(allTo('v1'));
    const socket = mesh.createConnection(TO);
    const events = heard(socket);
    expect([socket.connecting, socket.pending, socket.readyState, socket.remotePort]).toEqual([true, true, 'opening', undefined]);
    socket.setNoDelay(true).setKeepAlive(true, 1000).ref();
    for (const word of ['a', 'b', Buffer.from('c')]) socket.write(word);
    socket.on('connect', () => socket.write('d'));
    let text = '';
    socket.on('data', (data) => (text += String(data)));

    await until(() => /a.*b.*c.*d/s.test(text), 'all of it is answered, in order');

    expect(events).toEqual(['connect', 'ready']);
    expect([socket.connecting, socket.pending, socket.readyState, socket.bytesWritten]).toEqual([false, false, 'open', 4]);
    expect(socket).toMatchObject({ remoteAddress: '127.0.0.1', remoteFamily: 'IPv4', localAddress: '127.0.0.1', remotePort: expect.any(Number), localPort: expect.any(Number) });
    expect(socket.address()).toMatchObject({ address: '127.0.0.1' });
  });

  it('calls the listener it is given, once', async () => {
    const { mesh } = await dbMesh();
    let calls = 0;
    const socket = mesh.createConnection(TO, () => calls++);
    await answer(socket);
    expect(calls).toBe(1);
  });

  it('without a target waits for connect, as drivers call it', async () => {
    const { mesh, ended } = await dbMesh(allTo('v2'));
    const socket = mesh.createConnection();
    socket.setNoDelay(true);
    socket.write('early ');
    await new Promise((resolve) => setImmediate(resolve));
    expect([socket.connecting, socket.readyState]).toEqual([false, 'closed']);

    const connected = new Promise<void>((resolve) => socket.connect(5432, 'db', resolve));
    expect(socket.readyState).toBe('opening');
    await connected;

    expect(await answer(socket)).toMatch(/^v2 early/);
    expect(() => socket.connect(5432, 'db')).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT' }) as Error);
    socket.destroy();
    await once(socket, 'close');
    expect(ended).toHaveLength(1);
  });

  it('takes a port that is text, and an object', async () => {
    const { mesh } = await dbMesh(allTo('v1'));
    expect(await answer(mesh.createConnection().connect('5432' as unknown as number, 'db'))).toBe('v1 ping');
    expect(await answer(mesh.createConnection().connect(TO))).toBe('v1 ping');
  });

  it.each([
    [{ host: 'db' }, /got undefined/],
    [{ port: 5432 }, /host must be/],
    [{ host: 'db', port: 70_000 }, /port must be/],
    [{ host: '/tmp/.s.PGSQL.5432', port: 1 }, /host must be/],
  ])('throws for %j', async (options, message) => {
    const { mesh } = await dbMesh();
    expect(() => mesh.createConnection(options as CreateConnectionOptions)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT', message: expect.stringMatching(message) }) as Error);
    expect(active(mesh)).toBe(0);
  });

  it('throws for the path of a Unix socket', async () => {
    const { mesh } = await dbMesh();
    expect(() => mesh.createConnection().connect('/tmp/.s.PGSQL.5432')).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT' }) as Error);
  });

  it('errors with what refused it, after which it is closed', async () => {
    const { mesh } = await dbMesh(allTo('undeclared'));
    const socket = mesh.createConnection(TO);
    const events = heard(socket);
    const written = new Promise((resolve) => socket.write('x', resolve));

    const [error] = (await once(socket, 'error')) as [Error];
    await until(() => events.length === 2, 'it is closed');

    expect(error).toMatchObject({ name: 'MeshError', code: 'ERR_UPSTREAM', flags: 'NC', rule: expect.stringContaining('VirtualService default/db') });
    expect(events).toEqual(['error ERR_UPSTREAM', 'close true']);
    expect(await written).toBe(error);
    expect(socket.readyState).toBe('closed');
  });

  it('errors late enough for whoever got it by a promise', async () => {
    const { mesh } = await dbMesh(allTo('undeclared'));
    const make = async (): Promise<{ socket: Socket }> => ({ socket: mesh.createConnection(TO) });
    const { socket } = await (async () => await make())();
    const [error] = (await once(socket, 'error')) as [Error];
    expect(error).toMatchObject({ flags: 'NC' });
  });

  it('errors when the endpoint is down', async () => {
    const { mesh } = await dbMesh('', { endpoints: { db: [{ address: '127.0.0.1:1' }] } });
    const [error] = (await once(mesh.createConnection(TO), 'error')) as [Error];
    expect(error).toMatchObject({ flags: 'UF,URX', attempts: 1, cause: { code: 'ECONNREFUSED' } });
  });

  it('errors when the mesh is closed, and throws nothing into a driver that tries again', async () => {
    const { mesh } = await dbMesh();
    await mesh.close({ drainMs: 0 });
    const [error] = (await once(mesh.createConnection(TO), 'error')) as [Error];
    expect(error).toMatchObject({ code: 'ERR_MESH_CLOSED' });
  });

  it('lets what a listener throws be an uncaught exception', async () => {
    const { mesh } = await dbMesh();
    const thrown = new Promise((resolve) => process.setUncaughtExceptionCaptureCallback(resolve));
    try {
      const socket = mesh.createConnection(TO, () => {
        throw new Error('mine');
      });
      expect(await thrown).toMatchObject({ message: 'mine' });
      socket.destroy();
    } finally {
      process.setUncaughtExceptionCaptureCallback(null);
    }
  });

  it('closes with the mesh', async () => {
    const { mesh } = await dbMesh();
    const socket = mesh.createConnection(TO);
    const events = heard(socket);
    await answer(socket);
    await mesh.close({ drainMs: 0 });
    await until(() => events.length === 3, 'it is closed');
    expect(events).toEqual(['connect', 'ready', 'close false']);
  });
});

describe('destroy', () => {
  it.each(['written', 'ended'])('by the mesh is no error, also while something is still to be %s', async (what) => {
    const { mesh } = await meshTo((socket) => void socket.pause());
    const socket = mesh.createConnection(TO);
    const events = heard(socket);
    await once(socket, 'connect');
    const results: unknown[] = [];
    for (let i = 0; i < 3; i++) socket.write(Buffer.alloc(10_000_000), (error) => results.push(error));
    if (what === 'ended') socket.end();
    await new Promise((resolve) => setTimeout(resolve, 20));

    await mesh.close({ drainMs: 0 });
    await until(() => socket.closed && results.length === 3, 'it is closed');

    expect(events).toEqual(['connect', 'ready', 'close false']);
    expect(results).toHaveLength(3);
    expect(results[2]).toBeInstanceOf(Error);
  });

  it('before it has a target opens nothing', async () => {
    const { mesh, ended } = await dbMesh();
    const socket = mesh.createConnection();
    const events = heard(socket);
    socket.destroy();
    await until(() => events.length === 1, 'it is closed');
    expect(events).toEqual(['close false']);
    expect(() => socket.connect(5432, 'db')).toThrow(/target/);
    expect(ended).toEqual([]);
  });

  it('before it has a target, when it was ended, too', async () => {
    const { mesh } = await dbMesh();
    const socket = mesh.createConnection();
    const events = heard(socket);
    socket.destroySoon();
    await until(() => events.length === 2, 'it is closed');
    expect(events).toEqual(['finish', 'close false']);
  });

  it.each([undefined, new Error('enough')])('while it is being opened gives up (%s)', async (reason) => {
    const { mesh, ended, silence } = await meshOfSilence();
    const socket = mesh.createConnection(TO);
    const events = heard(socket);
    const written = new Promise<Error | null | undefined>((resolve) => socket.write('x', resolve));
    await new Promise((resolve) => setImmediate(resolve));
    expect(active(mesh)).toBe(1);

    socket.destroy(reason);
    await until(() => events.some((event) => event.startsWith('close')), 'it is closed');

    expect(events).toEqual(reason === undefined ? ['close false'] : ['error enough', 'close true']);
    expect(await written).toBeInstanceOf(Error);
    expect([silence.abandoned, ended.length, active(mesh)]).toEqual([1, 1, 0]);
  });

  it.each(['begins', 'opens'])('as soon as it %s leaves nothing behind', async (moment) => {
    const destroying: (() => void)[] = [];
    const { mesh, v1 } = await dbMesh(allTo('v1'), {
      connect: ({ port }, callback) => {
        const socket = netConnect(port, '127.0.0.1');
        socket.once('connect', () => {
          callback(null, socket);
          if (moment === 'opens') destroying.shift()!();
        });
      },
    });
    const sockets = Array.from({ length: 20 }, () => mesh.createConnection(TO));
    const events = sockets.map(heard);
    // Each at another step of its way.
    for (const [steps, socket] of sockets.entries()) {
      destroying.push(async () => {
        for (let i = 0; i < steps; i++) await null;
        socket.destroy();
      });
    }
    if (moment === 'begins') for (const destroy of destroying) destroy();
    await until(() => sockets.every(({ closed }) => closed) && active(mesh) === 0 && v1.sockets.size === 0, 'nothing is open');
    expect(new Set(events.map(String))).toEqual(new Set(['close false']));
  });

  it('when it is open closes it on the other side, and frees its place before close is told', async () => {
    const { mesh, v1 } = await dbMesh(allTo('v1') + policy('connectionPool: {tcp: {maxConnections: 1}}'));
    for (let i = 0; i < 5; i++) {
      const socket = mesh.createConnection(TO);
      await answer(socket);
      socket.destroy();
      await once(socket, 'close');
    }
    await until(() => v1.sockets.size === 0, 'the service has lost it');
  });

  it('with a reset lets the other side see one', async () => {
    const errors: unknown[] = [];
    const { mesh } = await meshTo((socket) => socket.on('error', (error: NodeJS.ErrnoException) => errors.push(error.code)).resume());
    const socket = mesh.createConnection(TO);
    await once(socket, 'connect');
    socket.resetAndDestroy();
    await until(() => errors.length === 1, 'the service has an error');
    expect(errors).toEqual(['ECONNRESET']);
  });

  it('soon lets what is written go out', async () => {
    let got = '';
    const { mesh } = await meshTo((socket) => socket.on('data', (data) => (got += String(data))));
    const socket = mesh.createConnection(TO);
    socket.write('all of ');
    socket.write('it');
    socket.destroySoon();
    await once(socket, 'close');
    await until(() => got === 'all of it', 'it arrived');
  });

  it('happens with the signal, before, while and after it opens', async () => {
    const { mesh, v1 } = await dbMesh(allTo('v1'));
    const reason = new Error('enough');
    const before = mesh.createConnection({ ...TO, signal: AbortSignal.abort(reason) });
    expect(await once(before, 'error')).toEqual([reason]);
    expect(active(mesh)).toBe(0);
    const controller = new AbortController();
    const open = mesh.createConnection({ ...TO, signal: controller.signal });
    await answer(open);
    const opening = mesh.createConnection({ ...TO, signal: controller.signal });
    const errors = Promise.all([once(open, 'error'), once(opening, 'error')]);
    controller.abort(reason);
    expect(await errors).toEqual([[reason], [reason]]);
    await until(() => v1.sockets.size === 0 && active(mesh) === 0, 'nothing is open');
  });

  it('takes its listener off the signal', async () => {
    const { mesh } = await dbMesh();
    const { signal } = new AbortController();
    const socket = mesh.createConnection({ ...TO, signal });
    await answer(socket);
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    socket.destroy();
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });
});

describe('setTimeout', () => {
  it('tells of silence while it is being opened', async () => {
    const { mesh } = await meshOfSilence();
    const socket = mesh.createConnection(TO);
    const events = heard(socket);
    socket.setTimeout(30);
    expect(socket.timeout).toBe(30);
    await once(socket, 'timeout');
    expect([events, socket.connecting]).toEqual([['timeout'], true]);
    socket.destroy();
  });

  it.each(['the caller', 'the service'])('tells of silence when it is open, counted from the last byte of %s', async (who) => {
    const { mesh, service } = await meshTo((socket) => socket.resume());
    const socket = mesh.createConnection(TO);
    const events = heard(socket.resume());
    await once(socket, 'connect');
    await until(() => service.sockets.size === 1, 'the service has it');
    const [other] = service.sockets;
    let calls = 0;
    const startedAt = performance.now();
    socket.setTimeout(80, () => calls++);
    for (let i = 0; i < 5; i++) {
      (who === 'the caller' ? socket : other!).write('x');
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    await until(() => calls === 1, 'it is told');
    expect(performance.now() - startedAt).toBeGreaterThan(5 * 24 + 40);
    socket.setTimeout(10).setTimeout(0);
    await new Promise((resolve) => setTimeout(resolve, 30));
    socket.setTimeout(10).destroy();
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(events.filter((event) => event === 'timeout')).toHaveLength(1);
  });
});

describe('ref and unref', () => {
  const alive = (): number => process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length;

  it('decide whether an open connection keeps the process alive, also when said before', async () => {
    const { mesh } = await meshTo((socket) => socket.on('data', () => socket.write('ok')).unref());
    await until(() => alive() === 0, 'what other tests left is closed');
    const socket = mesh.createConnection(TO).unref();
    await answer(socket);
    expect(alive()).toBe(0);
    const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const before = timers();
    socket.setTimeout(60_000);
    expect(timers()).toBe(before);
    socket.ref();
    expect(alive()).toBe(1);
    socket.unref();
    expect(alive()).toBe(0);
    socket.destroy();
  });
});
