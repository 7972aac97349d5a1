import { compareSpecificity, hostCovers, hostsOverlap } from '../../common/host-name.ts';

/** A host of a server, and whose rules may have it. */
export interface ServerHost {
  /** The only namespace whose VirtualServices may have it; absent: any. */
  readonly namespace?: string;
  /** Lower-case name, `*.suffix` or `*`. */
  readonly host: string;
  /** As two servers must not both have it. */
  readonly text: string;
}

/**
 * `host`, `namespace/host`, `./host` (the Gateway's own) or a star in either place.
 *
 * Source: istio `sanitizeServerHostNamespace`.
 */
export function serverHost(text: string, namespace: string): ServerHost {
  const slash = text.indexOf('/');
  const host = text.slice(slash + 1).toLowerCase();
  const scope = slash === -1 ? '*' : text.slice(0, slash);
  if (scope === '*') return { host, text: host };
  const only = scope === '.' ? namespace : scope;
  return { namespace: only, host, text: `${only}/${host}` };
}

/**
 * The hosts by which a server serves a VirtualService of `namespace`: of each pair that fits the narrower one, each once.
 *
 * Source: istio `host.Names.Intersection`.
 */
export function servedHosts(server: readonly ServerHost[], hosts: readonly string[], namespace: string): string[] {
  const open = server.filter((one) => one.namespace === undefined || one.namespace === namespace);
  const served = new Set<string>();
  for (const { host } of open) {
    for (const name of hosts) {
      const own = name.toLowerCase();
      if (hostCovers(host, own)) served.add(own);
      else if (hostCovers(own, host)) served.add(host);
    }
  }
  return [...served].sort(compareSpecificity);
}

/** Whether a server serves the connections of a VirtualService of `namespace` at all. Source: istio `pickMatchingGatewayHosts`. */
export function servesAny(server: readonly ServerHost[], hosts: readonly string[], namespace: string): boolean {
  return server.some((one) => (one.namespace === undefined || one.namespace === namespace) && hosts.some((name) => hostsOverlap(one.host, name.toLowerCase())));
}
