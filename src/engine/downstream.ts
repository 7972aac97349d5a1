import { FLAG } from '../telemetry/response-flags.ts';

/** The connection that a request, or bytes, came in on, for doors that have one. Source: Envoy's downstream connection. */
export interface Downstream {
  /** `ip:port` that was dialled. */
  readonly localAddress: string;
  /** `ip:port` of the caller; port 0 where a proxy in front, which is trusted, told the address. */
  readonly remoteAddress: string;
  /** `ip:port` of that proxy. */
  readonly directAddress?: string | undefined;
  /** The SNI, where it was looked at. */
  readonly servername?: string | undefined;
}

/** Why a call is aborted whose caller's connection is gone. */
export class CallerDisconnected extends Error {
  override readonly name = 'CallerDisconnected';

  constructor() {
    super('the caller left');
  }
}

/** What is told of a call that its caller gave up: over HTTP/2 that ends a stream, unless the connection itself is gone. */
export function departure(http2: boolean, reason: Error): { readonly flag: number; readonly details: string } {
  if (http2 && !(reason instanceof CallerDisconnected)) return { flag: FLAG.DR, details: 'http2.remote_reset' };
  return { flag: FLAG.DC, details: 'downstream_remote_disconnect' };
}
