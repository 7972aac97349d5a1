import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { describe, expect, it } from 'vitest';
import { until } from './http-services.ts';
import { active, heard, tcpWorld } from './tcp-services.ts';

const { meshTo } = tcpWorld();
const TO = { host: 'db', port: 5432 };

describe('the two directions of a connection', () => {
  it('carry megabytes both ways unchanged', async () => {
    const { mesh } = await meshTo((socket) => socket.pipe(socket));
    const sent = randomBytes(8_000_000);
    const socket = mesh.createConnection({ ...TO, allowHalfOpen: true });
    const received = createHash('sha256');
    let bytes = 0;
    const reading = pipeline(socket, async (chunks: AsyncIterable<Buffer>) => {
      for await (const chunk of chunks) {
        received.update(chunk);
        bytes += chunk.length;
        if (bytes % 7 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
    });
    for (let at = 0; at < sent.length; ) {
      const size = 1 + ((at * 31) % 90_000);
      if (!socket.write(sent.subarray(at, at + size))) await once(socket, 'drain');
      at += size;
    }
    socket.end();
    await reading;
    expect(bytes).toBe(sent.length);
    expect(received.digest('hex')).toBe(createHash('sha256').update(sent).digest('hex'));
    expect([socket.bytesRead, socket.bytesWritten]).toEqual([sent.length, sent.length]);
  });

  it('hold back whoever writes faster than the other side reads', async () => {
    let other: Socket | undefined;
    const { mesh } = await meshTo((socket) => void (other = socket.pause()));
    const socket = mesh.createConnection(TO);
    await once(socket, 'connect');
    const chunk = Buffer.alloc(100_000);
    let taken = 0;
    while (socket.write(chunk) || (await Promise.race([once(socket, 'drain').then(() => true), new Promise<false>((resolve) => setTimeout(() => resolve(false), 200))]))) {
      if (++taken > 500) throw new Error('it never says stop');
    }
    expect(socket.writableLength).toBeLessThan(400_000);
    const drained = once(socket, 'drain');
    other!.resume();
    await drained;
    socket.destroy();
  });

  it('hold back a server that writes faster than the caller reads', async () => {
    let other: Socket | undefined;
    const { mesh } = await meshTo((socket) => {
      other = socket;
      for (let i = 0; i < 500; i++) socket.write(Buffer.alloc(100_000));
    });
    const socket = mesh.createConnection(TO);
    await once(socket, 'readable');
    await until(() => other !== undefined, 'it is there');
    let before = -1;
    while (before !== socket.bytesRead) {
      before = socket.bytesRead;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(socket.readableLength).toBeLessThan(400_000);
    expect(socket.bytesRead).toBeLessThan(1_000_000);
    expect(other!.writableLength).toBeGreaterThan(10_000_000);
    socket.resume();
    await until(() => socket.bytesRead === 50_000_000, 'it reads on', 10_000);
    socket.destroy();
  });

  it('end one after the other: what the server says after its caller has ended arrives', async () => {
    const { mesh } = await meshTo((socket) => {
      let got = '';
      socket.on('data', (data) => (got += String(data))).on('end', () => setTimeout(() => socket.end(`you said ${got}`), 30));
    });
    const socket = mesh.createConnection({ ...TO, allowHalfOpen: false });
    const events = heard(socket);
    socket.end('all');
    let text = '';
    for await (const chunk of socket) text += String(chunk);
    expect(text).toBe('you said all');
    await until(() => events.length === 5, 'it is closed');
    expect(events).toEqual(['connect', 'ready', 'finish', 'end', 'close false']);
  });

  it.each([true, false])('end one after the other: the server first, with allowHalfOpen %s', async (allowHalfOpen) => {
    let got = '';
    let ended = false;
    const { mesh } = await meshTo((socket) => {
      socket.end('bye');
      socket.on('data', (data) => (got += String(data))).on('end', () => (ended = true));
    });
    const socket = mesh.createConnection({ ...TO, allowHalfOpen });
    const events = heard(socket);
    socket.resume();
    await once(socket, 'end');
    await new Promise((resolve) => setTimeout(resolve, 20));
    if (allowHalfOpen) {
      expect([ended, socket.readyState]).toEqual([false, 'writeOnly']);
      socket.end('one more thing');
    }
    await until(() => ended && events.at(-1) === 'close false', 'both are over');
    expect(got).toBe(allowHalfOpen ? 'one more thing' : '');
  });

  it('tell a reset by the server as an error', async () => {
    const { mesh } = await meshTo((socket) => void socket.on('data', () => socket.resetAndDestroy()));
    const socket = mesh.createConnection(TO);
    const events = heard(socket);
    socket.write('x');
    await until(() => events.at(-1)?.startsWith('close') === true, 'it is closed');
    expect(events).toEqual(['connect', 'ready', 'error ECONNRESET', 'close true']);
    expect(active(mesh)).toBe(0);
  });

  it('keep what has arrived for a late reader, after everything is over', async () => {
    const { mesh } = await meshTo((socket) => socket.end('late'));
    const socket = mesh.createConnection(TO);
    socket.end();
    await once(socket, 'connect');
    await until(() => active(mesh) === 0, 'the connection is over');
    let text = '';
    for await (const chunk of socket) text += String(chunk);
    expect(text).toBe('late');
  });
});
