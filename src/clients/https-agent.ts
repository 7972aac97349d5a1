import { Agent, type AgentOptions } from 'node:https';
import type { Duplex } from 'node:stream';
import type { Mesh } from '../mesh.ts';
import { dialledBy } from './dialled.ts';
import type { WantedConnection } from './http-agent.ts';
import { secured } from './secured.ts';

/** Node's own options of an agent for https, `ca` and `rejectUnauthorized` among them, without what would lead past the mesh. */
export type MeshHttpsAgentOptions = Omit<AgentOptions, 'proxyEnv' | 'createConnection' | 'socketPath' | 'host' | 'port'>;

/** Node's own createConnection, with the socket that TLS is to be done on. */
type CreateTls = (options: object, callback?: (error: Error | null, socket: Duplex) => void) => Duplex;

/**
 * A `https.Agent` whose connections go by the `tls` rules of a mesh. TLS is the client's own, from end to end: the mesh sees the name that it asks
 * for, and chooses where the connection goes.
 */
export class MeshHttpsAgent extends Agent {
  readonly #mesh: Mesh;
  /** Which rules the connections were opened under. */
  readonly #opened = new WeakMap<object, number>();
  #rules = 0;
  readonly #onConfig = (): void => this.#renew();

  constructor(mesh: Mesh, options: MeshHttpsAgentOptions = {}) {
    super({ keepAlive: true, ...options, proxyEnv: undefined } as AgentOptions);
    this.#mesh = mesh;
    mesh.on('config', this.#onConfig);
  }

  /** For Node, which asks for each new connection. */
  override createConnection(wanted: WantedConnection, ...rest: unknown[]): Duplex {
    const create = (bare: Duplex, servername: string): Duplex =>
      (super.createConnection as unknown as CreateTls).call(this, { ...wanted, servername, socket: bare, path: undefined }, ...(rest as []));
    const socket = secured(this.#mesh, dialledBy('https', wanted), wanted.servername, create);
    this.#opened.set(socket, this.#rules);
    return socket;
  }

  /** For Node, which asks when a request is over. Under other rules a connection might lead elsewhere, or nowhere. */
  override keepSocketAlive(socket: Duplex): boolean {
    const mayStay = super.keepSocketAlive(socket) as unknown as boolean;
    return mayStay && this.#opened.get(socket) === this.#rules;
  }

  #renew(): void {
    this.#rules++;
    for (const sockets of Object.values(this.freeSockets)) for (const socket of sockets ?? []) socket.destroy();
  }

  /** Ends every connection, those that are in use too. */
  override destroy(): void {
    super.destroy();
    this.#mesh.off('config', this.#onConfig);
  }
}
