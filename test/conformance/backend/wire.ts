import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TlsFacts } from './arrival.ts';
import type { CallBook } from './call-book.ts';

/** A connection as a server sees it. */
export interface Wire {
  /** What carries the bytes: the TCP connection, or the TLS on top of it. */
  readonly socket: Duplex;
  readonly tcp: Socket;
  /** Absent: it is not encrypted. */
  readonly tls?: TlsFacts;
}

/** What serves the requests of a connection. */
export interface Service {
  /** The recorded address of the server, `ip:port`. */
  readonly address: string;
  /** The body of its answers. */
  readonly text: string;
  readonly book: CallBook;
}
