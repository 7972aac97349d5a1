import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { createMesh, meshInfo, type Mesh } from '../../src/index.ts';

const CALLS = 30;

/** A server that answers one request on each connection and hangs up, which its answers do not say. */
async function hasty(answer: (path: string) => string): Promise<AsyncDisposable & { readonly port: number; readonly connections: () => number }> {
  let connections = 0;
  const server = createServer((socket: Socket) => {
    connections++;
    socket.on('error', () => {});
    socket.once('data', (request) => socket.end(answer(String(request).split(' ')[1]!)));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { port, connections: () => connections, [Symbol.asyncDispose]: async () => void (await once(server.close(), 'close')) };
}

function meshFor(port: number): Promise<Mesh> {
  return createMesh({
    config: 'apiVersion: v1\nkind: Service\nmetadata: {name: hasty}\nspec: {ports: [{name: http, port: 80}]}\n',
    endpoints: { hasty: [{ address: `127.0.0.1:${port}` }] },
  });
}

describe('a server that hangs up after each answer, without a word,', () => {
  it.each(['fetch', 'request'] as const)('is called again and again by mesh.%s without a failure', async (door) => {
    await using server = await hasty(() => 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok');
    await using mesh = await meshFor(server.port);

    const outcomes = new Set<string>();
    for (let i = 0; i < CALLS; i++) {
      const result = door === 'fetch' ? await mesh.fetch('http://hasty/') : await mesh.request('http://hasty/');
      outcomes.add(`${await ('text' in result ? result.text() : result.body.text())} ${meshInfo(result)?.flags}`);
    }

    expect([...outcomes]).toEqual(['ok -']);
    expect(server.connections()).toBe(CALLS);
  });

  it('may redirect to itself', async () => {
    await using server = await hasty((path) => (path === '/old' ? 'HTTP/1.1 302 Found\r\nlocation: /new\r\ncontent-length: 0\r\n\r\n' : 'HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nnew'));
    await using mesh = await meshFor(server.port);

    const response = await mesh.fetch('http://hasty/old');

    expect([response.status, response.redirected, await response.text()]).toEqual([200, true, 'new']);
  });
});
