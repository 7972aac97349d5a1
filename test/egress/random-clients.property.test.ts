import fc from 'fast-check';
import { once } from 'node:events';
import { request, type ClientRequest, type IncomingMessage } from 'node:http';
import { request as requestTls } from 'node:https';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { expect, it } from 'vitest';
import { createAgents, createLocalListener } from '../../src/clients/index.ts';
import { host, openRandomWorld, port } from './random-world.ts';

const attempt = fc.record({
  door: fc.constantFrom('agent', 'agent, https', 'listener', 'whole URL', 'tunnel', 'tunnel, TLS'),
  host,
  port,
  path: fc.constantFrom('/', '/free'),
  named: fc.option(host, { nil: undefined }),
});

async function answered(sent: ClientRequest): Promise<void> {
  const [response] = (await once(sent.end(), 'response')) as [IncomingMessage];
  await once(response.resume(), 'close');
}

it('whatever other clients ask for, no socket is opened to what nobody registered', async () => {
  const world = await openRandomWorld();
  const agents = createAgents(world.mesh);
  const listener = await createLocalListener(world.mesh);
  const local = { host: '127.0.0.1', port: listener.port, agent: false } as const;
  const tunnel = async (authority: string): Promise<Socket> => {
    const [response, socket] = (await once(request({ ...local, method: 'CONNECT', path: authority }).end(), 'connect')) as [IncomingMessage, Socket];
    socket.on('error', () => {});
    if (response.statusCode !== 200) socket.destroy(new Error('refused'));
    return socket;
  };
  await fc.assert(
    fc.asyncProperty(attempt, ({ door, host: to, port: at, path, named }) =>
      world.attempt(async () => {
        const bare = to.replace(/^\[|\]$/g, '');
        const headers = named === undefined ? {} : { host: named };
        if (door === 'agent') await answered(request({ host: bare, port: at, path, headers, agent: agents.http }));
        else if (door === 'agent, https') await answered(requestTls({ host: bare, port: at, path, ...(named !== undefined && { servername: named }), agent: agents.https }));
        else if (door === 'listener') await answered(request({ ...local, path, headers: { host: named ?? `${to}:${at}` } }));
        else if (door === 'whole URL') await answered(request({ ...local, path: `http://${to}:${at}${path}`, headers }));
        else {
          const socket = await tunnel(`${to}:${at}`);
          const name = named?.replace(/^\[|\]$/g, '') ?? bare;
          const inside = door === 'tunnel' ? socket : connectTls({ socket, servername: /^[\d.:]+$|:/.test(name) ? '' : name });
          inside.on('error', () => {});
          inside.write(`GET ${path} HTTP/1.1\r\nhost: ${named ?? to}\r\nconnection: close\r\n\r\n`);
          inside.resume();
          if (!inside.closed) await once(inside, 'close');
        }
      }),
    ),
    { numRuns: 600 },
  );
  agents.close();
  await listener.close({ drainMs: 0 });
  await world.mesh.close({ drainMs: 0 });
  expect(world.total()).toBeGreaterThan(50);
});
