import type { Duplex } from 'node:stream';
import type { Dispatcher } from 'undici';
import type { HeaderList } from '../common/headers.ts';
import type { TrailedBody } from '../engine/request-body.ts';

/** A request as it came in, before any rule saw it. */
export interface ServedRequest<Connection> {
  /** What the door said of the connection when it gave it here. */
  readonly connection: Connection;
  readonly method: string;
  /** Of a whole URL, of `:authority`, else the Host. */
  readonly authority: string;
  /** Of a whole URL, which proxies are asked for; others don't say. */
  readonly scheme?: 'http' | 'https' | undefined;
  /** With the query. */
  readonly path: string;
  /** Names in lower case and values in turn, without `host`. */
  readonly headers: HeaderList;
  /** `null` when the head says that there is none. Read no faster than it is taken. Over HTTP/2 it brings its trailers. */
  readonly body: AsyncIterable<Uint8Array> | TrailedBody | null;
  /** Whether it came by HTTP/2. */
  readonly http2: boolean;
  /** The protocol that the caller wants to go on with on its connection; it is handed over by `answer.onRequestUpgrade`. */
  readonly upgrade?: string | undefined;
}

/** A caller that wants bytes from end to end. Source: RFC 9110 §9.3.6. */
export interface ServedTunnel<Connection> {
  readonly connection: Connection;
  /** `host:port` that it wants to reach. */
  readonly authority: string;
  readonly headers: HeaderList;
}

/**
 * Takes a request. Whatever `answer` is told goes to the caller; it has a hand on the call by the controller of `onRequestStart`, which is paused
 * while the caller does not read and aborted when it leaves.
 */
export type Serve<Connection> = (request: ServedRequest<Connection>, answer: Dispatcher.DispatchHandler) => void;

/**
 * Answers CONNECT. From here on `socket` belongs to the door, which writes the status line and may give the socket back with `HttpServer.take`.
 *
 * @param head - bytes that came after the request already; they are no longer in the socket
 */
export type ServeTunnel<Connection> = (tunnel: ServedTunnel<Connection>, socket: Duplex, head: Buffer) => void;

/** What callers may ask for, in milliseconds; 0: no limit. */
export interface ServeLimits {
  /** For the headers of a request, from its first byte or from when the connection began. Then 408. */
  readonly headersMs: number;
  /** For a whole request with its body. Then 408. */
  readonly requestMs: number;
  /** Between requests. */
  readonly idleMs: number;
  /** That an answer waits for a caller that does not read on; then its connection, or stream, is closed. Default: no limit. */
  readonly stallMs?: number;
  /** Bytes of the head of a request; beyond a certain excess the reader refuses it. Default 60 KiB. */
  readonly headBytes?: number;
  /** Headers of a request, likewise. Default 100. */
  readonly headers?: number;
}
