import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type net from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMesh, meshInfo, type Mesh } from '../../src/index.ts';
import { httpService, until, type HttpService } from './http-services.ts';

const config = (port: number, rule = ''): string => `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: files}
spec:
  hosts: [files.default.svc.cluster.local]
  location: MESH_INTERNAL
  resolution: STATIC
  ports: [{number: 80, targetPort: ${port}, name: http, protocol: HTTP}]
  endpoints: [{address: 127.0.0.1}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: files}
spec: {hosts: [files], http: [{${rule}${rule === '' ? '' : ', '}route: [{destination: {host: files}}]}]}`;

const stat = (mesh: Mesh, name: string): number => Object.values(mesh.stats(new RegExp(`\\|80\\|\\|files.*;\\.${name}$`)))[0]!;

describe('a large response', () => {
  const bytes = randomBytes(8 * 1024 * 1024);
  const hash = createHash('sha1').update(bytes).digest('hex');
  let service: HttpService;
  let mesh: Mesh;
  let written = 0;
  beforeEach(async () => {
    written = 0;
    service = await httpService(async (_request, response) => {
      for (let i = 0; i < bytes.length; i += 65_536) {
        if (!response.write(bytes.subarray(i, i + 65_536))) await once(response, 'drain').catch(() => {});
        written = i;
      }
      response.end();
    });
    mesh = await createMesh({ config: config(service.port) });
  });
  afterEach(async () => {
    await mesh.close({ drainMs: 0 });
    await service.close();
  });

  it.each(['request', 'fetch'] as const)('arrives whole through %s, however slowly it is read', async (door) => {
    const body = door === 'request' ? (await mesh.request('http://files/')).body : (await mesh.fetch('http://files/')).body!;
    await new Promise((resolve) => setTimeout(resolve, 100));
    // Nobody reads, so the sender is held back.
    const held = written;
    expect(held).toBeLessThan(bytes.length - 65_536);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(written).toBe(held);
    expect(stat(mesh, 'upstream_rq_active')).toBe(1);

    const digest = createHash('sha1');
    let chunks = 0;
    for await (const chunk of body) {
      digest.update(chunk as Uint8Array);
      if (++chunks % 50 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    }

    expect(digest.digest('hex')).toBe(hash);
    await until(() => stat(mesh, 'upstream_rq_active') === 0, 'the request is over');
    expect(stat(mesh, 'upstream_cx_active')).toBe(1);
  });

  it('that is not read to its end gives its connection up', async () => {
    const { body } = await mesh.request('http://files/');
    await once(body, 'readable');
    body.destroy();
    body.on('error', () => {});

    await until(() => stat(mesh, 'upstream_cx_active') === 0 && stat(mesh, 'upstream_rq_active') === 0, 'the connection is closed');
  });
});

/** A service that answers its nth request with exactly these bytes, then perhaps hangs up. */
async function rawService(answer: string | ((nth: number) => string), { end = false } = {}): Promise<HttpService> {
  const service = await httpService(() => {});
  let requests = 0;
  service.server.removeAllListeners('connection');
  service.server.on('connection', (socket: net.Socket) => {
    (service.sockets as Set<net.Socket>).add(socket);
    socket.on('error', () => {}).on('close', () => (service.sockets as Set<net.Socket>).delete(socket));
    socket.on('data', () => {
      socket.write(typeof answer === 'string' ? answer : answer(requests++));
      if (end) socket.end();
    });
  });
  return service;
}

describe('an answer on the wire', () => {
  interface Wire {
    readonly what: string;
    readonly bytes: string;
    readonly end?: boolean;
    readonly rule?: string;
    readonly method?: 'GET' | 'HEAD';
    /** Status and body; or the status and that reading fails. */
    readonly expected: readonly [status: number, body: string | RegExp];
    readonly flags: string;
    readonly details: string | RegExp;
  }
  const OK = 'HTTP/1.1 200 OK\r\n';
  const WIRES: readonly Wire[] = [
    { what: 'with a length', bytes: `${OK}content-length: 5\r\n\r\nhello`, expected: [200, 'hello'], flags: '-', details: 'via_upstream' },
    { what: 'in chunks', bytes: `${OK}transfer-encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n`, expected: [200, 'hello'], flags: '-', details: 'via_upstream' },
    { what: 'until the connection ends', bytes: `HTTP/1.0 200 OK\r\n\r\nhello`, end: true, expected: [200, 'hello'], flags: '-', details: 'via_upstream' },
    { what: 'without a body', bytes: 'HTTP/1.1 204 No Content\r\n\r\n', expected: [204, ''], flags: '-', details: 'via_upstream' },
    { what: 'not modified', bytes: 'HTTP/1.1 304 Not Modified\r\ncontent-length: 99\r\n\r\n', expected: [304, ''], flags: '-', details: 'via_upstream' },
    { what: 'to HEAD', bytes: `${OK}content-length: 5\r\n\r\n`, method: 'HEAD', expected: [200, ''], flags: '-', details: 'via_upstream' },
    { what: 'with a status nobody registered', bytes: 'HTTP/1.1 299 Odd\r\ncontent-length: 0\r\n\r\n', expected: [299, ''], flags: '-', details: 'via_upstream' },
    { what: 'after a hint', bytes: `HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n${OK}content-length: 2\r\n\r\nok`, expected: [200, 'ok'], flags: '-', details: 'via_upstream' },
    { what: 'that is no HTTP', bytes: 'SSH-2.0-OpenSSH_9.9\r\n', expected: [502, /reset reason: protocol error$/], flags: 'UPE', details: /^upstream_reset_before_response_started\{protocol_error/ },
    { what: 'that has a line break in a header', bytes: `${OK}x: a\rb\r\n\r\n`, expected: [502, /protocol error/], flags: 'UPE', details: /protocol_error/ },
    { what: 'that never comes: the connection ends', bytes: '', end: true, expected: [503, /reset reason: connection termination$/], flags: 'UC', details: 'upstream_reset_before_response_started{connection_termination}' },
    { what: 'that ends in its headers', bytes: 'HTTP/1.1 200 OK\r\nconte', end: true, expected: [503, /connection termination/], flags: 'UC', details: /connection_termination/ },
    { what: 'that ends in its chunks', bytes: `${OK}transfer-encoding: chunked\r\n\r\n2\r\nhe\r\n`, end: true, expected: [200, /^FAILED/], flags: 'UPE', details: 'upstream_reset_after_response_started{protocol_error}' },
    { what: 'that ends before its length', bytes: `${OK}content-length: 50\r\n\r\nhe`, end: true, expected: [200, /^FAILED/], flags: 'UPE', details: /^upstream_reset_after_response_started/ },
    { what: 'that stops in its body until the route\'s timeout', bytes: `${OK}content-length: 50\r\n\r\nhe`, rule: 'timeout: 0.05s', expected: [200, /^FAILED MeshError/], flags: 'UT', details: 'response_timeout' },
  ];

  it.each(WIRES)('$what', async ({ bytes, end, rule, method = 'GET', expected: [status, body], flags, details }) => {
    await using service = await rawService(bytes, { end });
    await using mesh = await createMesh({ config: config(service.port, rule) });

    const response = await mesh.request('http://files/', { method });
    const text = await response.body.text().catch((error: Error) => `FAILED ${error.name}`);

    expect(response.statusCode).toBe(status);
    expect(text).toEqual(typeof body === 'string' ? body : expect.stringMatching(body));
    const info = meshInfo(response)!;
    expect([info.flags, info.details]).toEqual([flags, typeof details === 'string' ? details : expect.stringMatching(details)]);
    await until(() => stat(mesh, 'upstream_rq_active') === 0, 'nothing is active');
  });

  it('through fetch, the body of a cut answer fails as fetch\'s does', async () => {
    await using service = await rawService(`${OK}content-length: 50\r\n\r\nhe`, { end: true });
    await using mesh = await createMesh({ config: config(service.port) });

    const ours: unknown = await (await mesh.fetch('http://files/')).text().catch((error: unknown) => error);
    const native: unknown = await (await fetch(`http://127.0.0.1:${service.port}/`)).text().catch((error: unknown) => error);

    expect([(ours as Error).name, (ours as Error).message]).toEqual([(native as Error).name, (native as Error).message]);
  });

  it('bytes after an answer end the connection, and reach no later call', async () => {
    await using service = await rawService((nth) => `${OK}content-length: ${nth === 0 ? `2\r\n\r\nok${OK}content-length: 4\r\n\r\nevil` : '4\r\n\r\ngood'}`);
    await using mesh = await createMesh({ config: config(service.port) });

    expect(await (await mesh.request('http://files/')).body.text()).toBe('ok');
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await (await mesh.request('http://files/')).body.text()).toBe('good');
  });
});
