import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach } from 'vitest';
import { createMesh, type ConnectionInfo, type Mesh, type MeshOptions } from '../../src/index.ts';

/** A service that is not HTTP. */
export interface TcpService {
  readonly address: string;
  readonly port: number;
  readonly server: Server;
  /** Sockets open now. */
  readonly sockets: Set<Socket>;
  close(): Promise<void>;
}

/** A mesh with the service `db`, and what it tells of connections. */
export interface DbMesh {
  readonly mesh: Mesh;
  readonly ended: ConnectionInfo[];
  readonly lines: string[];
  readonly v1: TcpService;
  readonly v2: TcpService;
}

/** Listens on a free port of the loopback address. `port` takes one back that was given up before. */
export async function tcpService(onConnection: (socket: Socket) => void, { allowHalfOpen = false, port = 0 } = {}): Promise<TcpService> {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen }, (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => {});
    onConnection(socket);
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const bound = (server.address() as AddressInfo).port;
  const close = async (): Promise<void> => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  return { address: `127.0.0.1:${bound}`, port: bound, server, sockets, close };
}

/** A DestinationRule with this `trafficPolicy` for all of `db`. */
export const policy = (trafficPolicy: string): string => `
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: db-policy}
spec: {host: db, trafficPolicy: {${trafficPolicy}}}
`;

/** A VirtualService for `db`, or for these hosts. */
export const rule = (spec: string, hosts = 'db'): string => `
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: db}
spec: {hosts: [${hosts}], ${spec}}
`;

/** All connections of `db` go to this subset. */
export const allTo = (subset: string): string => rule(`tcp: [{route: [{destination: {host: db, subset: ${subset}}}]}]`);

/** What it emits, in order, of what matters. */
export function heard(socket: Socket): string[] {
  const events: string[] = [];
  for (const event of ['connect', 'ready', 'end', 'timeout', 'finish']) socket.on(event, () => void events.push(event));
  socket.on('error', (error) => void events.push(`error ${(error as { code?: string }).code ?? error.message}`));
  socket.on('close', (hadError: boolean) => void events.push(`close ${String(hadError)}`));
  return events;
}

/** What comes back for `text`. */
export async function answer(socket: Socket, text = 'ping'): Promise<string> {
  socket.write(text);
  const [data] = (await once(socket, 'data')) as [Buffer];
  return String(data);
}

/** Connections that the mesh has open, or is opening. */
export function active(mesh: Mesh): number {
  return Object.values(mesh.stats(/;\.upstream_cx_active$/)).reduce((sum, count) => sum + count, 0);
}

/** Services and meshes that are closed after each test. */
export function tcpWorld() {
  const open: { close(): unknown }[] = [];
  const defer = <T extends { close(): unknown }>(one: T): T => {
    open.push(one);
    return one;
  };

  afterEach(async () => {
    for (const one of open.splice(0).reverse()) await one.close();
  });

  /** Answers every line with its name and the line. */
  const echo = async (name: string): Promise<TcpService> => defer(await tcpService((socket) => socket.on('data', (data) => socket.write(`${name} ${String(data)}`))));

  /** A mesh where `db` has an endpoint for `v1` and one for `v2`, unless the options name others. */
  const dbMesh = async (rules = '', options: MeshOptions = {}): Promise<DbMesh> => {
    const [v1, v2] = await Promise.all([echo('v1'), echo('v2')]);
    const ended: ConnectionInfo[] = [];
    const lines: string[] = [];
    const mesh = await createMesh({
      config: DB + rules,
      endpoints: { db: [{ address: v1.address, labels: { version: 'v1' } }, { address: v2.address, labels: { version: 'v2' } }] },
      seed: 1,
      accessLog: (line) => void lines.push(line),
      ...options,
    });
    mesh.on('connection', (info) => ended.push(info));
    defer({ close: () => mesh.close({ drainMs: 0 }) });
    return { mesh, ended, lines, v1, v2 };
  };

  /** A mesh whose `db` is this service alone. */
  const meshTo = async (onConnection: (socket: Socket) => void): Promise<DbMesh & { readonly service: TcpService }> => {
    const service = defer(await tcpService(onConnection, { allowHalfOpen: true }));
    return { service, ...(await dbMesh('', { endpoints: { db: [{ address: service.address }] } })) };
  };

  return { defer, echo, dbMesh, meshTo };
}

const DB = `
apiVersion: v1
kind: Service
metadata: {name: db}
spec: {clusterIP: 10.9.0.1, ports: [{name: tcp-db, port: 5432}, {name: tcp-admin, port: 5433}, {name: tls-db, port: 5434}]}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: db}
spec: {host: db, subsets: [{name: v1, labels: {version: v1}}, {name: v2, labels: {version: v2}}, {name: none, labels: {version: none}}]}
`;
