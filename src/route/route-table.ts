import type { RouteExplanation } from '../common/explanation.ts';
import type { Steps } from '../common/steps.ts';
import { hostOf } from './authority.ts';
import { explainRoute } from './explain.ts';
import { HostTable } from './host-table.ts';
import type { RequestHead, RouteConfigurationSpec, VirtualHostSpec } from './model.ts';
import { OwnHosts } from './own-hosts.ts';
import { VirtualHost } from './virtual-host.ts';

/** What is different in one route configuration of a {@link RouteTable}. */
export type ConfigurationChange = {
  readonly port: number;
  /** Of a configuration for the hosts of one service: the first of them. */
  readonly host: string | undefined;
} & (
  | { readonly now: RouteConfigurationSpec | undefined }
  // Of one that stays, for whatever Host.
  | { readonly gone: readonly string[]; readonly come: readonly VirtualHostSpec[] }
);

/** The virtual hosts that a call to one port may meet. */
interface PortTables {
  /** Those of a service that is told by the address that was dialled. */
  readonly own: OwnHosts<HostTable> | undefined;
  readonly general: HostTable | undefined;
}

/** What is made of the configurations. */
interface Derived {
  readonly ports: ReadonlyMap<number, PortTables>;
  readonly counted: ReadonlySet<VirtualHostSpec>;
}

/**
 * Which virtual host a call goes to, by port and Host. Immutable; a change makes a new one.
 *
 * Source: Envoy route configurations, one per port or for the addresses of one service, as Istio sends them to a sidecar.
 */
export class RouteTable {
  readonly configurations: readonly RouteConfigurationSpec[];
  /** Those that have routes with a `statPrefix`, which are counted by themselves. */
  readonly counted: ReadonlySet<VirtualHostSpec>;
  readonly #ports: ReadonlyMap<number, PortTables>;
  /** Of this table and those before it. */
  readonly #compiled: WeakMap<VirtualHostSpec, VirtualHost>;

  /**
   * @param configurations Of several for one port, or for one host of it, the first counts.
   * @param previous A table whose compiled virtual hosts are taken over where the specification is the same object.
   * @throws {Error} for values that validation refuses: bad regular expressions, faults, header values.
   */
  constructor(configurations: readonly RouteConfigurationSpec[], previous?: RouteTable, derived?: Derived) {
    this.configurations = configurations;
    this.#compiled = previous === undefined ? new WeakMap() : previous.#compiled;
    this.#ports = derived?.ports ?? this.#portTables();
    this.counted = derived?.counted ?? new Set(configurations.flatMap(({ virtualHosts }) => virtualHosts.filter(isCounted)));
  }

  /** @internal As the constructor, in steps: one for each virtual host. */
  static *of(configurations: readonly RouteConfigurationSpec[], previous = new RouteTable([])): Steps<RouteTable> {
    for (const { virtualHosts } of configurations) {
      for (const spec of virtualHosts) {
        previous.#compile(spec);
        yield;
      }
    }
    return new RouteTable(configurations, previous);
  }

