import { readFileSync } from 'node:fs';
import { createServer as createHttpServer, type RequestListener, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { connect, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import * as tls from 'node:tls';
import type { MeshOptions } from '../../src/index.ts';

const pem = (name: string): string => readFileSync(join(import.meta.dirname, name), 'utf8');

/** An address that only the name server of {@link Outside} knows. Source: RFC 5737, addresses for documentation. */
const ADDRESS = '192.0.2.80';

/** Where a request came in. */
export interface Visit {
  readonly scheme: 'http' | 'https';
  readonly host: string;
  readonly path: string;
}

/**
 * The world outside the mesh, without a network: one name, its HTTP and its HTTPS server on loopback ports, a certificate of an
 * authority of its own, and a name server that knows the name.
 */
export class Outside implements AsyncDisposable {
  readonly name: string;
  /** What arrived. */
  readonly visits: Visit[] = [];
  readonly #servers: readonly Server[];
  readonly #roots = tls.getCACertificates('default');
  readonly #ports = new Map<number, number>();

  private constructor(name: string, app: RequestListener) {
    this.name = name;
    const noted = (scheme: Visit['scheme']): RequestListener => (request, response) => {
      this.visits.push({ scheme, host: request.headers.host ?? '', path: request.url ?? '' });
      app(request, response);
    };
    this.#servers = [createHttpServer(noted('http')), createHttpsServer({ key: pem('server.key'), cert: pem('server.pem') }, noted('https'))];
  }

  /** `edition.cnn.com`, as the walk-through found it: http is moved to https. */
  static async start(): Promise<Outside> {
    const outside = new Outside('edition.cnn.com', (request, response) => {
      const secure = 'encrypted' in request.socket;
      if (secure) response.end('politics');
      else response.writeHead(301, { location: `https://${outside.name}${request.url ?? ''}`, 'content-length': 0 }).end();
    });
    for (const [index, port] of [80, 443].entries()) {
      const server = outside.#servers[index]!;
      await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
      outside.#ports.set(port, (server.address() as AddressInfo).port);
    }
    // As NODE_EXTRA_CA_CERTS would from the beginning.
    tls.setDefaultCACertificates([...outside.#roots, pem('ca.pem')]);
    return outside;
  }

  /** How a mesh finds its way out. */
  get way(): Pick<MeshOptions, 'lookup' | 'connect'> {
    return {
      lookup: (host) => (host === this.name ? Promise.resolve([ADDRESS]) : Promise.reject(new Error(`nobody knows ${host}`))),
      connect: ({ address, port }, callback) => {
        const local = address === ADDRESS || address === this.name ? this.#ports.get(port) : undefined;
        const socket = connect(local ?? port, local === undefined ? address : '127.0.0.1');
        const failed = (error: Error): void => callback(error);
        socket.once('error', failed).once('connect', () => {
          socket.off('error', failed);
          callback(null, socket);
        });
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    tls.setDefaultCACertificates(this.#roots);
    await Promise.all(
      this.#servers.map((server) => {
        server.closeAllConnections();
        return new Promise((resolve) => server.close(resolve));
      }),
    );
  }
}
