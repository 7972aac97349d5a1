import { isIP } from 'node:net';
import type { ClusterSpec } from '../cluster/model.ts';
import type { Snapshot } from '../config/snapshot.ts';
import type { FilterChain } from '../route/filter-chains.ts';
import type { Dialling } from './listener-for.ts';

/**
 * Whether some service has that name or address, on that port: by its host, by a wildcard host that it fits, by a short name, an
 * alias or an address of its own. A host that only a VirtualService has is nobody's.
 */
export function isRegistered(snapshot: Snapshot, host: string, port: number): boolean {
  const name = host.toLowerCase().replace(/\.$/, '');
  if (hasCluster(snapshot, name, port) || snapshot.listeners.own(port, name) !== undefined) return true;
  const virtualHost = snapshot.routes.virtualHost(port, name, name)?.name;
  if (virtualHost !== undefined && snapshot.clusters.has(`outbound|${port}||${virtualHost.slice(0, virtualHost.lastIndexOf(':'))}`)) return true;
  return isIP(name) !== 0 && snapshot.listeners.general(port)?.chains.match(name, undefined)?.spec.destinationSubnets !== undefined;
}

/**
 * Whether the bytes of a call or connection may go to wherever it was dialled, which they do in clusters that choose no endpoint.
 * In a sidecar the Host, the SNI or the port alone then decide, and whoever forges them gets out. In a process the name that was
 * dialled is known, so REGISTRY_ONLY asks for that. A caller that names the address itself vouches for it, as a sidecar's socket does.
 */
export function mayBeDialled(snapshot: Snapshot, { host, port, originalDst }: Dialling): boolean {
  if (snapshot.settings.outboundTrafficPolicy === 'ALLOW_ANY') return true;
  if (typeof originalDst === 'string') return originalDst.endsWith(`:${port}`);
  return isRegistered(snapshot, host, port);
}

/**
 * Whether a connection may take `chain`; see {@link mayBeDialled}.
 *
 * @param address - what its host leads to, where that was looked up
 */
export function mayTake(snapshot: Snapshot, chain: FilterChain, dialling: Dialling, address: string | undefined): boolean {
  if (!chain.spec.destinations.some(({ cluster }) => isWhereDialled(snapshot.clusters.get(cluster)))) return true;
  return mayBeDialled(snapshot, dialling) || (address !== undefined && isRegistered(snapshot, address, dialling.port));
}

/** Whether the cluster chooses no endpoint, but goes to wherever the caller dialled. */
export function isWhereDialled(cluster: Pick<ClusterSpec, 'discovery'> | undefined): boolean {
  return cluster?.discovery === 'original-dst';
}

/** Of the very name, or of a wildcard that it fits: of `a.b.c` `*.b.c` and `*.c`. */
function hasCluster({ clusters }: Snapshot, name: string, port: number): boolean {
  const has = (host: string): boolean => clusters.has(`outbound|${port}||${host}`);
  if (has(name)) return true;
  for (let dot = name.indexOf('.'); dot >= 0; dot = name.indexOf('.', dot + 1)) {
    if (has(`*${name.slice(dot)}`)) return true;
  }
  return false;
}
