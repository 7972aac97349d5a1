import type { Socket } from 'node:net';
import type { Downstream } from '../engine/downstream.ts';
import type { FilterChain } from '../route/filter-chains.ts';
import { plainAddress } from './edge-headers.ts';
import type { GatewayContext } from './gateway-context.ts';

/** Brings callers' connections to endpoints as they are. Where Envoy would refuse one, it is closed. */
export class BytesDoor {
  readonly #context: GatewayContext;
  readonly #sockets = new Set<Socket>();
  #onEmpty: (() => void)[] = [];

  constructor(context: GatewayContext) {
    this.#context = context;
  }

  /** Resolves when no connection is open. */
  idle(): Promise<void> {
    return this.#sockets.size === 0 ? Promise.resolve() : new Promise((resolve) => this.#onEmpty.push(resolve));
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  take(caller: Socket, chain: FilterChain, downstream: Downstream, port: number): void {
    this.#sockets.add(caller);
    const connection = this.#context.engine.connect({
      host: plainAddress(caller.localAddress),
      port,
      chain,
      downstream,
      servername: downstream.servername,
      sourceAddress: plainAddress(caller.remoteAddress),
      originalDst: null,
      openedFor: 'gateway',
    });
    caller.once('close', () => {
      this.#sockets.delete(caller);
      connection.abort(new Error('the caller left'));
      if (this.#sockets.size === 0) for (const listener of this.#onEmpty.splice(0)) listener();
    });
    connection.opened.then(
      (endpoint) => join(caller, endpoint),
      () => caller.destroySoon(),
    );
  }
}

/** The end of one way ends that way only; the end of either socket ends both. */
function join(caller: Socket, endpoint: Socket): void {
  endpoint.on('close', () => caller.destroySoon());
  endpoint.on('error', () => {});
  caller.on('error', () => {});
  caller.pipe(endpoint).pipe(caller);
}
