import type { Socket } from 'node:net';
import type { ClusterEndpoints } from '../compare/cluster-endpoints.ts';
import type { EndedConnections } from './ended-connections.ts';

/** What the mesh tells about a call, in Envoy's words; `null` where it said nothing. */
export interface MeshFacts {
  readonly flags: string | null;
  readonly details: string | null;
  readonly cluster: string | null;
  readonly route: string | null;
}

/** What a proxy tells about a connection that is over, or about a call on one that ended there. */
export interface ConnectionFacts extends MeshFacts {
  /** Absent: it was no call. */
  readonly status?: number;
  /** `ip:port` of the endpoint it led to; `null` when it came to none. */
  readonly endpoint: string | null;
  /** The server name that its first bytes asked for. */
  readonly sni?: string;
}

/** Header values by lower-case name. */
export type HeaderRecord = Readonly<Record<string, string | readonly string[] | undefined>>;

/** How one call ended, as its caller saw it. */
export interface Outcome {
  /** Absent when no answer came. */
  readonly status?: number;
  /** `CLIENT_TIMEOUT` when the caller left, else the code of the failure, also of one after the headers. */
  readonly error?: string;
  /** The code with which the answer's stream was reset, for a caller that speaks HTTP/2. */
  readonly rst?: string;
  /** 1xx statuses that came first. */
  readonly informational: readonly number[];
  readonly headers: HeaderRecord;
  readonly trailers: HeaderRecord;
  readonly body: string;
  /** Until the last byte, or the failure. */
  readonly elapsedMs: number;
  readonly facts: MeshFacts;
  /** The plan that travelled with the call; empty for none. */
  readonly planned: string;
}

/** One call to make. */
export interface Call {
  /** Its identity; travels as `x-call`. */
  readonly id: string;
  readonly url: URL;
  /** Path and query, exactly as they go on the wire. */
  readonly path: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly body?: Uint8Array;
  /** The caller speaks HTTP/2. */
  readonly http2: boolean;
  /** Milliseconds between the first byte of the body and the rest; 0: all at once. */
  readonly bodyDelayMs: number;
  /** `ip:port` that the application dialled, or `null` for none. */
  readonly originalDst: string | null;
  readonly sourceAddress: string;
  /** Milliseconds after which the caller leaves. */
  readonly timeoutMs: number;
}

/** One connection to open. */
export interface Dial {
  readonly host: string;
  readonly port: number;
  /** The server name of the TLS handshake that the caller is about to do. */
  readonly servername?: string;
  /** `ip:port` that the application dialled, or `null` for none. */
  readonly originalDst: string | null;
  readonly sourceAddress: string;
}

/** A gateway that is put to the test beside the mesh. */
export interface GatewayUnderTest {
  /** Calls and connections that are over, from its access log. */
  readonly ended: EndedConnections;
  /** Access log lines written so far. */
  readonly logLines: readonly string[];
  /** Sends a request as its caller would: on a connection of its own. */
  send(call: Call, localAddress: string | undefined): Promise<Omit<Outcome, 'planned'>>;
  /** `undefined` when nothing listens there. */
  connect(port: number): Promise<Socket | undefined>;
}

/** A mesh that is put to the test. */
export interface MeshUnderTest {
  /** Never rejects: a failure is an outcome. */
  send(call: Call): Promise<Omit<Outcome, 'planned'>>;
  /** A connection to which no TLS was added; `undefined` when the mesh refused it. */
  connect(dial: Dial): Promise<Socket | undefined>;
  /** The connections that are over, refused ones too. */
  readonly ended: EndedConnections;
  stats(pattern: RegExp): Readonly<Record<string, number>>;
  /** Access log lines written so far. */
  readonly logLines: readonly string[];
  /** By name. Absent: none. */
  readonly gateways?: ReadonlyMap<string, GatewayUnderTest>;
  /** The clusters as the mesh itself sees them: what to compare with where nothing better is known. */
  readonly clusters: ClusterEndpoints;
  close(): Promise<void>;
}
