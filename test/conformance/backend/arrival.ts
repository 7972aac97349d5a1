/** What a server saw of the TLS handshake of a connection. */
export interface TlsFacts {
  /** The server name asked for, or `null` for none. */
  readonly sni: string | null;
  /** The protocol agreed on, or `null` for none. */
  readonly alpn: string | null;
  /** The name in the caller's certificate, if it showed one. */
  readonly client?: string;
}

/** A request as it reached a server. */
export interface Arrival {
  /** The recorded address of the server, `ip:port`. */
  readonly to: string;
  readonly method: string;
  readonly path: string;
  /** `[name, value]` lines as they came, names in lower case; in HTTP/2 `host` stands for the authority. */
  readonly headers: readonly (readonly [string, string])[];
  /** Absent: it was HTTP/1.1. */
  readonly http2?: true;
  /** Absent: the connection was not encrypted. */
  readonly tls?: TlsFacts;
  /** Grows while the body arrives. */
  body: string;
  bodyBytes: number;
}

/** Bodies up to this many bytes are kept as text; of longer ones only the length counts. */
const KEPT_BODY = 4096;

/** An arrival whose body is yet to come. */
export function arrivalOf(head: Omit<Arrival, 'body' | 'bodyBytes'>): Arrival {
  return { ...head, body: '', bodyBytes: 0 };
}

/** Adds a part of the body. */
export function takeBody(arrival: Arrival, chunk: Buffer): void {
  arrival.bodyBytes += chunk.length;
  if (arrival.bodyBytes <= KEPT_BODY) arrival.body += chunk.toString('utf8');
}
