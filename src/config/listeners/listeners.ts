import type { FilterChainSpec, ListenerSpec } from '../../route/listener-model.ts';
import type { DestinationRules } from '../clusters/destination-rules.ts';
import type { CallerOptions } from '../compile-options.ts';
import { isDeclaredHttp, type PortProtocol } from '../registry/port-protocol.ts';
import type { Service } from '../registry/service.ts';
import type { EgressListener, SidecarScope } from '../scope/sidecar-scope.ts';
import { dialledHosts } from './dialled-hosts.ts';
import { tcpChains, tlsChains, type ChainContext, type ListenedPort } from './filter-chains.ts';

/** What listeners depend on beside the scope. */
export interface ListenerContext {
  readonly caller: CallerOptions;
  readonly rules: DestinationRules;
  readonly domain: string;
}

/** The listener that services without addresses of their own share on a port, while it is put together. */
interface SharedListener {
  chains: FilterChainSpec[];
  /** Whether it takes HTTP too; then a service of unknown protocol adds nothing. */
  sniffs: boolean;
}

/**
 * The listeners for connections that are not HTTP: one for each service port with addresses of its own, and one for all the rest
 * of a port. A port that only HTTP services have needs none.
 *
 * Source: istio `buildSidecarOutboundListeners`, `buildSidecarOutboundListener`.
 */
export function listeners(scope: SidecarScope, context: ListenerContext): ListenerSpec[] {
  const result: ListenerSpec[] = [];
  const shared = new Map<number, SharedListener>();
  const inScope = new Map(scope.services.map((service) => [service.host, service]));
  for (const egress of scope.listeners) {
    const chainContext: ChainContext = {
      caller: context.caller,
      virtualServices: egress.virtualServices,
      serviceOf: (host) => inScope.get(host),
      ruleOf: (service) => context.rules.find(service),
      domain: context.domain,
    };
    const locked = new Set(shared.keys());
    for (const { service, number, protocol } of listenedPorts(egress)) {
      const hosts = isDeclaredHttp(protocol) ? undefined : dialledHosts(service, context.caller.namespace, context.domain);
      const chainsOf = (port: Pick<ListenedPort, 'subnets' | 'shared'>): FilterChainSpec[] =>
        (isTls(protocol) ? tlsChains : tcpChains)({ service, number, ...port }, chainContext);
      if (hosts !== undefined) {
        const chains = chainsOf({ subnets: undefined, shared: false });
        result.push({ name: `${service.addresses[0] ?? service.host}_${number}`, port: number, hosts, http: protocol === 'SNIFFED', chains });
      }
      // An earlier listener of the Sidecar keeps the port.
      if (locked.has(number) || (hosts !== undefined && service.subnets === undefined)) continue;
      addShared(shared, number, protocol, () => chainsOf({ subnets: service.subnets, shared: true }));
    }
  }
  for (const [port, { chains, sniffs }] of shared) {
    if (chains.length > 0) result.push({ name: `0.0.0.0_${port}`, port, http: sniffs, chains });
  }
  return result;
}

function* listenedPorts({ services, protocol: own }: EgressListener): Generator<{ service: Service; number: number; protocol: PortProtocol }> {
  for (const service of services) {
    if (service.externalName !== undefined) continue;
    for (const { number, protocol } of service.ports) {
      // A listener's own protocol decides, whatever the services on its port speak.
      const spoken = own === undefined || own === 'SNIFFED' ? protocol : own;
      if (spoken !== 'UDP') yield { service, number, protocol: spoken };
    }
  }
}

function addShared(shared: Map<number, SharedListener>, port: number, protocol: PortProtocol, chains: () => FilterChainSpec[]): void {
  let listener = shared.get(port);
  if (listener === undefined) shared.set(port, (listener = { chains: [], sniffs: false }));
  if (!isDeclaredHttp(protocol) && !(protocol === 'SNIFFED' && listener.sniffs)) {
    const known = new Set(listener.chains.map(conditions));
    // Of two chains with the same conditions the first counts.
    listener.chains.push(...chains().filter((chain) => !known.has(conditions(chain))));
  }
  listener.sniffs ||= isDeclaredHttp(protocol) || protocol === 'SNIFFED';
}

function conditions({ destinationSubnets = [], sniHosts = [] }: FilterChainSpec): string {
  return `${destinationSubnets.toSorted().join(',')}|${sniHosts.toSorted().join(',')}`;
}

function isTls(protocol: PortProtocol): boolean {
  return protocol === 'TLS' || protocol === 'HTTPS';
}
