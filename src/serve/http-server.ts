import type { Duplex } from 'node:stream';
import { Exchanges } from './exchanges.ts';
import { Http1Server } from './http1-server.ts';
import type { Serve, ServeLimits, ServeTunnel } from './served-request.ts';

/** What an {@link HttpServer} does with what comes in. */
export interface HttpServerOptions<Connection> {
  readonly limits: ServeLimits;
  /** Is called for every request. */
  readonly serve: Serve<Connection>;
  /** Answers CONNECT. Default: 404, as Envoy, which knows no route for it. */
  readonly tunnel?: ServeTunnel<Connection>;
}

/**
 * The server side of HTTP for doors that are given connections: sockets that a listener accepted, what is inside of TLS, or one end of a pair of
 * streams in this process. It listens nowhere itself.
 */
export class HttpServer<Connection> {
  readonly #http1: Http1Server<Connection>;
  readonly #exchanges = new Exchanges();
  readonly #sockets = new Set<Duplex>();

  constructor({ limits, serve, tunnel = refuseTunnel }: HttpServerOptions<Connection>) {
    const handOver: ServeTunnel<Connection> = (wanted, socket, head) => {
      this.#sockets.delete(socket);
      tunnel(wanted, socket, head);
    };
    this.#http1 = new Http1Server({ limits, serve, tunnel: handOver, exchanges: this.#exchanges });
  }

  /**
   * Reads requests from `socket` until it ends.
   *
   * @param connection - what to say of it with each request
   */
  take(socket: Duplex, connection: Connection): void {
    this.#sockets.add(socket);
    socket.on('error', () => {}).once('close', () => this.#sockets.delete(socket));
    this.#http1.take(socket, connection);
  }

  /** No further request begins; connections end with what is under way. */
  drain(): void {
    this.#http1.drain();
    for (const socket of this.#sockets) if (!this.#exchanges.has(socket)) socket.destroy();
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
