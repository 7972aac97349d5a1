import type { Snapshot } from '../config/snapshot.ts';
import { hostOf } from '../route/authority.ts';
import type { RequestHead } from '../route/model.ts';
import { dialledHost, listenerFor } from './listener-for.ts';
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
 * meets the outbound policy as a route. Where only services that don't speak HTTP listen, a call is bytes to them, as https is:
 * TLS from end to end, of which the mesh sees only the name. On any other port bytes pass or, with REGISTRY_ONLY, don't.
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
  } else if (listenerFor(snapshot.listeners, { host: hostname, port, originalDst })?.chains.match(dialledHost(hostname, originalDst), hostname) !== undefined) {
    return CONNECTION;
  }
  if (snapshot.settings.outboundTrafficPolicy === 'ALLOW_ANY') return originalDst === null ? MESH : PASSTHROUGH;
  return scheme === 'https' && isRegistered(snapshot, hostname.toLowerCase(), port) ? PASSTHROUGH : BLOCKED;
}

/** Whether it is the virtual host of whatever nobody registered, under REGISTRY_ONLY. Source: istio `buildCatchAllVirtualHost`. */
export function isBlockAll(virtualHost: { readonly name: string } | undefined): boolean {
  return virtualHost?.name === 'block_all';
}

/** Why a call to `target` is blocked, and what to do. */
export function blockedBecause({ scheme, authority, hostname, port }: Target): string {
  return `${scheme}://${authority} is not in the registry, which the outbound policy REGISTRY_ONLY demands (add a ServiceEntry for host ${hostname.toLowerCase()}, port ${port})`;
}

/** A call or a connection that the outbound policy refused. */
export interface BlockedAttempt {
  /** Where to, such as `http://api.example.com` or `api.example.com:5432`. */
  readonly target: string;
  readonly host: string;
  readonly port: number;
  /** What refused it, and what would allow it. */
  readonly message: string;
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

/** A call that walked into the virtual host of whatever nobody registered. */
export function blockedCall({ scheme, authority, port }: Pick<RequestHead, 'scheme' | 'authority' | 'port'>): BlockedAttempt {
  const target: Target = { scheme, authority, hostname: hostOf(authority), port };
  return { target: `${scheme}://${authority}`, host: target.hostname, port, message: blockedBecause(target) };
}
