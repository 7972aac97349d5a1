import { MeshError } from '../common/errors.ts';
import type { Explanation } from '../common/explanation.ts';
import type { Snapshot } from '../config/snapshot.ts';
import { dialledHost } from './listener-for.ts';
import type { Target } from './target.ts';

/** Whether a call walks through the mesh, is just bytes on a connection of the mesh, goes past it, or nowhere. */
export type Egress =
  | { readonly kind: 'mesh' }
  | { readonly kind: 'connection' }
  | { readonly kind: 'passthrough' }
  | { readonly kind: 'blocked' };

const MESH: Egress = { kind: 'mesh' };
const CONNECTION: Egress = { kind: 'connection' };
const PASSTHROUGH: Egress = { kind: 'passthrough' };
const BLOCKED: Egress = { kind: 'blocked' };

/**
 * A port on which some HTTP service is registered has a listener, and everything on it walks; an unknown host there
 * meets the outbound policy as a route. Where only services that don't speak HTTP listen, a call is bytes to them. On any other
 * port, and for https (TLS from end to end, of which the mesh sees only the name), bytes pass or, with REGISTRY_ONLY, don't.
 *
 * @param target - where the URL points, which is where the bytes would go; a Host header can't open the door
 *
 * Source: istio `buildSidecarOutboundListener`, `buildCatchAllVirtualHost`, `BlackHoleCluster`.
 */
export function egressOf(snapshot: Snapshot, target: Target, { originalDst }: { readonly originalDst?: string | null }): Egress {
  const { scheme, hostname, port } = target;
  if (scheme === 'http') {
    const host = dialledHost(hostname, originalDst);
    const own = snapshot.listeners.own(port, host);
    if (own === undefined ? snapshot.routes.hasPort(port) : own.spec.http) return MESH;
    const chain = (own ?? snapshot.listeners.general(port))?.chains.match(host, undefined);
    if (chain !== undefined) return CONNECTION;
  }
  if (snapshot.settings.outboundTrafficPolicy === 'ALLOW_ANY') return originalDst === null ? MESH : PASSTHROUGH;
  return scheme === 'https' && isRegistered(snapshot, hostname.toLowerCase(), port) ? PASSTHROUGH : BLOCKED;
}

/** Why a call to `target` is blocked, and what to do. */
export function blockedBecause({ scheme, authority, hostname, port }: Target): string {
  return `${scheme}://${authority} is not in the registry, which the outbound policy REGISTRY_ONLY demands (add a ServiceEntry for host ${hostname.toLowerCase()}, port ${port})`;
}

/** What the caller of a blocked call gets. */
export function blockedError(target: Target, explain: () => Explanation): MeshError {
  return new MeshError('ERR_EGRESS_BLOCKED', blockedBecause(target), { flags: 'UH', cluster: 'BlackHoleCluster', details: 'no_healthy_upstream', explain });
}

/** Whether a service has that host, or a wildcard host that it fits: of `a.b.c` `*.b.c` and `*.c`. */
function isRegistered(snapshot: Snapshot, host: string, port: number): boolean {
  const registered = (name: string): boolean => snapshot.clusters.has(`outbound|${port}||${name}`);
  if (registered(host)) return true;
  for (let dot = host.indexOf('.'); dot >= 0; dot = host.indexOf('.', dot + 1)) {
    if (registered(`*${host.slice(dot)}`)) return true;
  }
  return false;
}
