import { MeshError } from '../common/errors.ts';
import type { Snapshot } from '../config/snapshot.ts';

/** Whether a call walks through the mesh, goes past it, or nowhere. */
export type Egress =
  | { readonly kind: 'mesh' }
  | { readonly kind: 'passthrough' }
  | { readonly kind: 'blocked'; readonly error: MeshError };

const MESH: Egress = { kind: 'mesh' };
const PASSTHROUGH: Egress = { kind: 'passthrough' };

/**
 * A port on which some HTTP service is registered has a listener, and everything on it walks; an unknown host there
 * meets the outbound policy as a route. On any other port, and for https (TLS from end to end, of which the mesh sees
 * only the name), bytes pass or, with REGISTRY_ONLY, don't.
 *
 * Source: istio `buildCatchAllVirtualHost`, `BlackHoleCluster`.
 */
export function egressOf(
  snapshot: Snapshot,
  scheme: string,
  authority: string,
  port: number,
  { originalDst }: { readonly originalDst?: string | null },
): Egress {
  if (scheme === 'http' && snapshot.routes.hasPort(port)) return MESH;
  if (snapshot.settings.outboundTrafficPolicy === 'ALLOW_ANY') return originalDst === null ? MESH : PASSTHROUGH;
  const host = authority.replace(/:\d+$/, '').toLowerCase();
  if (scheme === 'https' && isRegistered(snapshot, host, port)) return PASSTHROUGH;
  const message = `${scheme}://${authority} is not in the registry, which the outbound policy REGISTRY_ONLY demands (add a ServiceEntry for host ${host}, port ${port})`;
  return {
    kind: 'blocked',
    error: new MeshError('ERR_EGRESS_BLOCKED', message, { flags: 'UH', cluster: 'BlackHoleCluster', details: 'no_healthy_upstream' }),
  };
}

function isRegistered(snapshot: Snapshot, host: string, port: number): boolean {
  for (let name = host; ; name = `*${name.slice(name.indexOf('.', 2))}`) {
    if (snapshot.clusters.has(`outbound|${port}||${name}`)) return true;
    if (name.indexOf('.', 2) < 0) return false;
  }
}
