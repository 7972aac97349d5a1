import { createServer as createHttpServer, type Server as HttpServer } from 'node:http';
import { createServer as createTcpServer, connect, type AddressInfo, type Server, type Socket } from 'node:net';
import { Agent, getGlobalDispatcher, setGlobalDispatcher } from 'undici';
import { createMesh, type Connect, type Mesh } from '../../src/index.ts';

/**
 * What nothing may reach: a real server on every address of this machine, on two ports. Whatever the mesh or Node's own dispatcher
 * opens that is not a registered endpoint ends here, be its name known to DNS or not.
 */
export interface Canary {
  /** On the port of a registered HTTP service; there Envoy answers. */
  readonly port: number;
  /** On a port that no service has. */
  readonly strangePort: number;
  /** Connections that arrived, and connections that the mesh asked for beyond its endpoints. */
  readonly reached: string[];
}

/** Everything a trick may use. */
export interface World {
  readonly mesh: Mesh;
  readonly canary: Canary;
  /** Of the registered endpoint, which answers `registered` and redirects `/to?<status>&<location>`. */
  readonly endpoint: number;
  /** Requests that came to the registered endpoint, as `Host path`. */
  readonly served: string[];
  /** Names that were looked up. */
  readonly lookups: string[];
  /** Messages of `blocked` events. */
  readonly blocked: string[];
  /** Lines of the access log. */
  readonly log: string[];
  close(): Promise<void>;
}

/** The address of the registered endpoint. The canary's is any other. */
export const ENDPOINT = '127.0.0.2';

const REGISTRY_ONLY = `
apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data: {mesh: "outboundTrafficPolicy: {mode: REGISTRY_ONLY}"}
---`;

const entry = (name: string, spec: string, annotations = ''): string => `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: ${name}, annotations: {${annotations}}}
spec: {${spec}}
---`;

const ROUTED = 'ts-mesh.dev/https-routing: "true"';

/** What is registered: services with endpoints, services that go where they are dialled, and rules that lead nowhere. */
const registry = (port: number, endpoint: number): string => `${[
  entry('reviews', `hosts: [reviews.default.svc.cluster.local], location: MESH_INTERNAL, resolution: STATIC, addresses: [127.0.9.1], ports: [{number: ${port}, name: http, protocol: HTTP}], endpoints: [{address: ${ENDPOINT}, ports: {http: ${endpoint}}}]`),
  entry('api', `hosts: [api.example.com], resolution: STATIC, ports: [{number: 80, name: http, protocol: HTTP}], endpoints: [{address: ${ENDPOINT}, ports: {http: ${endpoint}}}]`),
  entry('idn', `hosts: [xn--bcher-kva.example.com], resolution: STATIC, ports: [{number: 80, name: http, protocol: HTTP}], endpoints: [{address: ${ENDPOINT}, ports: {http: ${endpoint}}}]`),
  entry('files', `hosts: [files.example.com, "*.files.example.com"], resolution: NONE, ports: [{number: ${port}, name: http, protocol: HTTP}]`),
  entry('db', `hosts: [db.example.com], resolution: STATIC, ports: [{number: 5432, name: tcp, protocol: TCP}], endpoints: [{address: ${ENDPOINT}, ports: {tcp: ${endpoint}}}]`),
  entry('vip', `hosts: [vip.example.com], resolution: STATIC, addresses: [127.0.9.2], ports: [{number: 3307, name: tcp, protocol: TCP}], endpoints: [{address: ${ENDPOINT}, ports: {tcp: ${endpoint}}}]`),
  entry('wide', 'hosts: [wide.example.com], resolution: NONE, ports: [{number: 6400, name: tcp, protocol: TCP}]'),
  entry('range', 'hosts: [range.example.com], resolution: NONE, addresses: [127.0.7.0/24], ports: [{number: 7000, name: tcp, protocol: TCP}]'),
  entry('secure', `hosts: [secure.example.com], resolution: STATIC, ports: [{number: 443, name: tls, protocol: TLS}], endpoints: [{address: ${ENDPOINT}, ports: {tls: ${endpoint}}}]`),
  entry('cdn', 'hosts: ["*.cdn.example.com"], resolution: NONE, ports: [{number: 443, name: tls, protocol: TLS}]'),
  entry('mistaken', `hosts: [mistaken.example.com], resolution: STATIC, ports: [{number: 443, name: http, protocol: HTTP}], endpoints: [{address: ${ENDPOINT}, ports: {http: ${endpoint}}}]`),
  entry('routed', `hosts: [routed.example.com], resolution: STATIC, ports: [{number: 443, name: tls, protocol: TLS}], endpoints: [{address: ${ENDPOINT}, ports: {tls: ${endpoint}}}]`, ROUTED),
  entry('wild', 'hosts: ["*.wild.example.com"], resolution: NONE, ports: [{number: 443, name: tls, protocol: TLS}]', ROUTED),
  entry('dynamic', `hosts: ["*.dyn.example.com"], resolution: DYNAMIC_DNS, ports: [{number: ${port}, name: http, protocol: HTTP, targetPort: ${endpoint}}, {number: 443, name: tls, protocol: TLS, targetPort: ${endpoint}}]`),
].join('')}
apiVersion: v1
kind: Service
metadata: {name: alias}
spec: {type: ExternalName, externalName: evil.test, ports: [{port: ${port}, name: http}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: api}
spec:
  hosts: [api.example.com]
  http:
  - match: [{uri: {prefix: /nowhere}}]
    route: [{destination: {host: evil.test}}]
  - match: [{uri: {prefix: /mirrored}}]
    route: [{destination: {host: api.example.com}}]
    mirror: {host: evil.test}
  - match: [{uri: {prefix: /copied}}]
    route: [{destination: {host: api.example.com}}]
    mirror: {host: "*.dyn.example.com", port: {number: ${port}}}
  - match: [{uri: {prefix: /moved}}]
    redirect: {authority: "evil.test:${port}"}
  - route: [{destination: {host: api.example.com}}]
    retries: {attempts: 2, retryOn: 5xx}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: spirit}
spec:
  hosts: [spirit.test]
  http: [{route: [{destination: {host: "*.dyn.example.com", port: {number: ${port}}}}]}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: routed}
spec:
  hosts: [routed.example.com]
  http:
  - match: [{uri: {prefix: /to}}]
    redirect: {authority: "evil.test"}
  - match: [{uri: {prefix: /inside}}]
    route: [{destination: {host: api.example.com, port: {number: 80}}}]
  - route: [{destination: {host: "evil.test", port: {number: 443}}}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: ghost}
spec:
  hosts: [ghost.test]
  http: [{route: [{destination: {host: files.example.com, port: {number: ${port}}}}]}]
---`;

