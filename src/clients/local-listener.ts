import { createServer, isIP, type AddressInfo, type Server, type Socket } from 'node:net';
import type { Dispatcher } from 'undici';
import { MeshError } from '../common/errors.ts';
import { parseOrigin, type Target } from '../engine/target.ts';
import { limitsOf, type GatewayLimits } from '../gateway/gateway-options.ts';
import type { Mesh } from '../mesh.ts';
import { HttpServer } from '../serve/http-server.ts';
import type { ServedRequest } from '../serve/served-request.ts';
import { AnswerOr, say } from './local-answer.ts';
import { callThrough } from './mesh-calls.ts';
import { openTunnel } from './tunnel.ts';

/** What {@link createLocalListener} takes. */
export interface LocalListenerOptions {
  /** Default: any that is free, see {@link LocalListener.port}. */
  readonly port?: number;
  /** An IP address. Default `127.0.0.1`. Whoever can reach it calls as this process: leave it at one of this machine's own. */
  readonly address?: string;
  /** What clients may ask of it, as of a gateway. */
  readonly limits?: LocalListenerLimits;
}

/** Those of a gateway that are no business of the mesh itself, whose limits of heads hold anyway. */
export type LocalListenerLimits = Pick<GatewayLimits, 'connections' | 'headersMs' | 'requestMs' | 'idleMs' | 'handshakeMs' | 'stallMs'>;

/** A connection of a client: of a tunnel, the place that it leads to. */
interface Line {
  readonly origin?: string;
}

/**
 * A port of this machine for clients that take neither a dispatcher nor an agent; make one with {@link createLocalListener}.
 *
 * - A request goes by its `:authority`, Host or whole URL, as one that `mesh.request` sends there: HTTP/1.1, and HTTP/2 without TLS, so gRPC.
 * - `CONNECT host:port` opens a tunnel: TLS in it goes by `tls` rules, HTTP by HTTP rules, anything else by `tcp` rules.
 *
 * So it is a proxy for whoever knows of proxies, and a server for whoever can be given an address beside the authority.
 */
export class LocalListener implements AsyncDisposable {
  readonly #mesh: Mesh;
  readonly #server: Server;
  readonly #http: HttpServer<Line>;
  readonly #sockets = new Set<Socket>();
  readonly #host: string;
  #port = 0;
  #closed: Promise<void> | undefined;

  private constructor(mesh: Mesh, { address = '127.0.0.1', limits: given }: LocalListenerOptions) {
    const limits = limitsOf(given);
    if (isIP(address) === 0) throw new MeshError('ERR_INVALID_ARGUMENT', `address must be an IP address, got ${JSON.stringify(address)}`);
    this.#mesh = mesh;
    this.#host = address;
    this.#http = new HttpServer<Line>({
      limits,
      serve: (request, answer) => this.#serve(request, answer),
      tunnel: ({ authority }, socket, head) => {
        void openTunnel(authority, socket, head, { mesh, firstBytesMs: limits.handshakeMs, takeHttp: (inside, origin) => this.#http.take(inside, { origin }) });
      },
    });
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.#take(socket));
    this.#server.maxConnections = limits.connections;
  }

  /** @throws {MeshError} `ERR_LISTEN`, `ERR_INVALID_ARGUMENT` */
  static async open(mesh: Mesh, options: LocalListenerOptions): Promise<LocalListener> {
    const listener = new LocalListener(mesh, options);
    const server = listener.#server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', (cause) => reject(new MeshError('ERR_LISTEN', `the local listener: ${cause.message}`, { cause })));
      server.listen(options.port ?? 0, listener.#host, resolve);
    });
    listener.#port = (server.address() as AddressInfo).port;
    return listener;
  }

  /** The port that it listens on. */
  get port(): number {
    return this.#port;
  }

  /** `127.0.0.1:15001`, as gRPC clients want addresses. */
  get address(): string {
    return `${this.#host.includes(':') ? `[${this.#host}]` : this.#host}:${this.#port}`;
  }

  /** `http://127.0.0.1:15001`, as settings of proxies want it. */
  get url(): string {
    return `http://${this.address}`;
  }

  #take(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => {}).once('close', () => this.#sockets.delete(socket));
    this.#http.take(socket, {});
  }

  #serve(request: ServedRequest<Line>, answer: Dispatcher.DispatchHandler): void {
    const { connection, authority, scheme = 'http' } = request;
    let { origin } = connection;
    if (origin === undefined) {
      const target = targetOf(scheme, authority);
      if (target === undefined) {
        say(request, answer, 400, `${JSON.stringify(authority)} is no host to call`);
        return;
      }
      if (this.#isItself(target)) {
        say(request, answer, 421, `this is a listener of ts-mesh: give requests the Host (or :authority) of the service that is wanted, or use ${this.url} as a proxy`);
        return;
      }
      origin = `${target.scheme}://${target.authority}`;
    }
    callThrough(this.#mesh, request, { origin }, new AnswerOr(answer, (error) => say(request, answer, 502, error.message)));
  }

  /** A request for itself would come back for ever. */
  #isItself({ hostname, port }: Target): boolean {
    return port === this.#port && (hostname === this.#host || hostname === 'localhost' || hostname === '[::1]' || hostname === '::1' || hostname === '0.0.0.0' || hostname.startsWith('127.'));
  }

  /** Takes no further connection or request, waits for requests under way (at most `drainMs` milliseconds, default 5000), then closes everything, tunnels too. Its mesh stays open. */
  close({ drainMs = 5000 }: { readonly drainMs?: number } = {}): Promise<void> {
    this.#closed ??= this.#drain(drainMs);
    return this.#closed;
  }

  /** {@link close} with its defaults, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #drain(drainMs: number): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#http.drain();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, drainMs)));
    if (drainMs > 0) await Promise.race([this.#http.idle(), late]);
    clearTimeout(timer);
    this.#http.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}

/** What a request is for. */
function targetOf(scheme: 'http' | 'https', authority: string): Target | undefined {
  if (authority === '' || /[\s/\\@?#]/.test(authority)) return undefined;
  try {
    return parseOrigin(`${scheme}://${authority}`);
  } catch {
    return undefined;
  }
}

/**
 * Opens a port of this machine through which clients go by the rules of `mesh` that can be told of a proxy or an address alone: `\@grpc/grpc-js`, Connect,
 * command line tools, whatever runs beside this process. Close it before the mesh.
 *
 * @throws {MeshError} `ERR_LISTEN` when the port can't be had, `ERR_INVALID_ARGUMENT` for an address or a limit that is none.
 */
export function createLocalListener(mesh: Mesh, options: LocalListenerOptions = {}): Promise<LocalListener> {
  return LocalListener.open(mesh, options);
}
