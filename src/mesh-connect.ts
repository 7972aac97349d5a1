import type { Socket } from 'node:net';
import { MeshError } from './common/errors.ts';
import type { Engine } from './engine/engine.ts';

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

/**
 * See `mesh.connect`.
 *
 * @throws {MeshError} `ERR_INVALID_ARGUMENT` for a host or port that is none.
 */
export async function connectThrough(engine: Engine, options: ConnectOptions): Promise<Socket> {
  const { signal } = options;
  const host = hostOf(options);
  signal?.throwIfAborted();
  const connection = engine.connect({ ...options, host });
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

function hostOf({ host, port }: ConnectOptions): string {
  const name = typeof host === 'string' ? host.replace(/^\[(.*)\]$/, '$1') : '';
  if (name === '' || /[\s/@]/.test(name)) throw new MeshError('ERR_INVALID_ARGUMENT', `connect: host must be a name or an IP address, got ${JSON.stringify(host)}`);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new MeshError('ERR_INVALID_ARGUMENT', `connect: port must be 1 to 65535, got ${String(port)}`);
  return name;
}
