import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { END_HEADERS, END_STREAM, frame, framesOf, get, header, PREFACE, remembered, settings, TYPE, uint32 } from './frames.ts';
import { hostileWorld, type Attacker, type HostileWorld } from './hostile-world.ts';

const { attacked } = hostileWorld();

const WHOLE = END_HEADERS | END_STREAM;
const BEGIN = Buffer.concat([PREFACE, settings()]);

/** Sends what `more` makes, turn by turn, until the gateway closes or `turns` are over; meanwhile an honest caller is served. */
async function flood(world: HostileWorld, more: (turn: number) => Buffer, turns: number, first = BEGIN): Promise<Attacker & { readonly turns: number }> {
  const attacker = await world.attacker();
  const { socket } = attacker;
  socket.write(first);
  let turn = 0;
  for (; turn < turns && !socket.destroyed && !socket.closed; turn++) {
    if (!socket.write(more(turn))) await Promise.race([new Promise((resolve) => socket.once('drain', resolve)), attacker.closed, new Promise((resolve) => setTimeout(resolve, 50))]);
    if (turn % 20 === 0) await new Promise(setImmediate);
    if (turn === Math.floor(turns / 2)) await world.expectServed();
  }
  await world.expectServed();
  return { ...attacker, turns: turn };
}

/** What the gateway said, frame by frame. */
const said = (attacker: Attacker): ReturnType<typeof framesOf> => framesOf(Buffer.from(attacker.seen(), 'latin1'));
const goodbye = (attacker: Attacker): number | undefined => said(attacker).find(({ type }) => type === TYPE.goaway)?.payload.readUInt32BE(4);

const MEGABYTE = 1024 * 1024;
setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
/** What is held: garbage, most of it the attacker's own, is not. */
const used = (): number => {
  collectGarbage();
  const { heapUsed, external, arrayBuffers } = process.memoryUsage();
  return heapUsed + external + arrayBuffers;
};

