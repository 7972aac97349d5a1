import type { RouteExplanation } from '../common/explanation.ts';
import { hostOf } from './authority.ts';
import { explainRoute } from './explain.ts';
import { HostTable } from './host-table.ts';
import type { RequestHead, RouteConfigurationSpec, VirtualHostSpec } from './model.ts';
import { OwnHosts } from './own-hosts.ts';
import { VirtualHost } from './virtual-host.ts';

/** The virtual hosts that a call to one port may meet. */
interface PortTables {
  /** Those of a service that is told by the address that was dialled. */
  own: OwnHosts<HostTable> | undefined;
  general: HostTable | undefined;
}

/**
 * Which virtual host a call goes to, by port and Host. Immutable; a change makes a new one.
 *
 * Source: Envoy route configurations, one per port or for the addresses of one service, as Istio sends them to a sidecar.
 */
export class RouteTable {
  readonly configurations: readonly RouteConfigurationSpec[];
  readonly #ports: ReadonlyMap<number, PortTables>;
  readonly #compiled: ReadonlyMap<VirtualHostSpec, VirtualHost>;

  /**
   * @param configurations Of several for one port, or for one host of it, the first counts.
   * @param previous A table whose compiled virtual hosts are taken over where the specification is the same object.
   * @throws {Error} for values that validation refuses: bad regular expressions, faults, header values.
   */
  constructor(configurations: readonly RouteConfigurationSpec[], previous?: RouteTable) {
    const ports = new Map<number, PortTables>();
    const compiled = new Map<VirtualHostSpec, VirtualHost>();
    const before: ReadonlyMap<VirtualHostSpec, VirtualHost> = previous === undefined ? new Map() : previous.#compiled;
    const portsBefore: ReadonlyMap<number, PortTables> = previous === undefined ? new Map() : previous.#ports;
    const compile = (spec: VirtualHostSpec): VirtualHost => {
      const virtualHost = compiled.get(spec) ?? before.get(spec) ?? new VirtualHost(spec);
      compiled.set(spec, virtualHost);
      return virtualHost;
    };
    for (const { port, hosts, virtualHosts } of configurations) {
      let tables = ports.get(port);
      if (tables === undefined) ports.set(port, (tables = { own: undefined, general: undefined }));
      if (hosts === undefined) tables.general ??= new HostTable(virtualHosts, compile, portsBefore.get(port)?.general);
      else (tables.own ??= new OwnHosts()).add(hosts, new HostTable(virtualHosts, compile));
    }
    this.configurations = configurations;
    this.#ports = ports;
    this.#compiled = compiled;
  }

  /**
   * Whether a call to `port` is HTTP for the mesh; if not, it is none of its virtual hosts'.
   *
   * @param dialledHost - name or IP address that was dialled; default: one that no service has for itself
   */
  hasPort(port: number, dialledHost?: string): boolean {
    return this.#table(port, dialledHost) !== undefined;
  }

  /** Whether a Host is known on `port` by a name of its own or a wildcard, not only as any other. */
  knows(port: number, authority: string): boolean {
    const domain = this.#ports.get(port)?.general?.lookUp(authority)?.domain;
    return domain !== undefined && domain !== '*';
  }

  /** `undefined`: no listener on `port`, or none of its virtual hosts wants this Host. `dialledHost`: see {@link hasPort}. */
  virtualHost(port: number, authority: string, dialledHost?: string): VirtualHost | undefined {
    return this.#table(port, dialledHost)?.find(authority);
  }

  /** Why a request goes where it goes; tells what {@link virtualHost} and `VirtualHost.match` decide, with all reasons. */
  explain(head: RequestHead, dialledHost?: string): RouteExplanation {
    return explainRoute(this.#table(head.port, dialledHost), head, (authority) => this.#portsOf(authority));
  }

  #table(port: number, dialledHost: string | undefined): HostTable | undefined {
    const tables = this.#ports.get(port);
    if (tables?.own === undefined || dialledHost === undefined) return tables?.general;
    return tables.own.find(dialledHost) ?? tables.general;
  }

  /** The ports on which a Host is known by a name other than `*`. */
  #portsOf(authority: string): number[] {
    const known = ({ own, general }: PortTables): boolean => {
      const domain = general?.lookUp(authority)?.domain;
      return (domain !== undefined && domain !== '*') || own?.find(hostOf(authority)) !== undefined;
    };
    return [...this.#ports].filter(([, tables]) => known(tables)).map(([port]) => port).sort((a, b) => a - b);
  }
}

/** Of a mesh without any HTTP listener. */
export const NO_ROUTES = new RouteTable([]);