/** Servers that all worlds of a test file share. */
export class Servers {
  readonly port: number;
  readonly strangePort: number;
  readonly endpoint: number;
  readonly served: string[] = [];
  readonly arrivals: string[] = [];
  readonly #servers: readonly Server[];
  readonly #sockets = new Set<Socket>();

  private constructor(ports: readonly [number, number, number], servers: readonly Server[]) {
    [this.port, this.strangePort, this.endpoint] = ports;
    this.#servers = servers;
  }

  static async start(): Promise<Servers> {
    const canaries = [createTcpServer(), createTcpServer()];
    const endpoint = createHttpServer();
    const all: Server[] = [...canaries, endpoint];
    const ports: number[] = [];
    for (const server of canaries) ports.push(await listen(server, '0.0.0.0'));
    ports.push(await listen(endpoint, ENDPOINT));
    const servers = new Servers(ports as [number, number, number], all);
    for (const server of all) server.on('connection', (socket) => servers.#keep(socket));
    for (const server of canaries) {
      server.on('connection', (socket) => {
        servers.arrivals.push(`${socket.localAddress}:${socket.localPort}`);
        socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 6\r\nconnection: close\r\n\r\ncanary'));
      });
    }
    servers.#answer(endpoint);
    return servers;
  }

  #answer(server: HttpServer): void {
    server.on('request', (request, response) => {
      this.served.push(`${request.headers.host ?? ''} ${request.url ?? ''}`);
      const [, status, location] = /^\/to\?(\d+)&(.*)$/.exec(request.url ?? '') ?? [];
      request.resume().on('end', () => {
        if (status === undefined) response.end('registered');
        else response.writeHead(Number(status), { location: decodeURIComponent(location!) }).end();
      });
    });
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => {}).on('close', () => this.#sockets.delete(socket));
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all(this.#servers.map((server) => new Promise((resolve) => server.close(resolve))));
  }
}

/** A mesh under REGISTRY_ONLY over `servers`, and Node's own dispatcher led to the canary. */
export async function openWorld(servers: Servers, { dns = {} }: { readonly dns?: Readonly<Record<string, readonly string[][]>> } = {}): Promise<World> {
  const reached: string[] = [];
  const lookups: string[] = [];
  const blocked: string[] = [];
  const log: string[] = [];
  servers.served.length = servers.arrivals.length = 0;
  const connectTo: Connect = ({ address, port, cluster }, callback) => {
    const isEndpoint = address === ENDPOINT && port === servers.endpoint && cluster !== 'PassthroughCluster';
    if (!isEndpoint) reached.push(`${address}:${port} by ${cluster}`);
    const socket = isEndpoint ? connect(port, address) : connect(servers.port, '127.0.0.66');
    socket.once('error', (error) => callback(error)).once('connect', () => callback(null, socket));
  };
  const answers: Record<string, string[][]> = Object.fromEntries(Object.entries(dns).map(([name, list]) => [name, [...list]]));
  const lookup = (host: string): Promise<readonly string[]> => {
    lookups.push(host);
    const list = answers[host];
    // The last answer stays; before it, each look-up gets the next.
    return Promise.resolve((list !== undefined && list.length > 1 ? list.shift() : list?.[0]) ?? ['127.0.0.66']);
  };
  const before = getGlobalDispatcher();
  const agent = new Agent({ connect: (_options: unknown, callback: (error: Error | null, socket: Socket | null) => void) => {
    reached.push('by the global dispatcher');
    const socket = connect(servers.port, '127.0.0.66');
    socket.once('error', (error) => callback(error, null)).once('connect', () => callback(null, socket));
  } } as Agent.Options);
  setGlobalDispatcher(agent);
  const config = REGISTRY_ONLY + registry(servers.port, servers.endpoint);
  const mesh = await createMesh({ config, connect: connectTo, lookup, accessLog: (line) => void log.push(line) });
  mesh.on('blocked', ({ message }) => blocked.push(message));
  const canary: Canary = {
    port: servers.port,
    strangePort: servers.strangePort,
    get reached() {
      return [...reached, ...servers.arrivals.map((address) => `${address} arrived`)];
    },
  };
  return {
    mesh, canary, endpoint: servers.endpoint, served: servers.served, lookups, blocked, log,
    async close() {
      await mesh.close({ drainMs: 0 });
      setGlobalDispatcher(before);
      await agent.destroy();
    },
  };
}

function listen(server: Server, address: string): Promise<number> {
  return new Promise((resolve) => server.listen(0, address, () => resolve((server.address() as AddressInfo).port)));
}
