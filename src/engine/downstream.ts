/** The connection that a request, or bytes, came in on, for doors that have one. Source: Envoy's downstream connection. */
export interface Downstream {
  /** `ip:port` that was dialled. */
  readonly localAddress: string;
  /** `ip:port` of the caller. */
  readonly remoteAddress: string;
  /** The SNI, where it was looked at. */
  readonly servername?: string | undefined;
}

/** Why a call is aborted whose caller's connection is gone; over HTTP/2 a caller may also leave by ending its stream alone. */
export class CallerDisconnected extends Error {
  override readonly name = 'CallerDisconnected';

  constructor() {
    super('the caller left');
  }
}