describe('floods over HTTP/2', () => {
  it.each([
    ['streams that are opened and reset (rapid reset)', (turn: number) => Buffer.concat([frame(TYPE.headers, WHOLE, 2 * turn + 1, get('/reset')), frame(TYPE.reset, 0, 2 * turn + 1, uint32(8))]), 20_000],
    ['streams that are reset with their body under way', (turn: number) => Buffer.concat([frame(TYPE.headers, END_HEADERS, 2 * turn + 1, get('/reset')), frame(TYPE.data, 0, 2 * turn + 1, Buffer.alloc(10)), frame(TYPE.reset, 0, 2 * turn + 1, uint32(8))]), 20_000],
    ['pings, whose answers nobody reads', () => frame(TYPE.ping, 0, 0, Buffer.alloc(8)), 400_000],
    ['settings, whose answers nobody reads', () => settings(), 400_000],
    ['heads without end (CONTINUATION)', (turn: number) => (turn === 0 ? frame(TYPE.headers, 0, 1, get('/')) : frame(TYPE.continuation, 0, 1, header(`x-${turn}`, 'a'.repeat(100)))), 5_000],
    ['empty pieces of heads (CONTINUATION)', (turn: number) => (turn === 0 ? frame(TYPE.headers, 0, 1, get('/')) : frame(TYPE.continuation, 0, 1)), 100_000],
    ['streams that ask for changes of the window beyond its bounds', (turn: number) => (turn === 0 ? frame(TYPE.headers, END_HEADERS, 1, get('/window')) : frame(TYPE.windowUpdate, 0, 0, uint32(0x7fffffff))), 100],
    ['window updates of nothing', () => frame(TYPE.windowUpdate, 0, 0, uint32(0)), 100],
    ['more streams than are allowed', (turn: number) => frame(TYPE.headers, END_HEADERS, 2 * turn + 1, get('/open')), 5_000],
    ['frames of no known kind, on stream 0, broken', (turn: number) => frame(TYPE.data, 0, 2 * turn + 1, Buffer.alloc(10)), 5_000],
  ])('%s end their session, and nobody else is harmed', async (_what, more, turns) => {
    const world = await attacked();
    const before = used();
    const attacker = await world.attacker();
    attacker.socket.pause();
    const { turns: sent, socket } = await flood(world, more, turns);
    await expect.poll(() => socket.destroyed, { timeout: 3000 }).toBe(true);
    expect(sent).toBeLessThanOrEqual(turns);
    expect(used() - before).toBeLessThan(64 * MEGABYTE);
    await world.expectServed();
  });

  it('a head that unfolds to gigabytes (HPACK bomb) ends before it does', async () => {
    const world = await attacked();
    const before = used();
    const bomb = Buffer.concat([get('/bomb'), header('x-bomb', 'b'.repeat(3900), true), ...Array.from({ length: 12_000 }, () => remembered(62))]);
    const attacker = await flood(world, (turn) => frame(TYPE.headers, WHOLE, 2 * turn + 1, bomb), 20);
    await expect.poll(() => attacker.socket.destroyed || said(attacker).some(({ type }) => type === TYPE.reset || type === TYPE.goaway)).toBe(true);
    expect(world.asked).toEqual([]);
    expect(used() - before).toBeLessThan(64 * MEGABYTE);
  });

  it('a caller that opens no window at all gets nothing, holds little, and loses its streams', async () => {
    const world = await attacked({ limits: { stallMs: 300 } });
    const before = used();
    const attacker = await world.attacker();
    attacker.socket.write(Buffer.concat([PREFACE, settings(4, 0)]));
    for (let i = 0; i < 20; i++) attacker.socket.write(frame(TYPE.headers, WHOLE, 2 * i + 1, get('/big/5000000')));
    await expect.poll(() => world.asked.length, { timeout: 4000 }).toBe(20);
    expect(used() - before).toBeLessThan(64 * MEGABYTE);
    await world.expectServed();
    await expect.poll(() => said(attacker).filter(({ type }) => type === TYPE.reset).length, { timeout: 4000 }).toBe(20);
    await expect.poll(() => Object.values(world.gateway.stats(/\|\|shop\.local;\.upstream_rq_active$/))).toEqual([0]);
  });

  it('a caller that changes its window to and fro is served like any other', async () => {
    const world = await attacked();
    const attacker = await world.attacker();
    attacker.socket.write(Buffer.concat([BEGIN, frame(TYPE.headers, WHOLE, 1, get('/big/100000'))]));
    for (let i = 0; i < 50; i++) attacker.socket.write(settings(4, i % 2 === 0 ? 0 : 70_000));
    attacker.socket.write(Buffer.concat([frame(TYPE.windowUpdate, 0, 1, uint32(200_000)), frame(TYPE.windowUpdate, 0, 0, uint32(200_000))]));
    const bytes = (): number => said(attacker).reduce((sum, { type, payload }) => (type === TYPE.data ? sum + payload.length : sum), 0);
    await expect.poll(bytes).toBe(100_000);
    await world.expectServed();
  });
});

const request = (...headers: Buffer[]): Buffer => Buffer.concat([BEGIN, frame(TYPE.headers, WHOLE, 1, Buffer.concat(headers))]);
const post = (length: string, ...bodies: string[]): Buffer =>
  Buffer.concat([BEGIN, frame(TYPE.headers, END_HEADERS, 1, Buffer.concat([header(':method', 'POST'), header(':scheme', 'http'), header(':path', '/post'), header(':authority', 'shop'), header('content-length', length)])), ...bodies.map((body, i) => frame(TYPE.data, i === bodies.length - 1 ? END_STREAM : 0, 1, Buffer.from(body)))]);

