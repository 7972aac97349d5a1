import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { bound, edge, gatewayWorld, service, type GatewayWorld } from './gateway-world.ts';

const { tcp, start } = gatewayWorld();

const GATE = edge('{port: {number: 9000, name: tcp, protocol: TCP}, hosts: ["*"]}');
const to = (route: string): string => bound('r', `hosts: ["*"], tcp: [{match: [{port: 9000}], route: [${route}]}]`);

/** Echoes, with its name before the first byte. */
const echo = (name: string): Promise<number> => tcp((socket) => socket.once('data', (data: Buffer) => void socket.write(`${name} ${String(data)}`)));

/** What comes back for `ping`; `''` when the connection is closed instead. */
async function ask({ gateway }: GatewayWorld): Promise<string> {
  const socket = connect(gateway.portOf(9000)!, '127.0.0.1');
  socket.on('error', () => {});
  socket.write('ping');
  const answer = await Promise.race([once(socket, 'data').then(([data]) => String(data)), once(socket, 'close').then(() => '')]);
  socket.destroy();
  return answer;
}

describe('a gateway for TCP', () => {
  it('draws a destination for each connection', async () => {
    const shares = '{destination: {host: echo.local, subset: v1}, weight: 80}, {destination: {host: echo.local, subset: v2}, weight: 20}';
    const world = await start(GATE + to(shares) + service('echo.local', 'TCP', { v1: await echo('one'), v2: await echo('two') }));

    const answers = await Promise.all(Array.from({ length: 100 }, () => ask(world)));

    const one = answers.filter((answer) => answer === 'one ping').length;
    expect(one).toBeGreaterThan(60);
    expect(one).toBeLessThan(96);
    expect(answers.filter((answer) => answer === 'two ping')).toHaveLength(100 - one);
    await expect.poll(() => world.connections.length).toBe(100);
  });

  it.each([
    ['UF,URX', '{destination: {host: echo.local}}', 1],
    ['NC', '{destination: {host: nowhere.local}}', 0],
    ['UH', '{destination: {host: echo.local, subset: v2}}', 0],
  ])('closes a connection that comes to nothing: %s', async (flags, route) => {
    const world = await start(GATE + to(route) + service('echo.local', 'TCP', { v1: 1 }));

    expect(await ask(world)).toBe('');
    expect(world.connections).toMatchObject([{ flags, openedFor: 'gateway' }]);
  });

  it('passes on the end of one way, and bytes of the other after it', async () => {
    const port = await tcp((socket) => {
      let seen = '';
      socket.on('data', (data: Buffer) => (seen += String(data))).on('end', () => socket.end(`all ${seen}`));
    });
    const { gateway } = await start(GATE + to('{destination: {host: echo.local}}') + service('echo.local', 'TCP', { v1: port }));
    const socket = connect({ port: gateway.portOf(9000)!, host: '127.0.0.1', allowHalfOpen: true });

    socket.end('that');

    expect(String((await once(socket, 'data'))[0])).toBe('all that');
    await once(socket, 'end');
  });

  it('connects before the caller says anything, for servers that speak first', async () => {
    const port = await tcp((socket) => void socket.write('welcome'));
    const { gateway } = await start(GATE + to('{destination: {host: echo.local}}') + service('echo.local', 'TCP', { v1: port }));
    const socket = connect(gateway.portOf(9000)!, '127.0.0.1');

    expect(String((await once(socket, 'data'))[0])).toBe('welcome');
    socket.destroy();
  });
});
