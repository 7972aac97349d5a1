import { isIP } from 'node:net';
import { MeshError } from '../common/errors.ts';
import type { Listener, ListenerTable } from '../route/listener-table.ts';
import { splitAddress } from './target.ts';

/** What tells a listener. */
export interface Dialling {
  /** Name or IP address, without brackets. */
  readonly host: string;
  readonly port: number;
  /** `ip:port`, where it is known; then the name does not count. */
  readonly originalDst?: string | null | undefined;
  /** The name that a TLS handshake is going to ask for. */
  readonly servername?: string | undefined;
}

/** The host that was dialled, without port and brackets: the address in `originalDst` where that is known. */
export function dialledHost<T extends string | undefined>(host: T, originalDst: string | null | undefined): T | string {
  if (typeof originalDst !== 'string') return host;
  return splitAddress(originalDst).hostname;
}

/** The listener that takes a connection: the dialled host's own, else the port's. */
export function listenerFor(listeners: ListenerTable, { host, port, originalDst }: Dialling): Listener | undefined {
  return listeners.own(port, dialledHost(host, originalDst)) ?? listeners.general(port);
}

/**
 * An address that callers say they dialled must be one: a path would be a Unix socket.
 *
 * @throws {MeshError} `ERR_INVALID_ARGUMENT` unless it is `ip:port`.
 */
export function assertAddress(originalDst: string | null | undefined): void {
  if (typeof originalDst !== 'string') return;
  const port = originalDst.slice(originalDst.lastIndexOf(':') + 1);
  if (isIP(dialledHost('', originalDst)) !== 0 && /^\d{1,5}$/.test(port) && Number(port) <= 65_535) return;
  throw new MeshError('ERR_INVALID_ARGUMENT', `originalDst must be an IP address and a port, such as 10.0.0.1:80 or [::1]:80, got ${JSON.stringify(originalDst)}`);
}
