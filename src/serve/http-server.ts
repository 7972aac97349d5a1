import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { Exchanges } from './exchanges.ts';
import { Http1Server } from './http1-server.ts';
import { Http2Server } from './http2-server.ts';
import { openingOf, type Opening } from './opening.ts';
import type { Serve, ServeLimits, ServeTunnel } from './served-request.ts';

/** What an {@link HttpServer} does with what comes in. */
export interface HttpServerOptions<Connection> {
  readonly limits: ServeLimits;
  /** Is called for every request. */
  readonly serve: Serve<Connection>;
  /** Answers CONNECT. Default: 404, as Envoy, which knows no route for it. */
  readonly tunnel?: ServeTunnel<Connection>;
  /** Whether callers may speak HTTP/2, as TLS agreed upon or the first bytes tell. Default `true`. */
  readonly http2?: boolean;
}

/**
 * The server side of HTTP for doors that are given connections: sockets that a listener accepted, what is inside of TLS, or one end of a pair of
 * streams in this process. It listens nowhere itself.
 */
export class HttpServer<Connection> {
  readonly #limits: ServeLimits;
  readonly #http1: Http1Server<Connection>;
  readonly #http2: Http2Server<Connection> | undefined;
  readonly #exchanges = new Exchanges();
  readonly #sockets = new Set<Duplex>();
  readonly #sessions = new WeakSet<Duplex>();

  constructor({ limits, serve, tunnel = refuseTunnel, http2 = true }: HttpServerOptions<Connection>) {
    const handOver: ServeTunnel<Connection> = (wanted, socket, head) => {
      this.#sockets.delete(socket);
      tunnel(wanted, socket, head);
    };
    const shared = { limits, serve, tunnel: handOver, exchanges: this.#exchanges };
    this.#limits = limits;
    this.#http1 = new Http1Server(shared);
    if (http2) this.#http2 = new Http2Server(shared);
  }

  /**
   * Reads requests from `socket` until it ends.
   *
   * @param connection - what to say of it with each request
   */
  take(socket: Duplex, connection: Connection): void {
    this.#sockets.add(socket);
    socket.on('error', () => {}).once('close', () => this.#sockets.delete(socket));
    const agreed = socket instanceof TLSSocket ? socket.alpnProtocol : false;
    if (this.#http2 === undefined || agreed === 'http/1.1') this.#begin('http1', socket, connection);
    else if (agreed === 'h2') this.#begin('http2', socket, connection);
    else openingOf(socket, this.#limits.headersMs, (opening) => this.#begin(opening, socket, connection));
  }

  #begin(opening: Opening, socket: Duplex, connection: Connection): void {
    if (socket.destroyed) return;
    if (opening === 'http1') {
      this.#http1.take(socket, connection);
    } else if (opening === 'http2') {
      this.#sessions.add(socket);
      this.#http2!.take(socket, connection);
    } else {
      if (opening === 'late') socket.write('HTTP/1.1 408 Request Timeout\r\nconnection: close\r\n\r\n');
      socket.destroy();
    }
  }

  /** No further request begins; connections end with what is under way. */
  drain(): void {
    this.#http1.drain();
    this.#http2?.drain();
    // Sessions say goodbye first.
    for (const socket of this.#sockets) if (!this.#exchanges.has(socket) && !this.#sessions.has(socket)) socket.destroy();
  }

  /** Resolves when no request is under way. */
  idle(): Promise<void> {
    return this.#exchanges.idle();
  }

  /** Ends every connection at once. */
  close(): void {
    this.drain();
    for (const socket of this.#sockets) socket.destroy();
  }
}

/** Source: Envoy, whose routes match CONNECT only where they say so. */
function refuseTunnel(_tunnel: unknown, socket: Duplex): void {
  socket.end('HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n');
}
