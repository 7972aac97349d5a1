import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import { expect } from 'vitest';
import type { GatewayOptions } from '../../src/gateway/index.ts';
import { bound, edge, gatewayWorld, pem, service, type GatewayWorld } from './gateway-world.ts';

/** A gateway with an honest caller, and a service that notes all it is asked. */
export interface HostileWorld extends GatewayWorld {
  /** Of plain HTTP. */
  readonly port: number;
  /** Of TLS that ends at the gateway. */
  readonly securePort: number;
  /** What the service was asked, as `METHOD host path body`, without the honest caller's. */
  readonly asked: string[];
  readonly headers: IncomingMessage['headers'][];
  /** Fails unless the honest caller is served at once. */
  expectServed(): Promise<void>;
  /** An open connection of an attacker. */
  attacker(): Promise<Attacker>;
}

export interface Attacker {
  readonly socket: Socket;
  /** What came back so far, byte by byte. */
  readonly seen: () => string;
  readonly closed: Promise<unknown>;
}

const HONEST = '/honest';

const CONFIG =
  edge(`{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}, {port: {number: 443, name: https, protocol: HTTPS}, hosts: ["*.example.com"], tls: {mode: SIMPLE, serverCertificate: ${pem('server.pem')}, privateKey: ${pem('server.key')}}}`) +
  bound('r', 'hosts: ["*"], http: [{match: [{uri: {prefix: /secret}}, {authority: {exact: secret}}], directResponse: {status: 403}}, {route: [{destination: {host: shop.local}}]}]');

/** As many, no faster than they are read. */
function zeros(size: number): Readable {
  const piece = Buffer.alloc(16_384);
  let left = size;
  return new Readable({
    read() {
      this.push(left === 0 ? null : piece.subarray(0, left));
      left -= Math.min(left, piece.length);
    },
  });
}

/** As {@link gatewayWorld}, for suites that attack. */
export function hostileWorld() {
  const { http, start, tcp, defer } = gatewayWorld();
  const attacked = async (options: Partial<GatewayOptions> = {}): Promise<HostileWorld> => {
    const asked: string[] = [];
    const headers: IncomingMessage['headers'][] = [];
    const backend = await http((incoming, response) => {
      let body = '';
      incoming.setEncoding('latin1').on('data', (chunk: string) => (body += chunk)).on('end', () => {
        if (incoming.url !== HONEST) {
          headers.push(incoming.headers);
          asked.push(`${incoming.method} ${incoming.headers.host} ${incoming.url} ${body}`.trimEnd());
        }
        const size = Number(/^\/big\/(\d+)/.exec(incoming.url ?? '')?.[1] ?? 0);
        if (size === 0) response.end('served');
        else zeros(size).pipe(response);
      });
    });
    const world = await start(CONFIG + service('shop.local', 'HTTP', { v1: backend }), { ...options, limits: { headersMs: 1000, handshakeMs: 1000, ...options.limits } });
    const port = world.gateway.portOf(80)!;
    return {
      ...world,
      port,
      securePort: world.gateway.portOf(443)!,
      asked,
      headers,
      async expectServed() {
        const begun = performance.now();
        const [response] = (await once(request({ port, path: HONEST, headers: { host: 'shop' }, agent: false }).end(), 'response')) as [IncomingMessage];
        let text = '';
        for await (const chunk of response) text += String(chunk);
        expect([response.statusCode, text]).toEqual([200, 'served']);
        expect(performance.now() - begun).toBeLessThan(2000);
      },
      async attacker() {
        const socket = connect(port, '127.0.0.1');
        let seen = '';
        socket.on('error', () => {}).on('data', (chunk: Buffer) => (seen += chunk.toString('latin1')));
        const closed = new Promise((resolve) => socket.once('close', resolve));
        defer(async () => socket.destroy());
        await once(socket, 'connect');
        return { socket, seen: () => seen, closed };
      },
    };
  };
  return { attacked, tcp, defer };
}

/** Resolves when `socket` is closed, with or without an error. */
export function closed(socket: Socket): Promise<void> {
  return socket.closed ? Promise.resolve() : new Promise((resolve) => void socket.once('close', () => resolve()));
}

/** Sends bytes, and gives the status lines of all that comes back until the connection ends; `[]` for a connection that is closed without a word. */
export function statuses(port: number, bytes: string | Buffer): Promise<number[]> {
  return new Promise((resolve) => {
    let seen = '';
    const socket = connect(port, '127.0.0.1').on('error', () => {});
    socket.on('data', (chunk: Buffer) => (seen += chunk.toString('latin1')));
    socket.on('close', () => resolve([...seen.matchAll(/(?:^|\n|served|Payload Too Large)HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status))));
    socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
    // What is left open waits for more: nothing more comes.
    setTimeout(() => socket.end(), 150);
  });
}
