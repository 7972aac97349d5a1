import { createServer, type IncomingHttpHeaders, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { meshInfo, type Mesh } from '../../src/index.ts';

/** How the services of the demo call each other. */
export type Fetch = (url: string, init?: RequestInit) => Promise<Response>;

/** One request as it came in over a socket. */
export interface Arrival {
  readonly method: string;
  readonly path: string;
  readonly host: string;
  readonly headers: IncomingHttpHeaders;
}

/** One answer that the mesh gave to a pod. */
export interface MeshCall {
  readonly url: string;
  readonly status: number;
  /** Envoy's response flags, `-` for none. */
  readonly flags: string;
  readonly cluster: string | undefined;
  /** Which way inside ts-mesh served it. */
  readonly lane: string;
}

/**
 * One workload: an Express app on a loopback port, and the mesh instance that stands where its sidecar would. Both
 * sides are written down: what arrived over the socket, and what the mesh said about the calls that went out.
 */
export class Pod {
  /** The Deployment's name. */
  readonly name: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly arrivals: Arrival[] = [];
  readonly calls: MeshCall[] = [];
  /** Its access log. */
  readonly log: string[] = [];
  #server: Server | undefined;
  #mesh: Mesh | undefined;
  #troubles: number[] = [];

  constructor(name: string, namespace: string, labels: Readonly<Record<string, string>>) {
    this.name = name;
    this.namespace = namespace;
    this.labels = labels;
  }

  /** The mesh of this workload. */
  get mesh(): Mesh {
    if (this.#mesh === undefined) throw new Error(`${this.name} has no mesh yet`);
    return this.#mesh;
  }

  set mesh(mesh: Mesh) {
    this.#mesh = mesh;
  }

  /** `127.0.0.1:PORT`, or `undefined` when nothing listens here (a Deployment that only calls). */
  get address(): string | undefined {
    const address = this.#server?.address() as AddressInfo | null | undefined;
    return address ? `127.0.0.1:${address.port}` : undefined;
  }

  /** Calls through the mesh; the service's app gets this one. */
  readonly fetch: Fetch = async (url, init) => {
    const response = await this.mesh.fetch(url, init);
    const info = meshInfo(response);
    const { flags = '-', cluster, lane = 'none' } = info ?? {};
    this.calls.push({ url, status: response.status, flags, cluster, lane });
    return response;
  };

  /** Makes the next requests that arrive fail with these statuses, one each. */
  failNext(...statuses: number[]): void {
    this.#troubles.push(...statuses);
  }

  async listen(app: RequestListener): Promise<void> {
    const server = createServer((request, response) => {
      this.arrivals.push({
        method: request.method ?? '',
        path: request.url ?? '',
        host: request.headers.host ?? '',
        headers: request.headers,
      });
      const trouble = this.#troubles.shift();
      if (trouble === undefined) app(request, response);
      else response.writeHead(trouble, { 'content-type': 'text/plain' }).end('in trouble\n');
    });
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
    this.#server = server;
  }

  async close(): Promise<void> {
    await this.#mesh?.close();
    const server = this.#server;
    if (server === undefined) return;
    await new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    });
  }
}
