import { FilterChains } from './filter-chains.ts';
import type { ListenerSpec } from './listener-model.ts';
import { OwnHosts } from './own-hosts.ts';

/** A listener with its compiled chains. */
export interface Listener {
  readonly spec: ListenerSpec;
  readonly chains: FilterChains;
}

interface PortListeners {
  own: OwnHosts<Listener> | undefined;
  general: Listener | undefined;
}

/**
 * Which listener takes a connection that is not HTTP: the one of the dialled service's own address, else the one of the port.
 * Immutable; a change makes a new one.
 */
export class ListenerTable {
  readonly specs: readonly ListenerSpec[];
  /** The cluster of connections that no filter chain wants. Source: the outbound policy. */
  readonly fallbackCluster: string;
  readonly #ports = new Map<number, PortListeners>();

  constructor(specs: readonly ListenerSpec[], fallbackCluster: string) {
    this.specs = specs;
    this.fallbackCluster = fallbackCluster;
    for (const spec of specs) {
      let port = this.#ports.get(spec.port);
      if (port === undefined) this.#ports.set(spec.port, (port = { own: undefined, general: undefined }));
      const listener = { spec, chains: new FilterChains(spec.chains) };
      if (spec.hosts === undefined) port.general ??= listener;
      else (port.own ??= new OwnHosts()).add(spec.hosts, listener);
    }
  }

  /** The listener that is `host`'s alone on `port`. */
  own(port: number, host: string): Listener | undefined {
    return this.#ports.get(port)?.own?.find(host);
  }

  /** The listener of everything on `port` that has none of its own. */
  general(port: number): Listener | undefined {
    return this.#ports.get(port)?.general;
  }
}
