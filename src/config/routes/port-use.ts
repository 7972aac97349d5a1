import type { CallerOptions } from '../compile-options.ts';
import { dialledHosts } from '../listeners/dialled-hosts.ts';
import { isDeclaredHttp } from '../registry/port-protocol.ts';
import { findPort, type Service } from '../registry/service.ts';
import type { SidecarScope } from '../scope/sidecar-scope.ts';

/** By port, how many services have it. */
export interface PortUse {
  readonly having: ReadonlyMap<number, number>;
  /** Of these, how many ask for a listener for whatever Host. */
  readonly opening: ReadonlyMap<number, number>;
  /** Of these, how many share a listener where what else is on it decides whether they are told by the first bytes. */
  readonly sniffing: ReadonlyMap<number, number>;
}

/** Who calls, and how names are completed. */
interface Callers {
  readonly caller: CallerOptions;
  readonly domain: string;
}

export const NO_USE: PortUse = { having: new Map(), opening: new Map(), sniffing: new Map() };

export const NO_PORTS: ReadonlySet<number> = new Set();

/** Whether `service` asks for a listener for whatever Host on `port`: not when it has addresses of its own, and is told by the first bytes. */
export function opens(service: Service, port: number, { caller, domain }: Callers): boolean {
  const protocol = findPort(service, port)?.protocol;
  if (protocol === undefined || service.externalName !== undefined) return false;
  return isDeclaredHttp(protocol) || (protocol === 'SNIFFED' && dialledHosts(service, caller.namespace, domain) === undefined);
}

export function portUse({ listeners }: SidecarScope, callers: Callers): PortUse {
  const having = new Map<number, number>();
  const opening = new Map<number, number>();
  const sniffing = new Map<number, number>();
  for (const service of listeners.flatMap(({ services }) => services)) {
    for (const { number, protocol } of service.ports) {
      count(having, number);
      if (!opens(service, number, callers)) {
        if (protocol === 'SNIFFED' && service.subnets !== undefined) count(sniffing, number);
        continue;
      }
      count(opening, number);
      if (protocol === 'SNIFFED') count(sniffing, number);
    }
  }
  return { having, opening, sniffing };
}

function count(counts: Map<number, number>, port: number): void {
  counts.set(port, (counts.get(port) ?? 0) + 1);
}