  /**
   * A table that differs from this one by `changes` alone; its cost is that of the changes. `undefined`: they are for configurations that are not
   * there, or for names that others want too, so that the table has to be made of all.
   */
  with(changes: readonly ConfigurationChange[]): RouteTable | undefined {
    if (changes.length === 0) return this;
    const configurations = [...this.configurations];
    const ports = new Map(this.#ports);
    const counted = new Set(this.counted);
    for (const change of changes) {
      const { port, host } = change;
      const at = configurations.findIndex((one) => one.port === port && one.hosts?.[0] === host);
      const known = configurations[at];
      const tables = ports.get(port) ?? { own: undefined, general: undefined };
      if ('now' in change) {
        const { now } = change;
        const changed = host === undefined ? { ...tables, general: now && this.#hostTable(now) } : this.#withOwn(tables, known, now);
        if (changed === undefined) return undefined;
        ports.set(port, changed);
        for (const spec of known?.virtualHosts ?? []) counted.delete(spec);
        for (const spec of now?.virtualHosts.filter(isCounted) ?? []) counted.add(spec);
        const place = known === undefined ? configurations.findLastIndex((one) => one.port <= port) + 1 : at;
        configurations.splice(place, known === undefined ? 0 : 1, ...(now === undefined ? [] : [now]));
      } else {
        if (known === undefined || tables.general === undefined) return undefined;
        const come = change.come.map((spec) => this.#compile(spec));
        const virtualHosts = [...tables.general.virtualHosts];
        const specs = [...known.virtualHosts];
        const gone = replace([virtualHosts, specs], change.gone, [come, change.come]);
        const general = gone && tables.general.with(virtualHosts, gone, come);
        if (general === undefined) return undefined;
        configurations[at] = { ...known, virtualHosts: specs };
        for (const { spec } of gone!) counted.delete(spec);
        for (const spec of change.come.filter(isCounted)) counted.add(spec);
        ports.set(port, { ...tables, general });
      }
    }
    return new RouteTable(configurations, this, { ports, counted });
  }

  #withOwn(tables: PortTables, before: RouteConfigurationSpec | undefined, now: RouteConfigurationSpec | undefined): PortTables | undefined {
    const come = now?.hosts === undefined ? [] : [[now.hosts, this.#hostTable(now)] as const];
    const own = (tables.own ?? OwnHosts.of<HostTable>([])).with(before?.hosts ?? [], come);
    return own && { ...tables, own };
  }

  #portTables(): ReadonlyMap<number, PortTables> {
    const byPort = Map.groupBy(this.configurations, ({ port }) => port);
    return new Map(
      [...byPort].map(([port, configurations]) => {
        const general = configurations.find(({ hosts }) => hosts === undefined);
        const own = configurations.flatMap((one) => (one.hosts === undefined ? [] : [[one.hosts, this.#hostTable(one)] as const]));
        return [port, { general: general && this.#hostTable(general), own: own.length === 0 ? undefined : OwnHosts.of(own) }];
      }),
    );
  }

  #hostTable({ virtualHosts }: RouteConfigurationSpec): HostTable {
    return new HostTable(virtualHosts.map((spec) => this.#compile(spec)));
  }

  #compile(spec: VirtualHostSpec): VirtualHost {
    let virtualHost = this.#compiled.get(spec);
    if (virtualHost === undefined) this.#compiled.set(spec, (virtualHost = new VirtualHost(spec)));
    return virtualHost;
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
    return explainRoute(this.#table(head.port, dialledHost), head, (authority) => this.portsOf(authority));
  }

  #table(port: number, dialledHost: string | undefined): HostTable | undefined {
    const tables = this.#ports.get(port);
    if (tables?.own === undefined || dialledHost === undefined) return tables?.general;
    return tables.own.find(dialledHost) ?? tables.general;
  }

  /** The ports on which a Host is known by a name of its own or a wildcard, not only as any other; the smallest first. */
  portsOf(authority: string): number[] {
    const known = ({ own, general }: PortTables): boolean => {
      const domain = general?.lookUp(authority)?.domain;
      return (domain !== undefined && domain !== '*') || own?.find(hostOf(authority)) !== undefined;
    };
    return [...this.#ports].filter(([, tables]) => known(tables)).map(([port]) => port).sort((a, b) => a - b);
  }
}

function isCounted({ routes }: VirtualHostSpec): boolean {
  return routes.some(({ statPrefix }) => statPrefix !== undefined);
}

/**
 * Puts `come` in the place of `gone` in a list of virtual hosts and that of their specifications, both in order of names but for the last, which is for
 * whatever Host. Returns those that are gone; `undefined`: a name isn't there, or is there already.
 */
function replace(
  [virtualHosts, specs]: readonly [VirtualHost[], VirtualHostSpec[]],
  gone: readonly string[],
  [come, comeSpecs]: readonly [readonly VirtualHost[], readonly VirtualHostSpec[]],
): VirtualHost[] | undefined {
  const taken: VirtualHost[] = [];
  for (const name of gone) {
    const at = placeOf(name, virtualHosts);
    if (virtualHosts[at]?.name !== name) return undefined;
    taken.push(...virtualHosts.splice(at, 1));
    specs.splice(at, 1);
  }
  for (const [i, virtualHost] of come.entries()) {
    const at = placeOf(virtualHost.name, virtualHosts);
    if (virtualHosts[at]?.name === virtualHost.name) return undefined;
    virtualHosts.splice(at, 0, virtualHost);
    specs.splice(at, 0, comeSpecs[i]!);
  }
  return taken;
}

function placeOf(name: string, virtualHosts: readonly VirtualHost[]): number {
  let [low, high] = [0, virtualHosts.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (virtualHosts[middle]!.name < name) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Of a mesh without any HTTP listener. */
export const NO_ROUTES = /* @__PURE__ */ new RouteTable([]);
