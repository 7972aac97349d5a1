import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { serveEcho } from './echo.ts';
import { type Spoken, whenSpoken } from './first-bytes.ts';
import { refuse, serveHttp1 } from './http1-connection.ts';
import { serveHttp2 } from './http2-connection.ts';
import { TlsLayer, type TlsManners } from './tls-layer.ts';
import type { Service, Wire } from './wire.ts';

/** What one server is. */
export interface BackendOptions extends Service, TlsManners {
  /** It speaks plain HTTP/1.1 and nothing else. Default: what each connection speaks is told from its first bytes. */
  readonly plainHttp?: boolean;
}

/** A real server on a free port of 127.0.0.1 that does what the plan of each request says, and echoes what is no HTTP. */
export class Backend {
  readonly #options: BackendOptions;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(options: BackendOptions) {
    this.#options = options;
    this.#server = createServer({ noDelay: true }, (socket) => this.#serve(socket));
  }

  static start(options: BackendOptions): Promise<Backend> {
    const backend = new Backend(options);
    return new Promise((resolve, reject) => {
      backend.#server.once('error', reject);
      backend.#server.listen(0, '127.0.0.1', () => resolve(backend));
    });
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    // The other side may reset at any time; that is what some cases are about.
    socket.on('error', () => socket.destroy());
    if (this.#options.plainHttp) serveHttp1({ socket, tcp: socket }, this.#options);
    else whenSpoken(socket, (spoken) => this.#serveSpoken({ socket, tcp: socket }, spoken));
  }

  #serveSpoken(wire: Wire, spoken: Spoken): void {
    switch (spoken) {
      case 'http1':
        return serveHttp1(wire, this.#options);
      case 'http2':
        return serveHttp2(wire, this.#options);
      case 'tls':
        // TLS within TLS is refused, as by any HTTPS server.
        return wire.tls === undefined ? this.#serveTls(wire.tcp) : refuse(wire.socket);
      case 'other':
        return wire.tls === undefined ? serveEcho(wire.socket, this.#options.text) : refuse(wire.socket);
    }
  }

  #serveTls(tcp: Socket): void {
    const layer = new TlsLayer(this.#options, (socket, tls) => whenSpoken(socket, (spoken) => this.#serveSpoken({ socket, tcp, tls }, spoken)));
    layer.take(tcp);
  }
}
