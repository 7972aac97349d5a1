import { Agent, type AgentOptions } from 'node:http';
import type { Duplex } from 'node:stream';
import { egressOf } from '../engine/egress.ts';
import type { Mesh } from '../mesh.ts';
import { HttpServer } from '../serve/http-server.ts';
import { dialledBy, originOf, type Wanted } from './dialled.ts';
import { AnswerOr, say } from './local-answer.ts';
import { callThrough } from './mesh-calls.ts';
import { socketPair, type PairSocket } from './socket-pair.ts';

/** Node's own options of an agent, without what would lead past the mesh. `keepAlive` is `true` unless said otherwise. */
export type MeshAgentOptions = Omit<AgentOptions, 'proxyEnv' | 'createConnection' | 'socketPath' | 'host' | 'port'>;

/** What Node's HTTP clients say of the connection that they want. */
export interface WantedConnection extends Wanted {
  readonly servername?: string | undefined;
  /** Milliseconds of silence after which the client wants to hear of it. */
  readonly timeout?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A client's connection. */
export interface Line {
  readonly near: PairSocket;
  /** `http://host:port` */
  readonly origin: string;
}

/** Clients of this process are in nobody's way but their own. */
const NO_LIMITS = { headersMs: 0, requestMs: 0, idleMs: 0 };

/**
 * A `http.Agent` whose requests go by the rules of a mesh. The client's connection is one within this process; at its other end a server reads the
 * requests and sends them through the mesh. Where HTTP rules have no say, the connection is one of `mesh.createConnection`, and its bytes are left as
 * they are.
 */
export class MeshHttpAgent extends Agent {
  readonly #mesh: Mesh;
  readonly #server: HttpServer<Line>;
  /** Which rules the connections of `mesh.createConnection` were opened under. */
  readonly #bare = new WeakMap<object, number>();
  #rules = 0;
  readonly #onConfig = (): void => this.#renew();

  constructor(mesh: Mesh, options: MeshAgentOptions = {}) {
    super({ keepAlive: true, ...options, proxyEnv: undefined } as AgentOptions);
    this.#mesh = mesh;
    this.#server = serverOf(mesh, false);
    mesh.on('config', this.#onConfig);
  }

  /** For Node, which asks for each new connection. */
  override createConnection(wanted: WantedConnection): Duplex {
    const target = dialledBy('http', wanted);
    const { hostname, port } = target;
    if (egressOf(this.#mesh.snapshot, target, {}).kind === 'mesh') return withTimeout(pairTo(this.#server, originOf('http', hostname, port), { hostname, port }), wanted);
    const socket = this.#mesh.createConnection({ host: hostname, port });
    this.#bare.set(socket, this.#rules);
    return withTimeout(socket, wanted);
  }

  /** For Node, which asks when a request is over. Under other rules a connection past HTTP might lead elsewhere, or nowhere. */
  override keepSocketAlive(socket: Duplex): boolean {
    const mayStay = super.keepSocketAlive(socket) as unknown as boolean;
    return mayStay && (this.#bare.get(socket) ?? this.#rules) === this.#rules;
  }

  #renew(): void {
    this.#rules++;
    for (const sockets of Object.values(this.freeSockets)) for (const socket of sockets ?? []) if (this.#bare.has(socket)) socket.destroy();
  }

  /** Ends every connection, those that are in use too. */
  override destroy(): void {
    super.destroy();
    this.#server.close();
    this.#mesh.off('config', this.#onConfig);
  }
}

/** The other end of clients' connections. Where there is no answer, a connection fails with the reason, as it would without a mesh. */
export function serverOf(mesh: Mesh, http2: boolean): HttpServer<Line> {
  return new HttpServer<Line>({
    limits: NO_LIMITS,
    http2,
    serve: (request, answer) => {
      // On a connection of HTTP/2 there are others, which have nothing to do with it.
      const failed = (error: Error): void => (request.http2 ? say(request, answer, 502, error.message) : void request.connection.near.destroy(error));
      callThrough(mesh, request, request.connection, new AnswerOr(answer, failed));
    },
  });
}

/** A connection that `server` reads requests from. */
export function pairTo(server: HttpServer<Line>, origin: string, { hostname, port }: { readonly hostname: string; readonly port: number }): PairSocket {
  const { near, far } = socketPair({ remoteAddress: hostname, remotePort: port });
  server.take(far, { near, origin });
  return near;
}

/** As `net.connect`, which clients leave it to. */
export function withTimeout<Socket extends { setTimeout(timeoutMs: number): unknown }>(socket: Socket, { timeout }: WantedConnection): Socket {
  if (timeout !== undefined && timeout > 0) socket.setTimeout(timeout);
  return socket;
}
