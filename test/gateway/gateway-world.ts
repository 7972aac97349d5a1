import { createServer, type RequestListener, type Server } from 'node:http';
import { connect as connectTcp, createServer as createTcpServer, type AddressInfo, type Server as TcpServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import { createGateway, type Gateway, type GatewayOptions } from '../../src/gateway/index.ts';
import { createMesh, type CallInfo, type ConnectionInfo, type Mesh } from '../../src/index.ts';

const CERTS = join(import.meta.dirname, '../conformance/data/certs');

/** Of the suite's own authority: `server` is for `*.example.com`, `client` is somebody, `rogue` is of another authority. */
export const pem = (name: string): string => join(CERTS, name);

export interface GatewayWorld {
  readonly mesh: Mesh;
  readonly gateway: Gateway;
  readonly lines: string[];
  readonly calls: CallInfo[];
  readonly connections: ConnectionInfo[];
  readonly problems: string[];
}

/** The Gateway `edge` with `servers`. */
export function edge(servers: string): string {
  return `
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: edge}
spec: {selector: {istio: edge}, servers: [${servers}]}
---`;
}

/** A VirtualService of the gateway `edge`. */
export function bound(name: string, spec: string): string {
  return `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: ${name}}
spec: {gateways: [edge], ${spec}}
---`;
}

/** A service with one endpoint, `v1` or `v2` of which subsets choose. */
export function service(host: string, protocol: string, ports: { readonly v1: number; readonly v2?: number }): string {
  const endpoint = (version: string, port: number | undefined): string => (port === undefined ? '' : `{address: 127.0.0.1, ports: {main: ${port}}, labels: {version: ${version}}},`);
  return `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: ${host.replaceAll('.', '-')}}
spec:
  hosts: [${host}]
  location: MESH_INTERNAL
  resolution: STATIC
  ports: [{number: 80, name: main, protocol: ${protocol}}]
  endpoints: [${endpoint('v1', ports.v1)}${endpoint('v2', ports.v2)}]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: ${host.replaceAll('.', '-')}}
spec: {host: ${host}, subsets: [{name: v1, labels: {version: v1}}, {name: v2, labels: {version: v2}}]}
---`;
}

/** Starts servers and gateways, and closes them after each test. */
export function gatewayWorld() {
  const closing: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });
  const defer = (close: () => Promise<unknown>): void => void closing.push(close);
  const listen = async (server: Server | TcpServer): Promise<number> => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return (server.address() as AddressInfo).port;
  };
  const http = async (listener: RequestListener): Promise<number> => {
    const server = createServer(listener);
    defer(async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    });
    return listen(server);
  };
  const tcp = async (onConnection: (socket: Socket) => void): Promise<number> => {
    const sockets = new Set<Socket>();
    const server = createTcpServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => {});
      onConnection(socket);
    });
    defer(async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    });
    return listen(server);
  };
  const start = async (config: string, options: Partial<GatewayOptions> = {}): Promise<GatewayWorld> => {
    const mesh = await createMesh({ config: `\n${config}`, accessLog: false, tracing: false, callerPolicies: 'honor' });
    defer(() => mesh.close());
    const lines: string[] = [];
    const ports = Object.fromEntries([80, 81, 443, 9000].map((port) => [port, 0]));
    const gateway = await createGateway(mesh, { labels: { istio: 'edge' }, ports, accessLog: (line) => void lines.push(line), ...options });
    defer(() => gateway.close({ drainMs: 0 }));
    const calls: CallInfo[] = [];
    const connections: ConnectionInfo[] = [];
    const problems: string[] = [];
    gateway.on('call', (info) => calls.push(info)).on('connection', (info) => connections.push(info)).on('problem', (message) => problems.push(message));
    return { mesh, gateway, lines, calls, connections, problems };
  };
  return { http, tcp, start, defer };
}

/** Sends `text` to a port and gives everything that comes back until the end. */
export function raw(port: number | undefined, text: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connectTcp(port ?? 0, '127.0.0.1');
    let seen = '';
    socket.on('data', (chunk: Buffer) => (seen += chunk.toString('latin1')));
    socket.on('error', () => {}).on('close', () => resolve(seen));
    socket.write(text);
  });
}
