// What the probes share: a server whose paths each misbehave in their own way, and meshes in front of it.
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';
import { createMesh, type Mesh, type MeshOptions } from '../../../src/index.ts';

declare const gc: () => void;

/** Limits that these probes never meet. */
export const USUAL = { connectionPool: { tcp: { maxConnections: 64 } } };

/** `/large` is far above what is read ahead (64 KiB); `/endless` never ends; `/silent` never answers. */
export class World {
  readonly sockets = new Set<Socket>();
  readonly port: number;
  readonly #server: ReturnType<typeof createServer>;

  private constructor(server: ReturnType<typeof createServer>) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
    server.on('connection', (socket: Socket) => {
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket)).on('error', () => {});
    });
  }

  static async start(): Promise<World> {
    const server = createServer((request, response) => {
      request.resume();
      switch (request.url) {
        case '/large':
          response.end('x'.repeat(4_000_000));
          break;
        case '/endless':
          response.writeHead(200).write('one ');
          break;
        case '/silent':
          break;
        case '/cut':
          response.writeHead(200, { 'content-length': 1000 }).write('one ');
          setImmediate(() => response.destroy());
          break;
        case '/error':
          response.writeHead(503).end('no');
          break;
        default:
          response.end('hello');
      }
    });
    server.keepAliveTimeout = 60_000;
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new World(server);
  }

  /** A mesh with the host `hello` on this server; `policy` and `http` go into its rules. */
  mesh(policy: object = USUAL, http: readonly object[] = [{ timeout: '30s', retries: { attempts: 2, perTryTimeout: '20s' } }], more: Partial<MeshOptions> = {}): Promise<Mesh> {
    const route = [{ destination: { host: 'hello' } }];
    const metadata = { name: 'hello', namespace: 'default' };
    return createMesh({
      config: [
        { apiVersion: 'v1', kind: 'Service', metadata, spec: { ports: [{ name: 'http', port: 80 }] } },
        { apiVersion: 'networking.istio.io/v1', kind: 'DestinationRule', metadata, spec: { host: 'hello', trafficPolicy: policy } },
        { apiVersion: 'networking.istio.io/v1', kind: 'VirtualService', metadata, spec: { hosts: ['hello'], http: http.map((rule) => ({ route, ...rule })) } },
      ],
      endpoints: { hello: [{ address: `127.0.0.1:${this.port}` }] },
      ...more,
    });
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

/** One of everything: whoever keeps a connection keeps the next call waiting, whoever keeps a permit has it refused. */
export const ONE_CONNECTION = { connectionPool: { tcp: { maxConnections: 1 }, http: { http2MaxRequests: 1, http1MaxPendingRequests: 2 } } };

/** The two doors, as one shape: what they have in common is all that leaks are about. */
export interface Door {
  /** Begins a call and gives its body, unread. */
  open(path: string, signal?: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
}

export function fetchDoor(mesh: Mesh): Door {
  return { open: async (path, signal) => (await mesh.fetch(`http://hello${path}`, signal === undefined ? {} : { signal })).body! };
}

export function requestDoor(mesh: Mesh): Door {
  return { open: async (path, signal) => (await mesh.request(`http://hello${path}`, signal === undefined ? {} : { signal })).body };
}

/** Reads a body to its end. */
export async function drain(body: AsyncIterable<Uint8Array>): Promise<number> {
  let size = 0;
  for await (const chunk of body) size += chunk.length;
  return size;
}

export function turn(ms = 5): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Collects garbage until `done`, or gives up. */
export async function collectUntil(done: () => boolean): Promise<boolean> {
  for (let i = 0; i < 100; i++) {
    // A turn before it, because what deref() returned stays alive until the end of its turn.
    await turn();
    gc();
    await turn();
    if (done()) return true;
  }
  return false;
}

/** Gauges that are not back at 0, as they must be when no call is under way. Connections may be kept for later. */
export function heldPermits(mesh: Mesh): Record<string, number> {
  const gauges = mesh.stats(/(_rq_active|_rq_pending_active|_rq_retry_active|active_faults|circuit_breakers\..*\.rq\w*_open)$/);
  return Object.fromEntries(Object.entries(gauges).filter(([, value]) => value !== 0));
}

/** What keeps the process alive, less its own pipes; and watches of files, which don't, as far as Linux tells of them. */
export function activeResources(): string[] {
  const active = process.getActiveResourcesInfo().filter((name) => name !== 'PipeWrap' && name !== 'TTYWrap' && name !== 'TCPServerWrap');
  return [...active, ...fileWatches()];
}

function fileWatches(): string[] {
  const folder = '/proc/self/fdinfo';
  if (!existsSync(folder)) return [];
  return readdirSync(folder).flatMap((file) => {
    try {
      return readFileSync(join(folder, file), 'utf8').match(/^inotify(?= wd)/gm) ?? [];
    } catch {
      // That of the folder itself, closed by now.
      return [];
    }
  });
}
