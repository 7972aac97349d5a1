import type { Host } from '../cluster/host.ts';
import type { HostPool } from './host-pool.ts';
import type { WireProtocol } from './wire.ts';

/** Names in TLS handshakes come from callers' Hosts, so they must not pile up. */
const MAX_KINDS = 256;

/** What connections of one pool have in common. Source: Envoy `TransportSocketOptions::hashKey`, which tells pools apart as well. */
export interface PoolKind {
  readonly protocol: WireProtocol;
  /** The name that a TLS handshake takes from the call, for all calls in it. */
  readonly authority: string | undefined;
}

/** The pools of one cluster: one for each host and kind of connection. */
export class HostPools {
  readonly #create: (host: Host, kind: PoolKind) => HostPool;
  /** By kind and host. */
  readonly #pools = new Map<string, Map<Host, HostPool>>();

  constructor(create: (host: Host, kind: PoolKind) => HostPool) {
    this.#create = create;
  }

  /** The pool of that kind, made when there is none. */
  get(host: Host, kind: PoolKind): HostPool {
    const name = kind.authority === undefined ? kind.protocol : `${kind.protocol} ${kind.authority}`;
    let pools = this.#pools.get(name);
    if (pools === undefined) {
      this.#forgetOldest();
      this.#pools.set(name, (pools = new Map()));
    }
    let pool = pools.get(host);
    if (pool === undefined) pools.set(host, (pool = this.#create(host, kind)));
    return pool;
  }

  of(host: Host): HostPool[] {
    return [...this.#pools.values()].flatMap((pools) => pools.get(host) ?? []);
  }

  all(): HostPool[] {
    return [...this.#pools.values()].flatMap((pools) => [...pools.values()]);
  }

  /** Lets requests under way end. */
  drop(host: Host): void {
    for (const pool of this.of(host)) pool.drain();
    for (const pools of this.#pools.values()) pools.delete(host);
  }

  /** Of every host, likewise. */
  dropAll(): void {
    for (const pool of this.all()) pool.drain();
    this.#pools.clear();
  }

  #forgetOldest(): void {
    if (this.#pools.size < MAX_KINDS) return;
    const [oldest] = this.#pools;
    for (const pool of oldest![1].values()) pool.drain();
    this.#pools.delete(oldest![0]);
  }
}
