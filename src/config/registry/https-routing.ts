import type { ServicePort } from './service.ts';

/**
 * On a ServiceEntry or Service, with the value `true`: calls to `https://` URLs of its hosts go by HTTP rules, since a process sees them before they
 * are encrypted. A cluster does not know the annotation, so that there nothing changes.
 */
export const HTTPS_ROUTING = 'ts-mesh.dev/https-routing';

/** The ports of a resource with these annotations, told whether calls to their `https://` URLs are routed. */
export function withHttpsRouting(ports: readonly ServicePort[], annotations: Readonly<Record<string, string>>): readonly ServicePort[] {
  if (annotations[HTTPS_ROUTING]?.trim().toLowerCase() !== 'true') return ports;
  return ports.map((port) => (isTls(port) ? { ...port, routesHttps: true } : port));
}

/** Whether TLS is spoken on the port, so that no call to an `https://` URL goes there in the clear. */
export function isTls({ protocol }: Pick<ServicePort, 'protocol'>): boolean {
  return protocol === 'TLS' || protocol === 'HTTPS';
}
