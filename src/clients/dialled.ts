import { isIPv6 } from 'node:net';
import { MeshError } from '../common/errors.ts';
import { parseOrigin, type Target } from '../engine/target.ts';

/** Of what Node's HTTP clients want a connection for. */
export interface Wanted {
  readonly host?: string | null | undefined;
  readonly port?: number | string | null | undefined;
  readonly socketPath?: string | null | undefined;
}

/**
 * Where a client of `node:http` dials, as URLs spell it.
 *
 * @throws {MeshError} `ERR_INVALID_ARGUMENT` for what is no host or port, and for a Unix socket, of which no rule speaks.
 */
export function dialledBy(scheme: 'http' | 'https', { host, port, socketPath }: Wanted): Target {
  if (typeof socketPath === 'string' && socketPath !== '') throw new MeshError('ERR_INVALID_ARGUMENT', `a mesh has no way to the Unix socket ${socketPath}; give such requests another agent`);
  const name = host ?? 'localhost';
  const number = Number(port ?? (scheme === 'https' ? 443 : 80));
  if (typeof name !== 'string' || name === '' || /[\s/\\@?#]/.test(name)) throw new MeshError('ERR_INVALID_ARGUMENT', `the host of a request must be a name or an IP address, got ${JSON.stringify(name)}`);
  if (!Number.isInteger(number) || number < 1 || number > 65_535) throw new MeshError('ERR_INVALID_ARGUMENT', `the port of a request must be 1 to 65535, got ${String(port)}`);
  return parseOrigin(originOf(scheme, name, number));
}

/** `http://reviews:9080` */
export function originOf(scheme: string, hostname: string, port: number): string {
  return `${scheme}://${isIPv6(hostname) ? `[${hostname}]` : hostname}:${port}`;
}
