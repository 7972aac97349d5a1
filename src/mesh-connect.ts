import type { Socket } from 'node:net';
import { MeshError } from './common/errors.ts';
import type { Engine } from './engine/engine.ts';
import { MeshSocket, type OpenSocket } from './mesh-socket.ts';

/** Where a connection is to go, in the caller's words. */
export interface ConnectOptions {
  /** Service name, host or IP address. */
  readonly host: string;
  readonly port: number;
  /** The name that the caller is going to ask for in its TLS handshake (SNI); `tls` rules route by it. Default: the bytes are not TLS. */
  readonly servername?: string;
  /** `ip:port` that the caller dialled, for rules about addresses. Default: what `host` leads to; `null`: none. */
  readonly originalDst?: string | null;
  /** The caller's own IP address, for balancing by source. */
  readonly sourceAddress?: string;
  /** Gives up while the connection is not open yet. */
  readonly signal?: AbortSignal;
}

/** How `mesh.createConnection` opens a connection. */
export interface CreateConnectionOptions extends Omit<ConnectOptions, 'host' | 'port' | 'signal'> {
  /** Service name, host or IP address. With {@link port}; without both, nothing is opened before `connect(port, host)` is called on the result. */
  readonly host?: string;
  readonly port?: number;
  /** Whether it stays writable when the other side has ended; default `false`, as in `net.connect`. */
  readonly allowHalfOpen?: boolean;
  /** Destroys the connection with its reason, whether it is open or not. */
  readonly signal?: AbortSignal;
}

/**
 * See `mesh.connect`.
 *
 * @throws {MeshError} `ERR_INVALID_ARGUMENT` for a host or port that is none.
 */
export async function connectThrough(engine: Engine, options: ConnectOptions): Promise<Socket> {
  const { signal } = options;
  const host = hostOf(options);
  signal?.throwIfAborted();
  const connection = engine.connect({ ...aboutOf(options), host, port: options.port });
  const giveUp = (): void => connection.abort(signal?.reason as Error);
  signal?.addEventListener('abort', giveUp, { once: true });
  try {
    return await connection.opened;
  } catch (error) {
    // As everywhere in Node, whoever gave up gets back the reason it gave.
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener('abort', giveUp);
  }
}

/**
 * See `mesh.createConnection`.
 *
 * @param closed - what to fail with when the mesh takes no further connections
 * @throws {MeshError} `ERR_INVALID_ARGUMENT`
 */
export function createConnectionThrough(engine: Engine, closed: () => MeshError | undefined, options: CreateConnectionOptions, onConnect?: () => void): Socket {
  const { host, port, allowHalfOpen, signal } = options;
  const about = aboutOf(options);
  const open: OpenSocket = (target) => {
    const name = hostOf(target);
    const error = closed();
    return error === undefined ? engine.connect({ ...about, host: name, port: target.port }) : { opened: Promise.reject(error), abort: () => {} };
  };
  const socket = new MeshSocket(open, { allowHalfOpen, signal });
  if (onConnect !== undefined) socket.once('connect', onConnect);
  if ((host !== undefined || port !== undefined) && !socket.destroyed) socket.connect({ host: host!, port: port! });
  // It is one in all but the class and what only the system's own sockets can tell.
  return socket as unknown as Socket;
}

/** What callers may say, and nothing else of the objects that drivers pass on: the engine's own options decide who gets out. */
function aboutOf({ servername, originalDst, sourceAddress }: CreateConnectionOptions): Pick<ConnectOptions, 'servername' | 'originalDst' | 'sourceAddress'> {
  return { ...(servername !== undefined && { servername }), ...(originalDst !== undefined && { originalDst }), ...(sourceAddress !== undefined && { sourceAddress }) };
}

function hostOf({ host, port }: Pick<ConnectOptions, 'host' | 'port'>): string {
  const name = typeof host === 'string' ? host.replace(/^\[(.*)\]$/, '$1') : '';
  if (name === '' || /[\s/@]/.test(name)) throw new MeshError('ERR_INVALID_ARGUMENT', `connect: host must be a name or an IP address, got ${JSON.stringify(host)}`);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new MeshError('ERR_INVALID_ARGUMENT', `connect: port must be 1 to 65535, got ${String(port)}`);
  return name;
}
