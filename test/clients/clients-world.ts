import { readFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { Http2SecureServer, Http2Server, Http2Session } from 'node:http2';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo, Server as TcpServer, Socket } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach } from 'vitest';
import { createMesh, type CallInfo, type ConnectionInfo, type Mesh, type MeshOptions } from '../../src/index.ts';

const CERTS = join(import.meta.dirname, '../conformance/data/certs');

/** Of the suite's own authority: `server` is for `*.example.com`. */
export const pem = (name: string): string => readFileSync(join(CERTS, name), 'utf8');

/** What `reviews` answers. */
export interface Answered {
  readonly version: string;
  readonly method: string;
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly body: string;
}

/** Answers with what it was asked; `version` of which subsets choose. */
export function echo(version: string): RequestListener {
  return (request, response) => {
    void text(request).then((body) => {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ version, method: request.method, url: request.url, headers: request.headers, body }));
    }, () => {});
  };
}

/** `reviews:9080` with v1 and v2: `end-user: jason` goes to v2, `x-fault` meets a 503, all others go to v1. */
export function reviews(ports: { readonly v1: number; readonly v2: number }, { port = 9080, protocol = 'HTTP' } = {}): string {
  return `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: reviews}
spec:
  hosts: [reviews.default.svc.cluster.local]
  location: MESH_INTERNAL
  resolution: STATIC
  ports: [{number: ${port}, name: main, protocol: ${protocol}}]
  endpoints: [{address: 127.0.0.1, ports: {main: ${ports.v1}}, labels: {version: v1}}, {address: 127.0.0.1, ports: {main: ${ports.v2}}, labels: {version: v2}}]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: reviews}
spec: {host: reviews, subsets: [{name: v1, labels: {version: v1}}, {name: v2, labels: {version: v2}}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews}
spec:
  hosts: [reviews]
  http:
  - match: [{headers: {x-fault: {exact: abort}}}]
    fault: {abort: {httpStatus: 503, percentage: {value: 100}}}
    route: [{destination: {host: reviews, subset: v1}}]
  - match: [{headers: {end-user: {exact: jason}}}]
    route: [{destination: {host: reviews, subset: v2}}]
  - route: [{destination: {host: reviews, subset: v1}}]
---`;
}

/** `secure.example.com:443`, TLS from end to end, with two endpoints between which a `tls` rule chooses v2. */
export function secure(ports: { readonly v1: number; readonly v2: number }): string {
  return `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: secure}
spec:
  hosts: [secure.example.com]
  resolution: STATIC
  ports: [{number: 443, name: tls, protocol: TLS}]
  endpoints: [{address: 127.0.0.1, ports: {tls: ${ports.v1}}, labels: {version: v1}}, {address: 127.0.0.1, ports: {tls: ${ports.v2}}, labels: {version: v2}}]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: secure}
spec: {host: secure.example.com, subsets: [{name: v1, labels: {version: v1}}, {name: v2, labels: {version: v2}}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: secure}
spec:
  hosts: [secure.example.com]
  tls: [{match: [{port: 443, sniHosts: [secure.example.com]}], route: [{destination: {host: secure.example.com, subset: v2}}]}]
---`;
}

export const REGISTRY_ONLY = `
apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data: {mesh: "outboundTrafficPolicy: {mode: REGISTRY_ONLY}"}
---`;

export interface ClientsWorld {
  readonly mesh: Mesh;
  readonly calls: CallInfo[];
  readonly connections: ConnectionInfo[];
}

/** Starts servers and meshes, and closes them after each test. */
export function clientsWorld() {
  const closing: (() => unknown)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });
  const defer = (close: () => unknown): void => void closing.push(close);
  const listen = async (server: TcpServer): Promise<number> => {
    const sockets = new Set<Socket>();
    server.on('connection', (socket: Socket) => {
      sockets.add(socket);
      socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    });
    defer(async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return (server.address() as AddressInfo).port;
  };
  const http = (listener: RequestListener, prepare?: (server: Server) => void): Promise<number> => {
    const server = createServer(listener);
    prepare?.(server);
    return listen(server);
  };
  const https = (listener: RequestListener): Promise<number> => listen(createSecureServer({ cert: pem('server.pem'), key: pem('server.key') }, listener));
  /** For servers of HTTP/2, whose sessions outlive their sockets' ends. */
  const sessions = async (server: Http2Server | Http2SecureServer): Promise<number> => {
    const open = new Set<Http2Session>();
    server.on('session', (session: Http2Session) => void open.add(session));
    const port = await listen(server);
    defer(() => open.forEach((session) => session.destroy()));
    return port;
  };
  const start = async (config: string, options: Partial<MeshOptions> = {}): Promise<ClientsWorld> => {
    const mesh = await createMesh({ config: `\n${config}`, accessLog: false, tracing: false, ...options });
    defer(() => mesh.close({ drainMs: 0 }));
    const calls: CallInfo[] = [];
    const connections: ConnectionInfo[] = [];
    mesh.on('call', (info) => calls.push(info)).on('connection', (info) => connections.push(info));
    return { mesh, calls, connections };
  };
  return { http, https, listen, sessions, start, defer };
}

/** The counter that ends so, of the cluster of `subset`. */
export function counted(mesh: Mesh, host: string, port: number, subset: string, counter: string): number {
  return mesh.stats()[`cluster.outbound|${port}|${subset}|${host};.${counter}`] ?? mesh.stats()[`cluster.outbound|${port}|${subset}|${host}.${counter}`] ?? 0;
}
