import net from 'node:net';
import { Client, type Dispatcher } from 'undici';
import type { Clock } from '../common/clock.ts';
import type { Explanation } from '../common/explanation.ts';
import { CallReport, type Call, type CallInfo } from './call-info.ts';
import type { Connect } from './dial.ts';
import { soon } from './soon.ts';
import { splitAddress } from './target.ts';

/**
 * A call that goes past the rules for HTTP: nothing is added to it, and its errors reach the caller as they are. All the mesh does
 * is to say so in `meshInfo`. In the lane `connection` the mesh has chosen the endpoint, for the connection as a whole.
 */
export class PassthroughCall implements Dispatcher.DispatchHandler, Call {
  readonly #handler: Dispatcher.DispatchHandler;
  readonly #clock: Clock;
  readonly #startedAtMs: number;
  readonly #lane: CallInfo['lane'];
  readonly #explain: () => Explanation;
  #status = 0;

  constructor(handler: Dispatcher.DispatchHandler, clock: Clock, lane: 'passthrough' | 'connection', explain: () => Explanation) {
    this.#handler = handler;
    this.#lane = lane;
    this.#clock = clock;
    this.#explain = explain;
    this.#startedAtMs = clock.now();
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#handler.onRequestStart?.(controller, this);
  }

  onRequestUpgrade(...args: Parameters<NonNullable<Dispatcher.DispatchHandler['onRequestUpgrade']>>): void {
    this.#handler.onRequestUpgrade?.(...args);
  }

  onResponseStart(...args: Parameters<NonNullable<Dispatcher.DispatchHandler['onResponseStart']>>): void {
    this.#status = args[1];
    this.#handler.onResponseStart?.(...args);
  }

  onResponseData(...args: Parameters<NonNullable<Dispatcher.DispatchHandler['onResponseData']>>): void {
    this.#handler.onResponseData?.(...args);
  }

  onResponseEnd(...args: Parameters<NonNullable<Dispatcher.DispatchHandler['onResponseEnd']>>): void {
    this.#handler.onResponseEnd?.(...args);
  }

  onResponseError(...args: Parameters<NonNullable<Dispatcher.DispatchHandler['onResponseError']>>): void {
    this.#handler.onResponseError?.(...args);
  }

  describe(): CallInfo {
    const told = {
      status: this.#status,
      flags: '-',
      details: '',
      cluster: this.#lane === 'passthrough' ? 'PassthroughCluster' : undefined,
      route: undefined,
      rule: 'no rule',
      endpoint: undefined,
      attempts: 1,
      lane: this.#lane,
      durationMs: this.#clock.now() - this.#startedAtMs,
    };
    return new CallReport(told, this.#explain);
  }
}

/** Sends one call to `address` (`ip:port`), whatever its URL says, over a connection of its own. */
export function dispatchTo(address: string, connect: Connect, options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): void {
  const { hostname, port } = splitAddress(address);
  const target = { address: hostname, port, cluster: 'PassthroughCluster' };
  const client = new Client(`http://${net.isIPv6(target.address) ? `[${target.address}]` : target.address}:${target.port}`, {
    allowH2: false,
    connect: (_options: unknown, callback: (error: Error | null, socket: net.Socket | null) => void) =>
      connect(target, (error, socket) => soon(() => callback(error, socket ?? null))),
  } as Client.Options);
  client.dispatch(options, handler);
  client.close().catch(() => {});
}
