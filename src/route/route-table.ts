import { explainRoute, type RouteExplanation } from './explain.ts';
import { HostTable } from './host-table.ts';
import type { RequestHead, RouteConfigurationSpec, VirtualHostSpec } from './model.ts';
import { VirtualHost } from './virtual-host.ts';

/**
 * Which virtual host a call goes to, by port and Host. Immutable; a change makes a new one.
 *
 * Source: Envoy route configurations, one per port, as Istio sends them to a sidecar.
 */
export class RouteTable {
  readonly configurations: readonly RouteConfigurationSpec[];
  readonly #ports: ReadonlyMap<number, HostTable>;
  readonly #compiled: ReadonlyMap<VirtualHostSpec, VirtualHost>;

  /**
   * @param configurations One per port; of several for one port the first counts.
   * @param previous A table whose compiled virtual hosts are taken over where the specification is the same object.
   * @throws {Error} for values that validation refuses: bad regular expressions, faults, header values.
   */
  constructor(configurations: readonly RouteConfigurationSpec[], previous?: RouteTable) {
    const ports = new Map<number, HostTable>();
    const compiled = new Map<VirtualHostSpec, VirtualHost>();
    const before: ReadonlyMap<VirtualHostSpec, VirtualHost> = previous === undefined ? new Map() : previous.#compiled;
    const compile = (spec: VirtualHostSpec): VirtualHost => {
      const virtualHost = compiled.get(spec) ?? before.get(spec) ?? new VirtualHost(spec);
      compiled.set(spec, virtualHost);
      return virtualHost;
    };
    for (const { port, virtualHosts } of configurations) {
      if (!ports.has(port)) ports.set(port, new HostTable(virtualHosts, compile));
    }
    this.configurations = configurations;
    this.#ports = ports;
    this.#compiled = compiled;
  }

  /** Whether there is an HTTP listener on `port`; without one a call is none of the mesh's. */
  hasPort(port: number): boolean {
    return this.#ports.has(port);
  }

  /** `undefined`: no listener on `port`, or none of its virtual hosts wants this Host. */
  virtualHost(port: number, authority: string): VirtualHost | undefined {
    return this.#ports.get(port)?.find(authority);
  }

  /** Why a request goes where it goes; tells what {@link virtualHost} and `VirtualHost.match` decide, with all reasons. */
  explain(head: RequestHead): RouteExplanation {
    return explainRoute(this.#ports, head);
  }
}
