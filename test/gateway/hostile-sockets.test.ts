import { connect, type Socket } from 'node:net';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { closed, hostileWorld, type HostileWorld } from './hostile-world.ts';

const { attacked, defer } = hostileWorld();

const GET = 'GET /a HTTP/1.1\r\nHost: shop\r\n\r\n';

async function opened(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1').on('error', () => {});
  socket.resume();
  defer(async () => socket.destroy());
  await once(socket, 'connect');
  return socket;
}

const active = ({ gateway }: HostileWorld): number[] => Object.values(gateway.stats(/\|\|shop\.local;\.upstream_rq_active$/));

describe('slow callers', () => {
  it('heads that drip are ended when their time is over, however many, and others are served meanwhile (slowloris)', async () => {
    const world = await attacked({ limits: { headersMs: 500 } });
    const sockets = await Promise.all(Array.from({ length: 100 }, () => opened(world.port)));
    const begun = performance.now();
    const dripping = setInterval(() => {
      for (const socket of sockets) if (!socket.destroyed) socket.write('x');
    }, 20);
    for (const socket of sockets) socket.write('GET /a HTTP/1.1\r\nHost: shop\r\nx-');
    await world.expectServed();
    await Promise.all(sockets.map(closed));
    clearInterval(dripping);
    expect(performance.now() - begun).toBeLessThan(2000);
    expect(world.asked).toEqual([]);
  });

  it('bodies that drip are ended too, and let their endpoint go', async () => {
    const world = await attacked({ limits: { headersMs: 300, requestMs: 500 } });
    const sockets = await Promise.all(Array.from({ length: 50 }, () => opened(world.port)));
    for (const socket of sockets) socket.write('POST /a HTTP/1.1\r\nHost: shop\r\nContent-Length: 1000000\r\n\r\n');
    const dripping = setInterval(() => {
      for (const socket of sockets) if (!socket.destroyed) socket.write('x');
    }, 20);
    await world.expectServed();
    await Promise.all(sockets.map(closed));
    clearInterval(dripping);
    await expect.poll(() => active(world)).toEqual([0]);
    expect(world.asked).toEqual([]);
    await world.expectServed();
  });

  it('one who says nothing at all is not waited for', async () => {
    const world = await attacked({ limits: { headersMs: 300, handshakeMs: 300 } });
    const [plain, secure] = [await opened(world.port), await opened(world.securePort)];
    await Promise.all([closed(plain), closed(secure), world.expectServed()]);
  });

  it('answers that nobody reads hold neither memory nor endpoints', async () => {
    const world = await attacked({ limits: { stallMs: 1000 } });
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    const sockets = await Promise.all(Array.from({ length: 30 }, () => opened(world.port)));
    for (const socket of sockets) {
      socket.pause();
      socket.write('GET /big/50000000 HTTP/1.1\r\nHost: shop\r\n\r\n');
    }
    await expect.poll(() => world.asked.length, { timeout: 4000 }).toBe(30);
    await world.expectServed();
    const now = process.memoryUsage();
    expect(now.heapUsed + now.arrayBuffers - heapUsed - arrayBuffers).toBeLessThan(150 * 1024 * 1024);
    await expect.poll(() => active(world), { timeout: 3000 }).toEqual([0]);
    await world.expectServed();
  });
});

describe('half-open callers', () => {
  it('who end their side before the answer are gone, and so is their request', async () => {
    const world = await attacked();
    const sockets = await Promise.all(Array.from({ length: 50 }, () => opened(world.port)));
    for (const socket of sockets) socket.end('POST /a HTTP/1.1\r\nHost: shop\r\nContent-Length: 10\r\n\r\nabc');
    await Promise.all([...sockets.map(closed), world.expectServed()]);
    await expect.poll(() => active(world)).toEqual([0]);
    expect(world.asked).toEqual([]);
  });

  it('who reset their connection anywhere do no harm', async () => {
    const world = await attacked();
    const texts = ['', 'G', 'GET /a HTTP/1.1\r\nHost: shop\r\n', GET, GET + GET, 'GET /big/5000000 HTTP/1.1\r\nHost: shop\r\n\r\n', 'POST /a HTTP/1.1\r\nHost: shop\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab'];
    for (let round = 0; round < 5; round++) {
      const sockets = await Promise.all(texts.map(() => opened(world.port)));
      sockets.forEach((socket, i) => socket.write(texts[i]!, () => (round % 2 === 0 ? socket.resetAndDestroy() : setTimeout(() => socket.resetAndDestroy(), round * 3))));
      await Promise.all([...sockets.map(closed), world.expectServed()]);
    }
    await expect.poll(() => active(world)).toEqual([0]);
    expect(world.problems).toEqual([]);
  });

  it('who keep their connection and say no more are idle', async () => {
    const world = await attacked({ limits: { idleMs: 300 } });
    const socket = await opened(world.port);
    socket.write(GET);
    await Promise.all([closed(socket), world.expectServed()]);
    expect(world.asked).toEqual(['GET shop /a']);
  });
});

it('callers beyond the limit of connections are turned away, and those within it served', async () => {
  const world = await attacked({ limits: { connections: 20 } });
  const within = await Promise.all(Array.from({ length: 19 }, () => opened(world.port)));
  await world.expectServed();
  const last = await opened(world.port);
  const beyond = connect(world.port, '127.0.0.1').on('error', () => {}).resume();
  await closed(beyond);
  last.destroy();
  await expect.poll(() => world.expectServed().then(() => 'served', () => 'not')).toBe('served');
  expect(within.every(({ destroyed }) => !destroyed)).toBe(true);
});

it('requests that come all at once on one connection are served one by one, so that others have their turn', async () => {
  const world = await attacked();
  const socket = await opened(world.port);
  let seen = '';
  let most = 0;
  socket.on('data', (chunk: Buffer) => {
    seen += chunk.toString();
    most = Math.max(most, ...active(world));
  });
  socket.write(GET.repeat(2000));
  await world.expectServed();
  await expect.poll(() => seen.split('HTTP/1.1 200').length - 1, { timeout: 8000 }).toBe(2000);
  expect(world.asked).toHaveLength(2000);
  // Its own and the honest caller's.
  expect(most).toBeLessThanOrEqual(2);
  expect(Object.values(world.gateway.stats(/\|\|shop\.local;\.upstream_cx_total$/))[0]).toBeLessThan(5);
});

it('a request behind others has its body read when it is its turn', async () => {
  const world = await attacked();
  const socket = await opened(world.port);
  let seen = '';
  socket.on('data', (chunk: Buffer) => (seen += chunk.toString()));
  const body = 'b'.repeat(300_000);
  socket.write(`${GET}${GET}POST /a HTTP/1.1\r\nHost: shop\r\nContent-Length: ${body.length}\r\n\r\n${body}${GET}`);
  await expect.poll(() => seen.split('HTTP/1.1 200').length - 1).toBe(4);
  expect(world.asked).toEqual(['GET shop /a', 'GET shop /a', `POST shop /a ${body}`, 'GET shop /a']);
});

it('a change of protocols behind others ends the connection', async () => {
  const world = await attacked();
  const socket = await opened(world.port);
  socket.write(`GET /big/50000000 HTTP/1.1\r\nHost: shop\r\n\r\nGET /ws HTTP/1.1\r\nHost: shop\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`);
  await closed(socket);
  expect(world.asked).not.toContain('GET shop /ws');
});
