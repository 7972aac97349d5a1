import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { TcpSpec } from '../case/case-file.ts';
import { callTcp, type TcpOutcome } from './tcp-caller.ts';

let server: Server;

afterEach(() => new Promise<void>((resolve) => void server.close(() => resolve())));

/** Calls a server that does `serve` with each connection. */
async function call(serve: (socket: Socket) => void, tcp: Partial<TcpSpec> = {}): Promise<TcpOutcome> {
  server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    serve(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const open = (): Promise<Socket> => new Promise((resolve) => void connect(port, '127.0.0.1').once('connect', function (this: Socket) { resolve(this); }));
  return callTcp(open, { host: 'a', port, send: 'hello', timed: false, ...tcp });
}

function echo(socket: Socket): void {
  socket.on('data', (bytes) => socket.write(`one ${bytes.toString()}`));
}

describe('callTcp', () => {
  it('ends the connection with the reply', async () => {
    let ended = false;
    expect(await call((socket) => (echo(socket), socket.on('end', () => (ended = true))))).toEqual({ reply: 'one hello' });
    await expect.poll(() => ended).toBe(true);
  });

  it('takes a reply in pieces for one', async () => {
    expect(await call((socket) => { socket.write('on'); setTimeout(() => socket.write('e\n'), 20); }, { send: undefined })).toEqual({ reply: 'one' });
  });

  it('says closed when no reply came, and when, if that is asked for', async () => {
    expect(await call((socket) => socket.end())).toEqual({ error: 'closed' });
    expect(await call((socket) => void setTimeout(() => socket.resetAndDestroy(), 60), { timed: true })).toEqual({ error: 'closed', closedMs: expect.closeTo(65, -2) as number });
    expect(await callTcp(async () => undefined, { host: 'a', port: 1, timed: false })).toEqual({ error: 'closed' });
    expect(await callTcp(async () => undefined, { host: 'a', port: 1, timed: true })).toEqual({ error: 'closed', closedMs: expect.closeTo(0, -2) as number });
  });

  it('holds a connection', async () => {
    const startedAt = performance.now();
    expect(await call(echo, { holdMs: 100 })).toEqual({ reply: 'one hello', open: true });
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(95);
  });

  it('says when a held connection was closed', async () => {
    const { closedMs, ...rest } = await call((socket) => { echo(socket); setTimeout(() => socket.end(), 80); }, { holdMs: 5_000 });

    expect(rest).toEqual({ reply: 'one hello' });
    expect(closedMs).toBeGreaterThanOrEqual(70);
    expect(closedMs).toBeLessThan(1_000);
  });

  it('sends a second line', async () => {
    expect(await call(echo, { holdMs: 150, sendAfterMs: 50 })).toEqual({ reply: 'one hello | one again', open: true });
    expect(await call(echo, { sendAfterMs: 50 })).toEqual({ reply: 'one hello | one again' });
  });
});