describe('what is no HTTP/2', () => {
  it.each([
    ['a preface that goes wrong late', Buffer.concat([PREFACE.subarray(0, 20), Buffer.from('XX\r\n\r\n')])],
    ['no settings at first', Buffer.concat([PREFACE, frame(TYPE.ping, 0, 0, Buffer.alloc(8))])],
    ['a frame that is longer than allowed', Buffer.concat([BEGIN, Buffer.from([0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 1])])],
    ['settings of a wrong length', Buffer.concat([PREFACE, frame(TYPE.settings, 0, 0, Buffer.alloc(5))])],
    ['a window beyond all bounds', Buffer.concat([PREFACE, settings(4, 0xffffffff)])],
    ['a head on stream 0', Buffer.concat([BEGIN, frame(TYPE.headers, WHOLE, 0, get('/'))])],
    ['a stream with an even number', Buffer.concat([BEGIN, frame(TYPE.headers, WHOLE, 2, get('/'))])],
    ['a stream that depends on itself', Buffer.concat([BEGIN, frame(TYPE.priority, 0, 1, Buffer.concat([uint32(1), Buffer.from([1])])), frame(TYPE.headers, WHOLE | 0x20, 1, Buffer.concat([uint32(1), Buffer.from([1]), get('/depends')]))])],
    ['an index that nothing has', request(get('/'), remembered(99))],
    ['a name in capitals', request(get('/', header('X-A', 'b')))],
    ['a line break in the path', request(get('/ HTTP/1.1\r\nHost: secret\r\n\r\nGET /smuggled'))],
    ['an unknown pseudo-header', request(get('/', header(':odd', 'b')))],
    ['a pseudo-header after others', request(header('x-a', 'b'), get('/'))],
    ['two paths', request(get('/', header(':path', '/smuggled')))],
    ['two authorities', request(get('/', header(':authority', 'secret')))],
    ['no method', request(header(':scheme', 'http'), header(':path', '/'), header(':authority', 'shop'))],
    ['chunks', request(get('/', header('transfer-encoding', 'chunked')))],
    ['headers of a connection', request(get('/', header('connection', 'x-a')))],
    ['a body longer than it says', post('3', 'abcGET /smuggled HTTP/1.1\r\n\r\n')],
    ['a body shorter than it says', post('30', 'abc')],
    ['a length that is none', post('3, 3', 'abc')],
    ['two lengths', Buffer.concat([BEGIN, frame(TYPE.headers, END_HEADERS, 1, Buffer.concat([get('/'), header('content-length', '3'), header('content-length', '4')])), frame(TYPE.data, END_STREAM, 1, Buffer.from('abc'))])],
    ['an authority with a blank', request(header(':method', 'GET'), header(':scheme', 'http'), header(':path', '/'), header(':authority', 'shop secret'))],
    ['an authority with a user', request(header(':method', 'GET'), header(':scheme', 'http'), header(':path', '/'), header(':authority', 'shop@secret'))],
  ])('%s is refused, and nobody else is harmed', async (_what, bytes) => {
    const world = await attacked();
    const attacker = await world.attacker();
    attacker.socket.write(bytes);
    const refusedBy = (): string | undefined => {
      if (attacker.socket.destroyed) return 'closed';
      if (goodbye(attacker)) return 'goodbye';
      const frames = said(attacker);
      if (frames.some(({ type, stream }) => type === TYPE.reset && stream === 1)) return 'reset';
      // HPACK: `:status 400` is 0x8c.
      return frames.some(({ type, payload }) => type === TYPE.headers && payload[0] === 0x8c) ? '400' : undefined;
    };
    await expect.poll(refusedBy, { timeout: 2500 }).toBeDefined();
    await world.expectServed();
    expect(world.asked.filter((one) => !/^POST shop \/post/.test(one))).toEqual([]);
  });
});

describe('what HTTP/2 passes over', () => {
  it.each([
    ['values that no header may have are not passed on', get('/odd', header('x-a', 'b\r\nx-c: d'), header('x-nul', 'b\0c'), header('x-b', 'd')), 'shop', ['x-b']],
    ['a Host beside the authority does not count', get('/odd', header('host', 'secret')), 'shop', []],
    ['bytes that are no UTF-8 stay what they are', get('/odd', header('x-odd', Buffer.from([0x61, 0xff, 0xfe]))), 'shop', ['x-odd']],
  ])('%s', async (_what, head, host, names) => {
    const world = await attacked();
    const attacker = await world.attacker();
    attacker.socket.write(Buffer.concat([BEGIN, frame(TYPE.headers, WHOLE, 1, head)]));
    await expect.poll(() => world.asked).toEqual([`GET ${host} /odd`]);
    expect(Object.keys(world.headers[0]!).filter((name) => /^x-(a|b|c|nul|odd)$/.test(name))).toEqual(names);
    if (names[0] === 'x-odd') expect(world.headers[0]!['x-odd']).toBe('a\xff\xfe');
  });
});
