import type { Duplex } from 'node:stream';
import type { Socket } from 'node:net';
import { MeshError } from '../common/errors.ts';
import { egressOf } from '../engine/egress.ts';
import { listenerFor } from '../engine/listener-for.ts';
import { parseOrigin } from '../engine/target.ts';
import { serverNameOf } from '../gateway/first-bytes.ts';
import type { Mesh } from '../mesh.ts';
import { dialledBy, originOf } from './dialled.ts';

/** Where bytes go on. */
export interface TunnelOptions {
  readonly mesh: Mesh;
  /** Milliseconds for the first bytes, where these decide. */
  readonly firstBytesMs: number;
  /** Takes a caller that speaks HTTP to where HTTP rules apply. */
  readonly takeHttp: (socket: Duplex, origin: string) => void;
}

/** The first byte of a TLS handshake. Source: RFC 8446 §5.1. */
const HANDSHAKE_RECORD = 22;

/** Who is at the other end of CONNECT, such as `db:5432`. @throws {MeshError} `ERR_INVALID_ARGUMENT` */
function targetOf(authority: string): { readonly hostname: string; readonly port: number } {
  const [, host = '', port = ''] = /^(\[[\da-fA-F:.]+\]|[^:[\]]+):(\d{1,5})$/.exec(authority) ?? [];
  if (host === '') throw new MeshError('ERR_INVALID_ARGUMENT', `CONNECT wants host:port, got ${JSON.stringify(authority)}`);
  return dialledBy('http', { host: host.replace(/^\[|\]$/g, ''), port });
}

/**
 * Answers CONNECT: what is in the tunnel goes by `tls` rules where it is TLS, by HTTP rules where it is HTTP and there are some, else by `tcp` rules.
 * Only where that matters the first bytes are waited for.
 */
export async function openTunnel(authority: string, caller: Duplex, head: Buffer, { mesh, firstBytesMs, takeHttp }: TunnelOptions): Promise<void> {
  caller.on('error', () => {});
  let established = false;
  const accept = (): void => {
    established = true;
    caller.write('HTTP/1.1 200 Connection established\r\n\r\n');
  };
  try {
    const { hostname: host, port } = targetOf(authority);
    const origin = originOf('http', host, port);
    if (head.length > 0) caller.unshift(head);
    const { listeners } = mesh.snapshot;
    const isHttp = egressOf(mesh.snapshot, parseOrigin(origin), {}).kind === 'mesh';
    if (!isHttp && listenerFor(listeners, { host, port })?.chains.needsServerName !== true) {
      const endpoint = await connect(mesh, { host, port }, caller);
      accept();
      join(caller, endpoint);
      return;
    }
    accept();
    const first = await firstByte(caller, firstBytesMs);
    if (first === undefined) {
      caller.destroy();
    } else if (first === HANDSHAKE_RECORD) {
      const servername = await serverNameOf(caller as Socket, firstBytesMs);
      if (servername === undefined) caller.destroy();
      else join(caller, await connect(mesh, { host, port, ...(servername !== '' && { servername }) }, caller));
    } else if (isHttp) {
      takeHttp(caller, origin);
    } else {
      join(caller, await connect(mesh, { host, port }, caller));
    }
  } catch (error) {
    if (established || caller.destroyed) caller.destroy();
    else refuse(caller, error as MeshError);
  }
}

/** A connection of the mesh, unless the caller leaves meanwhile. */
async function connect(mesh: Mesh, target: { readonly host: string; readonly port: number; readonly servername?: string }, caller: Duplex): Promise<Socket> {
  const leaving = new AbortController();
  const left = (): void => leaving.abort(new Error('the caller left'));
  caller.once('close', left);
  try {
    return await mesh.connect({ ...target, signal: leaving.signal });
  } finally {
    caller.off('close', left);
  }
}

/** The first byte, which stays in the stream; `undefined` when none comes. */
function firstByte(caller: Duplex, timeoutMs: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const end = (byte: number | undefined): void => {
      clearTimeout(timer);
      caller.off('readable', look).off('end', left).off('close', left);
      // Only then does the stream know that nobody waits for `readable` any more.
      process.nextTick(resolve, byte);
    };
    const left = (): void => end(undefined);
    const look = (): void => {
      const chunk = caller.read() as Buffer | null;
      if (chunk === null) return;
      caller.unshift(chunk);
      end(chunk[0]);
    };
    const timer = setTimeout(left, timeoutMs).unref();
    caller.on('readable', look).on('end', left).on('close', left);
  });
}

/** The end of one way ends that way only; the end of either socket ends both. */
function join(caller: Duplex, endpoint: Socket): void {
  endpoint.on('error', () => {}).on('close', () => (caller as Socket).destroySoon());
  caller.once('close', () => endpoint.destroy());
  if (caller.destroyed) endpoint.destroy();
  caller.pipe(endpoint).pipe(caller);
}

function refuse(caller: Duplex, { code, message }: MeshError): void {
  const body = Buffer.from(`${message}\n`);
  const status = code === 'ERR_INVALID_ARGUMENT' ? '400 Bad Request' : '502 Bad Gateway';
  caller.end(`HTTP/1.1 ${status}\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n${body.toString()}`);
}
