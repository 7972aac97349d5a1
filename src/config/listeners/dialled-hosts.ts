import type { Service } from '../registry/service.ts';
import { serviceDomains } from '../routes/domains.ts';

/**
 * The lower-case names and addresses by which callers of `namespace` dial `service` and nothing else; `undefined` when it has no
 * address of its own, so that all such services share one listener on a port.
 *
 * In a cluster every Kubernetes Service has an address; one whose document does not tell it, and one from code, is known by its
 * names. A ServiceEntry has the addresses it says, or none. Source: istio `GetAddressForProxy`.
 */
export function dialledHosts(service: Service, namespace: string, domain: string): readonly string[] | undefined {
  const { registry, addresses, podAddresses = [] } = service;
  if (registry === 'service-entry' && addresses.length === 0) return undefined;
  const names = serviceDomains({ ...service, addresses: [] }, namespace, domain).all;
  return [...new Set([...names, ...addresses, ...podAddresses].map((host) => host.toLowerCase()))];
}
