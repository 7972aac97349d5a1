import { isIP } from 'node:net';
import type { ClusterSpec } from '../cluster/model.ts';
import type { Snapshot } from '../config/snapshot.ts';
import { hostOf } from '../route/authority.ts';
import type { RequestHead } from '../route/model.ts';
import { dialledHost, listenerFor } from './listener-for.ts';
import { isWhereDialled, mayBeAsked, mayBeDialled, mayTake } from './registered.ts';
import { serverNameOf, type Target } from './target.ts';

/** Whether a call walks through the mesh, is just bytes on a connection of the mesh, goes past it, or nowhere. */
export type Egress =
  | { readonly kind: 'mesh'; /** By the rules for calls to `https://` URLs, and with TLS of the mesh's own. */ readonly https?: boolean }
  | { readonly kind: 'connection' }
  | { readonly kind: 'passthrough' }
  | { readonly kind: 'blocked' };

const MESH: Egress = { kind: 'mesh', https: false };
const MESH_HTTPS: Egress = { kind: 'mesh', https: true };
const CONNECTION: Egress = { kind: 'connection' };
const PASSTHROUGH: Egress = { kind: 'passthrough' };
const BLOCKED: Egress = { kind: 'blocked' };

/**
 * A port on which some HTTP service is registered has a listener, and everything on it walks; an unknown host there
 * meets the outbound policy as a route. Where only services that don't speak HTTP listen, a call is bytes to them, as https is:
 * TLS from end to end, of which the mesh sees only the name, unless its service asks for HTTP rules (`ts-mesh.dev/https-routing`). On any other port bytes pass or, with REGISTRY_ONLY, don't.
 *
 * @param target - where the URL points, which is where the bytes would go; a Host header can't open the door
 *
 * Source: istio `buildSidecarOutboundListener`, `buildCatchAllVirtualHost`, `BlackHoleCluster`.
 */
export function egressOf(snapshot: Snapshot, target: Target, { originalDst }: { readonly originalDst?: string | null }): Egress {
  const { scheme, authority, hostname, port } = target;
  const { listeners, routes, httpsRoutes, settings } = snapshot;
  const dialled = dialledHost(hostname, originalDst);
  if (scheme === 'http') {
    const own = listeners.own(port, dialled);
    if (own === undefined ? routes.hasPort(port) : own.spec.http) return MESH;
  } else if (httpsRoutes.knows(port, authority)) {
    return MESH_HTTPS;
  }
  const isOpen = settings.outboundTrafficPolicy === 'ALLOW_ANY';
  const servername = scheme === 'https' ? serverNameOf(hostname) : undefined;
  const dialling = { host: hostname, port, originalDst, servername };
  const chains = listenerFor(listeners, dialling)?.chains;
  const chain = chains?.match(dialled, servername);
  if (isOpen) {
    if (chain !== undefined) return CONNECTION;
    return originalDst === null ? MESH : PASSTHROUGH;
  }
  if (chain !== undefined && mayTake(snapshot, chain, dialling, undefined)) return CONNECTION;
  // Where ranges of addresses decide, the connection looks the name up, and is refused if it leads to none of them.
  return chains?.needsAddress === true && isIP(dialled) === 0 ? CONNECTION : BLOCKED;
}

/** What of a call decides whether it {@link strays}. */
export interface StrayingCall {
  readonly head: Pick<RequestHead, 'authority'>;
  readonly dialled: Target;
  readonly originalDst?: string | null | undefined;
}

/** Whether REGISTRY_ONLY refuses a call that was routed to `cluster`: it would go to wherever it was dialled, or asks for, and nobody registered that. */
export function strays(snapshot: Snapshot, cluster: ClusterSpec | undefined, { head, dialled: { hostname: host, port }, originalDst }: StrayingCall): boolean {
  if (isWhereDialled(cluster)) return originalDst !== null && !mayBeDialled(snapshot, { host, port, originalDst });
  // Asked first, since most clusters choose their endpoints, and to take the Host apart costs as much as to look for its rules.
  return cluster?.discovery === 'dynamic-dns' && !mayBeAsked(snapshot, cluster, hostOf(head.authority));
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

/** A call that walked into the virtual host of whatever nobody registered. */
export function blockedCall({ scheme, authority, port }: Pick<RequestHead, 'scheme' | 'authority' | 'port'>): BlockedAttempt {
  return blockedAt({ scheme, authority, hostname: hostOf(authority), port });
}

/** A call to `target` that is refused. */
export function blockedAt(target: Target): BlockedAttempt {
  const { scheme, authority, hostname: host, port } = target;
  return { target: `${scheme}://${authority}`, host, port, message: blockedBecause(target) };
}
