import { isIpAddress } from '../registry/endpoint-fields.ts';
import type { Service } from '../registry/service.ts';

/** Names under which a caller may address a host, and which of them are short forms. */
export interface Domains {
  readonly all: readonly string[];
  /** Made up from a longer name; they give way to a host that is really called so. */
  readonly short: ReadonlySet<string>;
}

/**
 * The values of Host that lead callers of `namespace` to `service`. Services of the cluster's domain have short forms;
 * the bare name only inside their own namespace.
 *
 * Source: istio `generateVirtualHostDomains`.
 */
export function serviceDomains(service: Service, namespace: string, domain: string): Domains {
  const all: string[] = [];
  const short = new Set<string>();
  for (const host of [service.host, ...service.aliases]) {
    const shortForms = shortNames(host, namespace, domain);
    all.push(host, `${host}.`, ...shortForms);
    for (const name of shortForms) short.add(name.toLowerCase());
  }
  // Names below a headless service's are its pods.
  if (service.headless) all.push(...all.map((name) => `*.${name}`));
  all.push(...service.addresses.map(bracketed));
  return { all: all.map((name) => name.toLowerCase()), short };
}

/** A VirtualService host that no service has on the port: it is known by this very name. */
export function hostDomains(host: string): Domains {
  return { all: [bracketed(host).toLowerCase()], short: new Set() };
}

function shortNames(host: string, namespace: string, domain: string): string[] {
  const end = host.indexOf('.svc.');
  if (end <= 0 || !host.endsWith(`svc.${domain}`)) return [];
  const dot = host.indexOf('.');
  if (dot + 1 > end) return [];
  const qualified = host.slice(0, end);
  const own = host.slice(dot + 1, end) === namespace;
  return own ? [host.slice(0, dot), `${qualified}.svc`, qualified] : [qualified, `${qualified}.svc`];
}

function bracketed(address: string): string {
  return address.includes(':') && isIpAddress(address) ? `[${address}]` : address;
}
