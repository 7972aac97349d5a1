import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTcpServer, type AddressInfo } from 'node:net';
import type { Dispatcher } from 'undici';
import { afterEach, describe, expect, it } from 'vitest';
import { createMesh, type Mesh } from '../../src/index.ts';
import { VirtualClock } from '../../src/testing/index.ts';
import { bodyOf } from '../mesh/http-services.ts';

const open: { close(): unknown }[] = [];

afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

/** A mesh whose service `reviews` answers requests that expect with `onContinue`, others with `ok`. */
async function expecting(onContinue: RequestListener, clock?: VirtualClock): Promise<{ mesh: Mesh; sockets(): number }> {
  let sockets = 0;
  const server: Server = createServer((_request, response) => void response.end('ok'));
  server.on('checkContinue', onContinue).on('connection', () => sockets++);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const mesh = await createMesh({ endpoints: { 'reviews:9080': [{ address }] }, ...(clock && { clock }), config: 'kind: List\napiVersion: v1\nitems: []' });
  open.push({ close: () => server.closeAllConnections() ?? server.close() }, { close: () => mesh.close({ drainMs: 0 }) });
  return { mesh, sockets: () => sockets };
}

interface Told {
  readonly statuses: number[];
  body: string;
  error?: Error;
}

function post(mesh: Mesh, options: Partial<Dispatcher.DispatchOptions> = {}, onStart?: (controller: Dispatcher.DispatchController) => void): Promise<Told> {
  const told: Told = { statuses: [], body: '' };
  return new Promise((resolve) => {
    mesh.dispatcher.dispatch(
      { origin: 'http://reviews:9080', path: '/', method: 'POST', headers: { expect: '100-continue' }, body: 'hello', ...options } as Dispatcher.DispatchOptions,
      {
        onRequestStart: (controller) => onStart?.(controller),
        onResponseStart: (_controller, status) => void told.statuses.push(status),
        onResponseData: (_controller, chunk) => void (told.body += String(chunk)),
        onResponseEnd: () => resolve(told),
        onResponseError: (_controller, error) => resolve(Object.assign(told, { error })),
      } as Dispatcher.DispatchHandler,
    );
  });
}

const echo: RequestListener = (request, response) => {
  response.writeContinue();
  void bodyOf(request).then((body) => response.writeHead(200, { 'x-length': request.headers['content-length'] ?? 'chunked' }).end(`got ${body}`));
};

describe('a request that expects 100 Continue', () => {
  it('passes the question on, and the answer back', async () => {
    const { mesh } = await expecting(echo);

    expect(await post(mesh)).toEqual({ statuses: [100, 200], body: 'got hello' });
  });

  it.each([
    ['bytes', Buffer.from('abc')],
    ['a stream', (async function* () { yield 'ab'; yield 'c'; })()],
  ])('sends %s once it may', async (_, body) => {
    const { mesh } = await expecting(echo);

    expect(await post(mesh, { body: body as never })).toEqual({ statuses: [100, 200], body: 'got abc' });
  });

  it('sends no body to a server that refuses', async () => {
    let received = -1;
    const { mesh } = await expecting((request, response) => {
      request.on('data', () => (received = 1));
      response.writeHead(417, { connection: 'close' }).end('no');
    });

    expect(await post(mesh)).toEqual({ statuses: [417], body: 'no' });
    expect(received).toBe(-1);
  });

  it('sends the body after a while to a server that says nothing', async () => {
    const clock = new VirtualClock();
    let began = (): void => {};
    const asked = new Promise<void>((resolve) => (began = resolve));
    const { mesh } = await expecting((request, response) => {
      began();
      void bodyOf(request).then((body) => response.end(`got ${body}`));
    }, clock);

    const told = post(mesh);
    await asked;
    await clock.advance(1000);

    expect(await told).toEqual({ statuses: [200], body: 'got hello' });
  });

  it('has a connection to itself', async () => {
    const { mesh, sockets } = await expecting(echo);

    expect((await post(mesh, { headers: {} })).body).toBe('ok');
    expect((await post(mesh)).body).toBe('got hello');
    expect((await post(mesh, { headers: {} })).body).toBe('ok');

    expect(sockets()).toBe(3);
  });

  it('can be given up', async () => {
    const { mesh } = await expecting(() => {});
    const reason = new Error('enough');

    const told = await post(mesh, {}, (controller) => setTimeout(() => controller.abort(reason), 20));

    expect(told.error).toBe(reason);
  });

  it('is answered when its server breaks off', async () => {
    const { mesh } = await expecting((request) => request.socket.destroy());

    expect(await post(mesh)).toMatchObject({ statuses: [503], body: expect.stringContaining('connection termination') });
  });
});

describe('a path that a rule made without a slash', () => {
  const RULES = `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews}
spec:
  hosts: [reviews]
  http:
  - rewrite: {uriRegexRewrite: {match: "^/api/", rewrite: "v2:"}}
    route: [{destination: {host: reviews}}]`;

  it('goes out as it is, whatever the request and its answer are like', async () => {
    const heard: string[] = [];
    const server = createTcpServer((socket) => {
      let text = '';
      socket.on('error', () => {}).on('data', (chunk) => {
        text += String(chunk);
        // HEAD has no body to wait for.
        if (!text.startsWith('HEAD') && text.includes('content-length: 5') && !text.endsWith('hello')) return;
        heard.push(`${text.slice(0, text.indexOf('\r\n'))} ${text.slice(text.indexOf('\r\n\r\n') + 4)}`);
        const chunked = 'transfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n';
        socket.write(`HTTP/1.1 200 OK\r\n${text.startsWith('GET') ? chunked : 'content-length: 2\r\n\r\n'}${text.startsWith('POST') ? 'ok' : ''}`);
        text = '';
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    open.push({ close: () => server.close() });
    const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const mesh = await createMesh({ endpoints: { 'reviews:9080': [{ address }] }, config: { text: RULES } });
    open.push({ close: () => mesh.close({ drainMs: 0 }) });

    for (const [method, body] of [['GET', 'ok'], ['POST', 'ok'], ['HEAD', ''], ['GET', 'ok']] as const) {
      expect(await post(mesh, { method, path: '/api/x?q=1', headers: {}, body: method === 'POST' ? 'hello' : null })).toEqual({ statuses: [200], body });
    }
    expect(heard).toEqual(['GET v2:x?q=1 HTTP/1.1 ', 'POST v2:x?q=1 HTTP/1.1 hello', 'HEAD v2:x?q=1 HTTP/1.1 ', 'GET v2:x?q=1 HTTP/1.1 ']);
  });
});
