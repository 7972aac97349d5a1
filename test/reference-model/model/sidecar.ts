import { hasLabels, inOrderOfCreation, isWithin, namespaceOf, overlap } from './names.ts';
import type { Sidecar, World } from './resources.ts';
import { visibleServices } from './services.ts';
import type { Service } from './services.ts';

// §2 Sidecar scope: what of the mesh the caller knows.

export interface Scope {
  /** Mode for hosts that nobody knows. */
  readonly outbound: string;
  readonly listeners: readonly EgressListener[];
}

export interface EgressListener {
  /** Serves this port only; absent: every port that no other listener has. */
  readonly port?: number;
  /** `namespace/host` */
  readonly imports: readonly { readonly namespace: string; readonly host: string }[];
}

export function scopeOf(world: World): Scope {
  const { caller, mesh } = world;
  const sidecar = sidecarOf(world);
  const egress = sidecar?.spec.egress ?? [];
  return {
    outbound: sidecar?.spec.outboundTrafficPolicy?.mode ?? mesh.outboundTrafficPolicy?.mode ?? 'ALLOW_ANY',
    listeners: (egress.length > 0 ? egress : [{ hosts: ['*/*'] }]).map(({ hosts, ...listener }) => ({
      ...('port' in listener && listener.port !== undefined ? { port: listener.port.number } : {}),
      imports: hosts.map((entry) => {
        const [namespace = '', host = ''] = entry.split('/');
        return { namespace: namespace === '.' ? caller.namespace : namespace, host };
      }),
    })),
  };
}

function sidecarOf({ resources, mesh, caller }: World): Sidecar | undefined {
  const sidecars = inOrderOfCreation(resources.filter((resource): resource is Sidecar => resource.kind === 'Sidecar'));
  const own = sidecars.filter(({ metadata }) => namespaceOf(metadata) === caller.namespace);
  const root = sidecars.filter(({ metadata }) => namespaceOf(metadata) === (mesh.rootNamespace ?? 'istio-system'));
  return (
    own.find(({ spec }) => spec.workloadSelector !== undefined && hasLabels(spec.workloadSelector.labels, caller.labels)) ??
    own.find(({ spec }) => spec.workloadSelector === undefined) ??
    root.find(({ spec }) => spec.workloadSelector === undefined)
  );
}

/** The listener that answers calls to `port`. */
export function listenerFor(scope: Scope, port: number): EgressListener | undefined {
  return scope.listeners.find((listener) => listener.port === port) ?? scope.listeners.find((listener) => listener.port === undefined);
}

/** The services that one listener makes known: those it names, and on a listener with a port only with that port. */
export function servicesOf(listener: EgressListener, world: World): Service[] {
  const imported = visibleServices(world)
    .filter((service) => listener.imports.some(({ namespace, host }) => isNamed(service.namespace, namespace) && isWithin(service.host, host)))
    .map((service) => (listener.port === undefined ? service : { ...service, ports: service.ports.filter(({ number }) => number === listener.port) }))
    .filter((service) => listener.port === undefined || service.ports.length > 0);
  return onePerHost(imported, world.caller.namespace);
}

// The same host in several namespaces: the caller's own is preferred, then a Kubernetes one.
function onePerHost(services: readonly Service[], own: string): Service[] {
  return services.filter((service) => {
    const rivals = services.filter(({ host, namespace }) => host === service.host && namespace !== service.namespace);
    if (rivals.length === 0 || service.namespace === own) return true;
    if (rivals.some(({ namespace }) => namespace === own)) return false;
    if (rivals.some(({ fromKubernetes }) => fromKubernetes !== service.fromKubernetes)) return service.fromKubernetes;
    return services.find(({ host }) => host === service.host)?.namespace === service.namespace;
  });
}

/** Whether a listener imports a VirtualService of that namespace with these (full) hosts. */
export function importsRule(listener: EgressListener, ruleNamespace: string, hosts: readonly string[]): boolean {
  return listener.imports.some(({ namespace, host }) => isNamed(ruleNamespace, namespace) && hosts.some((own) => overlap(own, host)));
}

function isNamed(namespace: string, pattern: string): boolean {
  return pattern === '*' || pattern === namespace;
}
