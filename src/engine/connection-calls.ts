import { isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { Agent, Client, type Dispatcher } from 'undici';
import type { HttpsOptions } from './client-tls.ts';
import { serverNameOf, withoutBrackets } from './target.ts';
import type { ConnectRequest } from './tcp-walk.ts';

/** Opens a connection of the mesh. */
type Open = (request: ConnectRequest) => Promise<Socket>;

/** What undici wants a connection for. */
interface Wanted {
  readonly hostname: string;
  readonly port: string;
  readonly protocol: string;
}

/** What one call says of its connection beyond its URL. */
export type CallerAddresses = Pick<ConnectRequest, 'originalDst' | 'sourceAddress'>;

/**
 * HTTP calls to services that don't speak HTTP, as far as the mesh knows, and https: it sees connections, and routes those. Connections are
 * kept alive by undici as any client keeps its own, so that one choice of an endpoint serves many calls.
 */
export class ConnectionCalls {
  readonly #open: Open;
  readonly #trust: HttpsOptions;
  #agent: Agent | undefined;

  constructor(open: Open, trust: HttpsOptions = {}) {
    this.#open = open;
    this.#trust = trust;
  }

  dispatch(options: Dispatcher.DispatchOptions, addresses: CallerAddresses, handler: Dispatcher.DispatchHandler): void {
    if (addresses.originalDst === undefined && addresses.sourceAddress === undefined) {
      this.#agent ??= new Agent({ allowH2: false, connect: this.#connector({}) } as Agent.Options);
      this.#agent.dispatch({ ...options, origin: String(options.origin) } as Agent.DispatchOptions, handler);
      return;
    }
    // Such a call shares its connection with no other.
    const client = new Client(String(options.origin), { allowH2: false, connect: this.#connector(addresses) } as Client.Options);
    client.dispatch(options, handler);
    client.close().catch(() => {});
  }

  /** Lets no further call begin on connections that were opened so far. */
  renew(): void {
    this.#agent?.close().catch(() => {});
    this.#agent = undefined;
  }

  close(error: Error): void {
    this.#agent?.destroy(error).catch(() => {});
  }

  #connector(addresses: CallerAddresses) {
    return ({ hostname, port, protocol }: Wanted, callback: (error: Error | null, socket: Socket | null) => void): void => {
      const host = withoutBrackets(hostname);
      const secure = protocol === 'https:';
      const request = { host, port: Number(port || (secure ? 443 : 80)), openedFor: 'call', ...addresses } as const;
      this.#open(secure ? { ...request, servername: serverNameOf(host) } : request).then(
        (socket) => (secure ? shakeHands(socket, host, this.#trust, callback) : callback(null, socket)),
        (error: unknown) => callback(error as Error, null),
      );
    };
  }
}

/** The caller's own TLS, as undici does it, on a connection of the mesh. */
function shakeHands(bare: Socket, host: string, trust: HttpsOptions, callback: (error: Error | null, socket: Socket | null) => void): void {
  bare.on('error', () => {});
  const socket = connectTls({ ...trust, socket: bare, servername: isIP(host) === 0 ? serverNameOf(host) : '', host, ALPNProtocols: ['http/1.1'] });
  const onError = (error: Error): void => callback(error, null);
  socket.once('error', onError).once('secureConnect', () => {
    socket.off('error', onError);
    callback(null, socket);
  });
}
