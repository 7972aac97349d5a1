import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { MeshError } from '../common/errors.ts';
import type { GatewayChainSpec, GatewayListenerSpec } from '../config/gateways/gateway-model.ts';
import type { Downstream } from '../engine/downstream.ts';
import { bySni, type FilterChain } from '../route/filter-chains.ts';
import { WeightedClusters } from '../route/weighted-clusters.ts';
import type { BytesDoor } from './bytes-door.ts';
import { shownOn } from './client-certificate.ts';
import { plainAddress, withPort } from './edge-headers.ts';
import { serverNameOf } from './first-bytes.ts';
import type { GatewayContext } from './gateway-context.ts';
import type { HttpDoor } from './http-door.ts';
import { RefusedConnection } from './refused-connection.ts';
import { TlsEnd } from './tls-end.ts';

/** Of callers that are gone without a word the system tells after a while. */
const KEEP_ALIVE_MS = 60_000;

/** Where connections go on once their chain is known. */
export interface Doors {
  readonly http: HttpDoor;
  readonly bytes: BytesDoor;
}

/** A chain, ready to take connections. */
interface Chain {
  readonly spec: GatewayChainSpec;
  readonly tls: TlsEnd | undefined;
  readonly bytes: FilterChain | undefined;
}

/** One port of a gateway. */
export class GatewayListener {
  readonly #context: GatewayContext;
  readonly #doors: Doors;
  readonly #server: Server;
  #spec: GatewayListenerSpec;
  #chains: readonly Chain[] = [];

  private constructor(spec: GatewayListenerSpec, context: GatewayContext, doors: Doors) {
    this.#spec = spec;
    this.#context = context;
    this.#doors = doors;
    this.use(spec);
    this.#server = createServer({ allowHalfOpen: true, noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS }, (socket) => {
      this.#take(socket).catch((error: Error) => {
        context.problem(`port ${this.#spec.port} of the gateway: ${error.message}`);
        socket.destroy();
      });
    });
    this.#server.maxConnections = context.limits.connections;
  }

  /** @throws {MeshError} `ERR_LISTEN` when the port can't be had */
  static async open(spec: GatewayListenerSpec, place: { readonly address: string; readonly port: number }, context: GatewayContext, doors: Doors): Promise<GatewayListener> {
    const listener = new GatewayListener(spec, context, doors);
    const server = listener.#server;
    await new Promise<void>((resolve, reject) => {
      const failed = (cause: Error): void => reject(new MeshError('ERR_LISTEN', `port ${spec.port} of the gateway: ${cause.message}`, { cause }));
      server.once('error', failed);
      server.listen(place.port, place.address, () => {
        server.off('error', failed);
        resolve();
      });
    });
    server.on('error', (error) => context.problem(`port ${spec.port} of the gateway: ${error.message}`));
    return listener;
  }

  /** The port that it listens on. */
  get port(): number {
    return (this.#server.address() as AddressInfo | null)?.port ?? 0;
  }

  get serverPort(): number {
    return this.#spec.port;
  }

  /** Connections that are open stay what they are; further ones go by `spec`. */
  use(spec: GatewayListenerSpec): void {
    this.#spec = spec;
    const { contexts, limits } = this.#context;
    this.#chains = spec.chains.map((chain) => {
      const { tls, serves } = chain;
      return {
        spec: chain,
        tls: tls && new TlsEnd(tls, { contexts, handshakeMs: limits.handshakeMs, isHttp: serves.kind === 'http' }),
        bytes: serves.kind === 'http' ? undefined : { spec: serves.chain, destinations: new WeightedClusters(serves.chain.destinations) },
      };
    });
  }

  /** Takes no further connection. */
  stop(): void {
    this.#server.close();
  }

  async #take(socket: Socket): Promise<void> {
    socket.on('error', () => {});
    // One that has gone again has no addresses any more.
    if (socket.remoteAddress === undefined) {
      socket.destroy();
      return;
    }
    const looks = this.#chains.some(({ spec }) => spec.tls !== undefined || spec.sniHosts !== undefined);
    const servername = looks ? await serverNameOf(socket, this.#context.limits.handshakeMs) : '';
    if (servername === undefined) {
      socket.destroy();
      return;
    }
    const { localAddress, localPort, remoteAddress, remotePort } = socket;
    const downstream: Downstream = {
      localAddress: withPort(localAddress, localPort),
      remoteAddress: withPort(remoteAddress, remotePort),
      ...(servername !== '' && { servername }),
    };
    const chain = bySni(this.#chains, servername === '' ? undefined : servername);
    if (chain === undefined) {
      const { options, clock } = this.#context.engine;
      options.onConnectionOver?.(new RefusedConnection(downstream, clock.wallNow()));
      socket.destroySoon();
      return;
    }
    if (chain.tls === undefined) {
      this.#serve(socket, chain, downstream);
      return;
    }
    await chain.tls.take(socket, (inside) => this.#serve(inside, chain, downstream));
  }

  #serve(socket: Socket, { spec, bytes, tls }: Chain, downstream: Downstream): void {
    const { port } = this.#spec;
    if (spec.serves.kind === 'http') {
      const scheme = tls === undefined ? 'http' : 'https';
      const address = plainAddress(socket.remoteAddress);
      const certificate = socket instanceof TLSSocket ? shownOn(socket) : undefined;
      this.#doors.http.take(socket, { downstream, address, scheme, port, routes: spec.serves.routes, certificate });
    } else {
      this.#doors.bytes.take(socket, bytes!, downstream, port);
    }
  }
}

/** Where a listener listens. */
export function placeOf({ port, bind }: GatewayListenerSpec, address: string, ports: Readonly<Record<number, number>>): { address: string; port: number } {
  return { address: bind === '' ? plainAddress(address) : bind, port: ports[port] ?? port };
}
