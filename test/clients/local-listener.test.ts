import { once } from 'node:events';
import { request, type IncomingMessage, type RequestOptions } from 'node:http';
import { connect, createServer as createTcpServer, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { connect as connectTls } from 'node:tls';
import { describe, expect, it, vi } from 'vitest';
import { createLocalListener, type LocalListenerOptions } from '../../src/clients/index.ts';
import { clientsWorld, echo, pem, REGISTRY_ONLY, reviews, secure, type Answered } from './clients-world.ts';

const { http, https, listen, start, defer } = clientsWorld();

const database = (port: number): string => `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: db}
spec:
  hosts: [db.example.com]
  resolution: STATIC
  ports: [{number: 5432, name: tcp, protocol: TCP}]
  endpoints: [{address: 127.0.0.1, ports: {tcp: ${port}}}]
---`;

async function world(config = '', options: LocalListenerOptions = {}) {
  const ports = { v1: await http(echo('v1')), v2: await http(echo('v2')) };
  const world = await start(reviews(ports) + config);
  const listener = await createLocalListener(world.mesh, options);
  defer(() => listener.close({ drainMs: 0 }));
  const call = async (options: RequestOptions, body?: string): Promise<IncomingMessage> => {
    const [response] = (await once(request({ host: '127.0.0.1', port: listener.port, agent: false, ...options }).end(body), 'response')) as [IncomingMessage];
    return response;
  };
  const json = async (options: RequestOptions, body?: string): Promise<Answered> => JSON.parse(await text(await call(options, body))) as Answered;
  const tunnel = async (path: string): Promise<{ status: number; said: string; socket: Socket }> => {
    const sent = request({ host: '127.0.0.1', port: listener.port, method: 'CONNECT', path, agent: false }).end();
    const [response, socket, head] = (await once(sent, 'connect')) as [IncomingMessage, Socket, Buffer];
    socket.on('error', () => {});
    if (response.statusCode === 200 && head.length > 0) socket.unshift(head);
    return { status: response.statusCode!, said: String(head), socket };
  };
  return { ...world, listener, ports, call, json, tunnel };
}

/** What comes back until the end. */
async function exchange(socket: Socket, message: string): Promise<string> {
  socket.write(message);
  return text(socket);
}

const GET = 'GET /x HTTP/1.1\r\nhost: reviews:9080\r\nconnection: close\r\n\r\n';

describe('a local listener', () => {
  it('is asked as a server, by the Host', async () => {
    const { json, listener } = await world();

    expect(await json({ method: 'POST', path: '/a', headers: { host: 'reviews:9080', 'end-user': 'jason' } }, 'body')).toMatchObject({ version: 'v2', url: '/a', body: 'body' });
    expect(await json({ headers: { host: 'reviews:9080' } })).toMatchObject({ version: 'v1' });
    expect(listener.url).toBe(`http://127.0.0.1:${listener.port}`);
  });

  it('is asked as a proxy, by the whole URL', async () => {
    const { json } = await world();
    const port = await http(echo('outside'));

    expect(await json({ path: 'http://reviews:9080/b?c', headers: { host: 'ignored.test', 'end-user': 'jason' } })).toMatchObject({ version: 'v2', url: '/b?c', headers: { host: 'reviews:9080' } });
    const { version, headers } = await json({ method: 'PUT', path: `http://127.0.0.1:${port}/`, headers: { 'proxy-connection': 'close', 'proxy-authorization': 'x', expect: '100-continue' } }, 'x');
    expect([version, Object.keys(headers).filter((name) => name.startsWith('proxy-'))]).toEqual(['outside', []]);
  });

  it('does the TLS of a whole https URL itself', async () => {
    const { json } = await world('', {});
    const tls = { v1: await https(echo('v1')), v2: await https(echo('v2')) };
    const { mesh } = await start(secure(tls), { https: { ca: pem('ca.pem') } });
    const other = await createLocalListener(mesh);
    defer(() => other.close({ drainMs: 0 }));

    expect(await json({ port: other.port, path: 'https://secure.example.com/s' })).toMatchObject({ version: 'v2', url: '/s' });
  });

  it('opens tunnels: HTTP in them goes by HTTP rules, to where the tunnel leads', async () => {
    const { tunnel } = await world();
    const { status, socket } = await tunnel('reviews:9080');

    expect(status).toBe(200);
    expect(await exchange(socket, GET.replace('\r\n\r\n', '\r\nend-user: jason\r\n\r\n'))).toContain('"version":"v2"');
    const other = await tunnel('elsewhere.test:9080');
    expect(await exchange(other.socket, GET)).toContain('"version":"v1"');
  });

  it('opens tunnels: TLS in them goes by tls rules', async () => {
    const tls = { v1: await https(echo('v1')), v2: await https(echo('v2')) };
    const { tunnel } = await world(REGISTRY_ONLY + secure(tls));
    const { socket } = await tunnel('secure.example.com:443');
    const inside = connectTls({ socket, servername: 'secure.example.com', ca: pem('ca.pem') });

    expect(await exchange(inside, GET)).toContain('"version":"v2"');
    const evil = connectTls({ socket: (await tunnel('secure.example.com:443')).socket, servername: 'evil.test', ca: pem('ca.pem') });
    await expect(once(evil, 'secureConnect')).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  it('opens tunnels: other bytes go by tcp rules, also where the server speaks first', async () => {
    const port = await listen(createTcpServer({ allowHalfOpen: true }, (socket) => {
      socket.write('hello ');
      socket.pipe(socket);
    }));
    const { tunnel, connections } = await world(REGISTRY_ONLY + database(port));
    const { status, socket } = await tunnel('db.example.com:5432');
    const [hello] = (await once(socket, 'data')) as [Buffer];

    expect([status, String(hello)]).toEqual([200, 'hello ']);
    socket.end('and bye');
    expect(await text(socket)).toBe('and bye');
    await vi.waitFor(() => expect(connections).toMatchObject([{ cluster: 'outbound|5432||db.example.com' }]));
  });

  it('does not say that a tunnel is open which is not', async () => {
    const port = await listen(createTcpServer());
    const { tunnel, mesh } = await world(database(1));

    expect(await tunnel('db.example.com:5432')).toMatchObject({ status: 502, said: expect.stringContaining('ECONNREFUSED') });
    expect(await tunnel('nonsense')).toMatchObject({ status: 400 });
    await mesh.apply(REGISTRY_ONLY);
    expect(await tunnel(`127.0.0.1:${port}`)).toMatchObject({ status: 502, said: expect.stringContaining(`add a ServiceEntry for host 127.0.0.1, port ${port}`) });
  });

  it('holds REGISTRY_ONLY, and tells what would allow a call', async () => {
    const { call, tunnel } = await world(REGISTRY_ONLY);

    const refused = await call({ headers: { host: 'unknown.test:1234' } });
    expect([refused.statusCode, await text(refused)]).toEqual([502, expect.stringContaining('add a ServiceEntry for host unknown.test, port 1234')]);
    expect((await call({ path: 'http://unknown.test:9080/' })).resume().statusCode).toBe(502);
    const { socket } = await tunnel('unknown.test:9080');
    expect(await exchange(socket, GET.replace('reviews', 'unknown.test'))).toMatch(/^HTTP\/1.1 502 /);
  });

  it('takes no request for itself', async () => {
    const { call, listener } = await world();

    for (const host of [`127.0.0.1:${listener.port}`, `localhost:${listener.port}`, `[::1]:${listener.port}`]) {
      const response = await call({ headers: { host } });
      expect([response.statusCode, await text(response)]).toEqual([421, expect.stringContaining('give requests the Host')]);
    }
    for (const host of ['a b', 'x@y']) expect((await call({ headers: { host } })).resume().statusCode).toBe(400);
  });

  it('tells what became of calls that go past the rules', async () => {
    const port = await listen(createTcpServer((socket) => socket.destroy()));
    const { call } = await world();

    expect((await call({ headers: { host: `127.0.0.1:${port}` } })).resume().statusCode).toBe(502);
  });

  it('ends with the last request when it is closed', async () => {
    const answer = Promise.withResolvers<void>();
    const port = await http((_incoming, response) => void answer.promise.then(() => response.end('at last')));
    const { listener, call, tunnel } = await world();
    const tunnelled = (await tunnel('reviews:9080')).socket;
    const last = call({ headers: { host: `127.0.0.1:${port}` } });
    await new Promise((resolve) => setTimeout(resolve, 30));

    const closed = listener.close();
    await expect(call({ headers: { host: 'reviews:9080' } })).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    answer.resolve();

    expect(await text(await last)).toBe('at last');
    await closed;
    if (!tunnelled.closed) await once(tunnelled, 'close');
  });

  it('has limits, as a gateway has', async () => {
    const { listener, tunnel } = await world('', { limits: { headersMs: 60, handshakeMs: 60, connections: 2 } });
    const slow = connect(listener.port, '127.0.0.1');
    slow.write('GET / HT');
    expect(await text(slow)).toMatch(/^HTTP\/1.1 408 /);
    const silent = (await tunnel('reviews:9080')).socket;
    expect(await text(silent)).toBe('');

    const held = [connect(listener.port, '127.0.0.1'), connect(listener.port, '127.0.0.1')];
    await Promise.all(held.map((socket) => once(socket, 'connect')));
    expect(await text(connect(listener.port, '127.0.0.1'))).toBe('');
    for (const socket of held) socket.destroy();
  });

  it('says what it needs', async () => {
    const { mesh, listener } = await world();

    await expect(createLocalListener(mesh, { port: listener.port })).rejects.toMatchObject({ code: 'ERR_LISTEN' });
    await expect(createLocalListener(mesh, { address: 'localhost' })).rejects.toMatchObject({ code: 'ERR_INVALID_ARGUMENT' });
    await expect(createLocalListener(mesh, { limits: { headersMs: -1 } })).rejects.toMatchObject({ code: 'ERR_INVALID_ARGUMENT' });
  });
});
