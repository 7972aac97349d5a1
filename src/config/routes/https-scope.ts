import type { Memo } from '../memo.ts';
import type { Service } from '../registry/service.ts';
import type { SidecarScope } from '../scope/sidecar-scope.ts';

/** What was made of each service before. */
export type HttpsMemo = Memo<Service, Service>;

/**
 * What calls to `https://` URLs see of `scope` where HTTP rules govern them: the ports whose service asks for that, as ports that speak HTTP. All
 * others stay what they are to connections. `undefined`: nobody asks for it.
 *
 * @param isAsked - whether somebody outside this scope asks for it
 */
export function httpsScope(scope: SidecarScope, memo: HttpsMemo, isAsked = false): SidecarScope | undefined {
  if (!isAsked && askingForHttps(scope) === 0) return undefined;
  const listeners = scope.listeners.map((listener) => ({
    ...listener,
    // A Sidecar's listener says what connections are to it, not what is within them.
    protocol: undefined,
    // What an ExternalName leads to is still to be known.
    services: listener.services.filter((service) => isRouted(service) || service.externalName !== undefined).map((service) => memo.of(service, [], () => asHttp(service))),
  }));
  return { ...scope, listeners };
}

/** How many services ask for it. */
export function askingForHttps({ services }: SidecarScope): number {
  return services.filter(isRouted).length;
}

function isRouted({ ports }: Service): boolean {
  return ports.some(({ routesHttps }) => routesHttps);
}

function asHttp(service: Service): Service {
  if (service.externalName !== undefined) return service;
  return { ...service, ports: service.ports.filter(({ routesHttps }) => routesHttps).map((port) => ({ ...port, protocol: 'HTTP' })) };
}
