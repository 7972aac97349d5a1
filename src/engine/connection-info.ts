import type { AccessRecord } from '../telemetry/access-log.ts';

/** What became of one connection that is not HTTP. Source: Envoy's access log of a TCP proxy. */
export interface ConnectionInfo {
  /** Envoy response flags as a TCP proxy prints them, such as `UF,URX`; `-` for none. */
  readonly flags: string;
  /** Envoy's reason where a listener refused it, such as `filter_chain_not_found`; absent elsewhere. */
  readonly details: string | undefined;
  /** Why it was refused, in words; absent when it was not. */
  readonly failure: string | undefined;
  /** Host and port that were asked for, such as `db:5432`. */
  readonly target: string;
  /**
   * What it was for: `mesh.connect`, an HTTP call to a service that does not speak HTTP as far as the mesh knows, or a caller of a
   * gateway.
   */
  readonly openedFor: 'connect' | 'call' | 'gateway';
  /** The cluster that was chosen; absent when there is none of that name. */
  readonly cluster: string | undefined;
  /** The rule that decided, with file and line; `no rule` for what nobody registered. */
  readonly rule: string;
  /** `ip:port` of the endpoint. */
  readonly endpoint: string | undefined;
  /** The SNI, where the listener has a use for it; absent elsewhere. */
  readonly servername: string | undefined;
  /** Bytes that the caller sent. */
  readonly bytesSent: number;
  /** Bytes that came back. */
  readonly bytesReceived: number;
  /** Milliseconds from the call until the connection ended. */
  readonly durationMs: number;
}

/** A connection that is over and can tell its line of the access log. */
export interface LoggedConnection {
  describe(): ConnectionInfo;
  accessRecord(): AccessRecord;
}
