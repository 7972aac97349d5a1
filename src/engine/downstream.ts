/** The connection that a request, or bytes, came in on, for doors that have one. Source: Envoy's downstream connection. */
export interface Downstream {
  /** `ip:port` that was dialled. */
  readonly localAddress: string;
  /** `ip:port` of the caller. */
  readonly remoteAddress: string;
  /** The SNI, where it was looked at. */
  readonly servername?: string | undefined;
}
