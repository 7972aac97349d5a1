import type { ClusterSpec } from '../cluster/model.ts';
import { hostCovers } from '../common/host-name.ts';
import type { Snapshot } from '../config/snapshot.ts';
import type { FilterChain } from '../route/filter-chains.ts';
import type { Dialling } from './listener-for.ts';

/**
 * Whether some service has that name or address, on that port: by its host, by a wildcard host that it fits, by a short name, an
 * alias or an address of its own. A host that only a VirtualService has is nobody's.
 */
export function isRegistered(snapshot: Snapshot, host: string, port: number): boolean {
  const name = plainName(host);
  if (serviceCluster(snapshot, name, port) !== undefined || snapshot.listeners.own(port, name) !== undefined) return true;
  const chain = snapshot.listeners.general(port)?.chains.match(name, undefined);
  return chain !== undefined && isByAddress(chain);
}

/**
 * Whether the bytes of a call or connection may go to wherever it was dialled, which they do in clusters that choose no endpoint.
 * In a sidecar the Host, the SNI or the port alone then decide, and whoever forges them gets out. In a process the name that was
 * dialled is known, so REGISTRY_ONLY asks that it is of such a service. A caller that names the address itself vouches for it, as
 * a sidecar's socket does.
 */
export function mayBeDialled(snapshot: Snapshot, { host, port, originalDst }: Dialling): boolean {
  if (snapshot.settings.outboundTrafficPolicy === 'ALLOW_ANY') return true;
  if (typeof originalDst === 'string') return originalDst.endsWith(`:${port}`);
  const name = plainName(host);
  const cluster = serviceCluster(snapshot, name, port);
  if (cluster !== undefined) return isWhereDialled(cluster);
  const own = snapshot.listeners.own(port, name);
  const chain = (own ?? snapshot.listeners.general(port))?.chains.match(name, name);
  return chain !== undefined && (own !== undefined || isByAddress(chain)) && leadsWhereDialled(snapshot, chain);
}

/**
 * Whether a connection may take `chain`; see {@link mayBeDialled}.
 *
 * @param address - what its host leads to, where that was looked up
 */
export function mayTake(snapshot: Snapshot, chain: FilterChain, dialling: Dialling, address: string | undefined): boolean {
  const { servername, host } = dialling;
  if (!chain.spec.destinations.every(({ cluster }) => mayBeAsked(snapshot, snapshot.clusters.get(cluster), servername ?? host))) return false;
  if (!leadsWhereDialled(snapshot, chain)) return true;
  return mayBeDialled(snapshot, dialling) || (address !== undefined && isByAddress(chain));
}

/** Whether a cluster that looks up what callers ask for may look up `name`: it has to be one of its service's. */
export function mayBeAsked({ settings }: Snapshot, cluster: ClusterSpec | undefined, name: string): boolean {
  if (cluster?.discovery !== 'dynamic-dns' || settings.outboundTrafficPolicy === 'ALLOW_ANY') return true;
  return hostCovers(cluster.host.toLowerCase(), plainName(name));
}

/** Whether the dialled address led to `chain`: it has to be the one that is dialled then. */
export function isByAddress({ spec }: FilterChain): boolean {
  return spec.destinationSubnets !== undefined;
}

/** Whether the cluster chooses no endpoint, but goes to wherever the caller dialled. */
export function isWhereDialled(cluster: Pick<ClusterSpec, 'discovery'> | undefined): boolean {
  return cluster?.discovery === 'original-dst';
}

function leadsWhereDialled({ clusters }: Snapshot, { spec }: FilterChain): boolean {
  return spec.destinations.some(({ cluster }) => isWhereDialled(clusters.get(cluster)));
}

function plainName(host: string): string {
  return host.toLowerCase().replace(/\.$/, '');
}

/** Of the service with that very name, else with a wildcard that it fits (of `a.b.c` `*.b.c` before `*.c`), else with that domain. */
function serviceCluster({ clusters, routes }: Snapshot, name: string, port: number): ClusterSpec | undefined {
  const find = (host: string): ClusterSpec | undefined => clusters.get(`outbound|${port}||${host}`);
  let found = find(name);
  for (let dot = name.indexOf('.'); found === undefined && dot >= 0; dot = name.indexOf('.', dot + 1)) found = find(`*${name.slice(dot)}`);
  if (found !== undefined) return found;
  const virtualHost = routes.virtualHost(port, name, name)?.name;
  return virtualHost === undefined ? undefined : find(virtualHost.slice(0, virtualHost.lastIndexOf(':')));
}
