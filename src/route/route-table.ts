import { HostTable } from './host-table.ts';
import type { RouteConfigurationSpec } from './model.ts';
import type { VirtualHost } from './virtual-host.ts';

/**
 * Which virtual host a call goes to, by port and Host. Immutable; a change makes a new one.
 *
 * Source: Envoy route configurations, one per port, as Istio sends them to a sidecar.
 */
export class RouteTable {
  readonly configurations: readonly RouteConfigurationSpec[];
  readonly #ports = new Map<number, HostTable>();

  /** @param configurations One per port; of several for one port the first counts. */
  constructor(configurations: readonly RouteConfigurationSpec[]) {
    this.configurations = configurations;
    for (const { port, virtualHosts } of configurations) {
      if (!this.#ports.has(port)) this.#ports.set(port, new HostTable(virtualHosts));
    }
  }

  /** Whether there is an HTTP listener on `port`; without one a call is none of the mesh's. */
  hasPort(port: number): boolean {
    return this.#ports.has(port);
  }

  /** `undefined`: no listener on `port`, or none of its virtual hosts wants this Host. */
  virtualHost(port: number, authority: string): VirtualHost | undefined {
    return this.#ports.get(port)?.find(authority);
  }
}
