import { once } from 'node:events';
import { duplexPair, type Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { say, serveWorld, type Seen } from './serve-world.ts';

const { server } = serveWorld();

const ASK = 'GET /ws HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\nX-Key: 1\r\n\r\n';

/** A caller that has asked for an upgrade, and the call that came of it. */
async function asked(react: (seen: Seen) => void = () => {}): Promise<{ caller: Duplex; seen: Seen; idle: () => Promise<void>; drain: () => void; served: Duplex }> {
  const { server: http, seen } = server(react);
  const [caller, served] = duplexPair();
  http.take(served, 'mine');
  caller.write(ASK);
  await expect.poll(() => seen.length).toBe(1);
  return { caller, served, seen: seen[0]!, idle: () => http.idle(), drain: () => http.drain() };
}

describe('a request to upgrade', () => {
  it('is handed over as one, and its connection joined with the endpoint\'s', async () => {
    const { caller, seen } = await asked();
    const [endpoint, ours] = duplexPair();
    seen.answer.onRequestUpgrade?.(seen.controller, 101, { connection: 'Upgrade', upgrade: 'websocket', 'set-cookie': ['a=1', 'b=2'], 'content-length': '0' }, ours);
    const [head] = (await once(caller, 'data')) as [Buffer];
    caller.write('ping');
    const [ping] = (await once(endpoint, 'data')) as [Buffer];
    endpoint.write('pong');
    const [pong] = (await once(caller, 'data')) as [Buffer];
    endpoint.end('bye');

    expect(seen).toMatchObject({ upgrade: 'WebSocket', body: null, http2: false, path: '/ws' });
    expect(head.toString()).toBe('HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: websocket\r\nset-cookie: a=1\r\nset-cookie: b=2\r\n\r\n');
    expect([ping.toString(), pong.toString(), await text(caller)]).toEqual(['ping', 'pong', 'bye']);
  });

  it('loses nothing that the caller said at once', async () => {
    const { server: http, seen } = server();
    const [caller, served] = duplexPair();
    http.take(served, '');
    caller.write(`${ASK}early`);
    await expect.poll(() => seen.length).toBe(1);
    await new Promise(setImmediate);
    const [endpoint, ours] = duplexPair();
    seen[0]!.answer.onRequestUpgrade?.(seen[0]!.controller, 101, {}, ours);

    expect(String((await once(endpoint, 'data'))[0])).toBe('early');
    caller.destroy();
  });

  it.each([403, 200, 426])('may be answered with %i, after which the connection ends', async (status) => {
    const { caller, idle } = await asked(say('no', status));

    expect(await text(caller)).toMatch(new RegExp(`^HTTP/1.1 ${status} [\\s\\S]*connection: close[\\s\\S]*\\r\\n\\r\\nno$`));
    caller.end();
    await idle();
  });

  it('may fail', async () => {
    const { caller } = await asked(({ answer, controller }) => answer.onResponseError?.(controller, new Error('unsendable')));

    expect(await text(caller)).toMatch(/^HTTP\/1.1 400 /);
  });

  it('is given up when its caller leaves before there is an answer', async () => {
    const { caller, seen, idle } = await asked();
    caller.end();

    await expect.poll(() => seen.controller.aborted).toBe(true);
    await idle();
  });

  it.each([
    ['the caller', 'caller', 'endpoint'],
    ['the endpoint', 'endpoint', 'caller'],
  ] as const)('ends for both when %s is cut off', async (_who, first, other) => {
    const { caller, served, seen, idle } = await asked();
    const [endpoint, ours] = duplexPair();
    seen.answer.onRequestUpgrade?.(seen.controller, 101, {}, ours);
    const ends = { caller: { far: caller, near: served }, endpoint: { far: endpoint, near: ours } };
    caller.resume();
    endpoint.resume();

    ends[first].near.destroy();

    if (!ends[other].near.destroyed) await once(ends[other].near, 'close');
    await idle();
  });

  it('is under way as long as its connection is open', async () => {
    const { caller, served, seen, idle, drain } = await asked();
    const [endpoint, ours] = duplexPair();
    seen.answer.onRequestUpgrade?.(seen.controller, 101, {}, ours);
    let over = false;
    const ended = idle().then(() => (over = true));
    caller.resume();

    drain();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect([over, served.destroyed]).toEqual([false, false]);
    endpoint.end();
    await ended;
  });
});
