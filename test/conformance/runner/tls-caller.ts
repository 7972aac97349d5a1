import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import type { TlsSpec } from '../case/case-file.ts';
import { SUITE } from '../suite-paths.ts';

/** How the GET over one TLS connection went, as its caller saw it. */
export interface TlsOutcome {
  /** 0 when no answer came. */
  readonly status: number;
  /** `closed`: the connection was refused, or ended without an answer. Else the code of the failure. */
  readonly error?: string;
}

/** A caller waits this long for an answer; no recorded one comes near it. */
const PATIENCE_MS = 12_000;

/**
 * Opens a connection, does the caller's own handshake on it, and asks for `tls.path`. Whatever certificate comes is taken.
 *
 * @param open - gives the connection, or `undefined` when it was refused
 * @param id - travels as `x-call`
 */
export async function callTls(open: () => Promise<Socket | undefined>, tls: TlsSpec, id: string): Promise<TlsOutcome> {
  const socket = await open();
  if (socket === undefined) return { status: 0, error: 'closed' };
  return get(secure(socket, tls), tls, id);
}

function secure(socket: Socket, { sni, cert }: TlsSpec): TLSSocket {
  const read = (kind: string): Buffer => readFileSync(join(SUITE.certs, `${cert}.${kind}`));
  return connect({
    socket,
    rejectUnauthorized: false,
    ...(sni !== '' && { servername: sni }),
    ...(cert !== undefined && { cert: read('pem'), key: read('key') }),
  });
}

function get(socket: TLSSocket, { host, port, path }: TlsSpec, id: string): Promise<TlsOutcome> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => end({ status: 0, error: 'timeout' }), PATIENCE_MS);
    const end = (outcome: TlsOutcome): void => {
      clearTimeout(timer);
      resolve(outcome);
      socket.destroy();
    };
    const failed = (error: NodeJS.ErrnoException): void => end({ status: 0, error: kindOf(error) });
    socket.on('error', failed);
    socket.on('close', () => end({ status: 0, error: 'closed' }));
    // Not before: a handshake that fails under a request is reported as the failure of a write, without its reason.
    socket.on('secureConnect', () => {
      const headers = { host: port === 443 ? host : `${host}:${port}`, 'x-call': id };
      const call = request({ createConnection: () => socket, path, headers });
      call.on('response', (response) => {
        response.resume();
        response.on('close', () => end({ status: response.statusCode ?? 0 }));
      });
      call.on('error', failed);
      call.end();
    });
  });
}

function kindOf({ code }: NodeJS.ErrnoException): string {
  return code === undefined || code === 'ECONNRESET' || code === 'EPIPE' ? 'closed' : code;
}
