import { FilterChains } from './filter-chains.ts';
import type { ListenerSpec } from './listener-model.ts';
import { OwnHosts } from './own-hosts.ts';

/** A listener with its compiled chains. */
export interface Listener {
  readonly spec: ListenerSpec;
  readonly chains: FilterChains;
}

interface PortListeners {
  readonly own: OwnHosts<Listener> | undefined;
  readonly general: Listener | undefined;
}

/**
 * Which listener takes a connection that is not HTTP: the one of the dialled service's own address, else the one of the port.
 * Immutable; a change makes a new one.
 */
export class ListenerTable {
  readonly specs: readonly ListenerSpec[];
  /** The cluster of connections that no filter chain wants. Source: the outbound policy. */
  readonly fallbackCluster: string;
  readonly #ports: ReadonlyMap<number, PortListeners>;

  constructor(specs: readonly ListenerSpec[], fallbackCluster: string, ports = portListeners(specs)) {
    this.specs = specs;
    this.fallbackCluster = fallbackCluster;
    this.#ports = ports;
  }

  /**
   * A table without `gone` and with `come`, each of them some host's own. `undefined`: some name is wanted by others too, so that the table has to be
   * made of all.
   */
  with(gone: readonly ListenerSpec[], come: readonly ListenerSpec[]): ListenerTable | undefined {
    if (gone.length + come.length === 0) return this;
    const ports = new Map(this.#ports);
    for (const port of new Set([...gone, ...come].map((spec) => spec.port))) {
      const before = ports.get(port);
      const out = gone.filter((spec) => spec.port === port).flatMap(({ hosts = [] }) => hosts);
      const own = (before?.own ?? OwnHosts.of<Listener>([])).with(out, come.filter((spec) => spec.port === port).map(ownListener));
      if (own === undefined) return undefined;
      ports.set(port, { own, general: before?.general });
    }
    const names = new Set(gone.map(nameOf));
    return new ListenerTable([...this.specs.filter((spec) => !names.has(nameOf(spec))), ...come], this.fallbackCluster, ports);
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

function portListeners(specs: readonly ListenerSpec[]): ReadonlyMap<number, PortListeners> {
  return new Map(
    [...Map.groupBy(specs, ({ port }) => port)].map(([port, ofPort]) => {
      const general = ofPort.find(({ hosts }) => hosts === undefined);
      const own = ofPort.filter(({ hosts }) => hosts !== undefined);
      return [port, { general: general && listener(general), own: own.length === 0 ? undefined : OwnHosts.of(own.map(ownListener)) }];
    }),
  );
}

function listener(spec: ListenerSpec): Listener {
  return { spec, chains: new FilterChains(spec.chains) };
}

function ownListener(spec: ListenerSpec): readonly [hosts: readonly string[], entry: Listener] {
  return [spec.hosts!, listener(spec)];
}

function nameOf({ port, hosts }: ListenerSpec): string {
  return `${port} ${hosts?.[0] ?? ''}`;
}
