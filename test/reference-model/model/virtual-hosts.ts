import { rulesOf } from './delegates.ts';
import type { PlacedRule } from './delegates.ts';
import { fullName, hasLabels, inOrderOfCreation, isExportedTo, isMoreSpecific, isWildcard, isWithin, namespaceOf, overlap } from './names.ts';
import { once } from './once.ts';
import type { CallerRequest } from './requests.ts';
import type { HttpMatch, VirtualService, World } from './resources.ts';
import type { Service } from './services.ts';
import { importsRule, listenerFor, scopeOf, servicesOf } from './sidecar.ts';
import type { EgressListener } from './sidecar.ts';

// §2 Which VirtualService governs a host, and by which names a host may be called.

export interface VirtualHost {
  readonly name: string;
  /** Lower case. */
  readonly domains: readonly string[];
  /** Absent: the service's default route. */
  readonly routes?: readonly GuardedRule[];
  readonly service?: Service;
}

/** One match entry of a rule; without `match` it fits every request. */
export interface GuardedRule extends PlacedRule {
  readonly match?: HttpMatch;
}

/** A VirtualService in force for the caller, its hosts written out in full. */
interface Candidate {
  readonly virtualService: VirtualService;
  readonly hosts: readonly string[];
}

/** Every virtual host on this port, or `undefined` when nothing listens there for HTTP. */
export function virtualHosts(world: World, port: number): VirtualHost[] | undefined {
  return once(world, `virtual hosts on ${String(port)}`, () => findVirtualHosts(world, port));
}

function findVirtualHosts(world: World, port: number): VirtualHost[] | undefined {
  const scope = scopeOf(world);
  const listens = scope.listeners.some(
    (listener) =>
      (listener.port === undefined || listener.port === port) &&
      servicesOf(listener, world).some(({ ports, addresses }) =>
        // A port without protocol is everybody's only where the service has no address to tell it by.
        ports.some(({ number, protocol }) => number === port && (protocol === 'http' || (protocol === 'sniffed' && addresses.length === 0))),
      ),
  );
  const listener = listenerFor(scope, port);
  return listens && listener !== undefined ? virtualHostsOf(listener, world, port) : undefined;
}

/** §13: a port without protocol of a service with an address has a table of its own, whose only virtual host takes every Host. */
export function sniffedVirtualHost(world: World, { port, dialled }: CallerRequest): [VirtualHost] | undefined {
  const listener = listenerFor(scopeOf(world), port);
  if (dialled === undefined || listener === undefined) return undefined;
  const isDialled = ({ service }: VirtualHost): boolean =>
    service?.addresses.includes(dialled) === true && service.ports.some(({ number, protocol }) => number === port && protocol === 'sniffed');
  const own = virtualHostsOf(listener, world, port).find(isDialled);
  return own === undefined ? undefined : [own];
}

function virtualHostsOf(listener: EgressListener, world: World, port: number): VirtualHost[] {
  const onPort = servicesOf(listener, world).filter(({ ports }) => ports.some(({ number }) => number === port));
  const found: VirtualHost[] = [];
  const governed = new Set<string>();
  for (const candidate of candidates(world, listener)) {
    const routes = guardedRules(candidate.virtualService, world, port);
    // §2.6: nothing of it is for this caller and port, so it is as if it weren't there.
    if (routes.length === 0) continue;
    const services = onPort.filter(({ host }) => governs(candidate, host, world, listener));
    const httpServices = services.filter((service) => speaksHttp(service, port));
    // §2.5: hosts that are no service on this port exist on port 80, and beside a service of the same VirtualService.
    if (port === 80 || httpServices.length > 0) {
      for (const host of candidate.hosts) {
        const registered = isWildcard(host) ? onPort.some((service) => overlap(service.host, host)) : onPort.some((service) => service.host === host);
        if (!registered && !governed.has(host)) {
          governed.add(host);
          found.push({ name: `${host}:${String(port)}`, domains: [host.toLowerCase()], routes });
        }
      }
    }
    for (const service of httpServices) {
      if (governed.has(service.host)) continue;
      governed.add(service.host);
      found.push({ name: `${service.host}:${String(port)}`, domains: namesOf(service, world), routes, service });
    }
  }
  for (const service of onPort) {
    if (governed.has(service.host) || !speaksHttp(service, port)) continue;
    found.push({ name: `${service.host}:${String(port)}`, domains: namesOf(service, world), service });
  }
  return withoutRepeatedDomains(found);
}

function speaksHttp({ ports }: Service, port: number): boolean {
  return ports.some(({ number, protocol }) => number === port && protocol !== 'other');
}

/** VirtualServices for the mesh that the caller may see and its Sidecar imports: private ones first, then those exported to its namespace by name, then public ones. */
function candidates(world: World, listener: EgressListener): Candidate[] {
  const { caller, mesh } = world;
  const all = inOrderOfCreation(world.resources.filter((resource): resource is VirtualService => resource.kind === 'VirtualService'))
    .filter(({ spec }) => (spec.hosts ?? []).length > 0)
    .filter(({ spec }) => spec.gateways === undefined || spec.gateways.length === 0 || spec.gateways.includes('mesh'))
    .filter(({ metadata, spec }) => isExportedTo(spec.exportTo, mesh.defaultVirtualServiceExportTo, namespaceOf(metadata), caller.namespace));
  const rank = ({ metadata, spec }: VirtualService): number => {
    const exportTo = spec.exportTo !== undefined && spec.exportTo.length > 0 ? spec.exportTo : (mesh.defaultVirtualServiceExportTo ?? ['*']);
    if (exportTo.includes('*')) return 2;
    return namespaceOf(metadata) === caller.namespace ? 0 : 1;
  };
  return [0, 1, 2]
    .flatMap((wanted) => all.filter((virtualService) => rank(virtualService) === wanted))
    .map((virtualService) => ({ virtualService, hosts: (virtualService.spec.hosts ?? []).map((host) => fullName(host, namespaceOf(virtualService.metadata))) }))
    .filter(({ virtualService, hosts }) => importsRule(listener, namespaceOf(virtualService.metadata), hosts));
}

/** §2.4: by its exact name; by a wildcard only if no other VirtualService has a more specific name for the service. */
function governs(candidate: Candidate, service: string, world: World, listener: EgressListener): boolean {
  if (!isWildcard(service) && candidate.hosts.includes(service)) return true;
  const covering = (hosts: readonly string[]): string[] => hosts.filter((host) => isWithin(service, host));
  const mine = mostSpecific(covering(candidate.hosts));
  if (mine === undefined) return false;
  const best = mostSpecific(candidates(world, listener).flatMap(({ hosts }) => covering(hosts)));
  if (best !== mine) return false;
  // Two with the same wildcard: the first in order is the service's, even if it has no rule left.
  return candidates(world, listener).find(({ hosts }) => hosts.includes(mine))?.virtualService === candidate.virtualService;
}

function mostSpecific(hosts: readonly string[]): string | undefined {
  return hosts.reduce<string | undefined>((best, host) => (best === undefined || isMoreSpecific(host, best) ? host : best), undefined);
}

/** §2: how a caller may call a service; an alias's names are the service's. */
function namesOf(service: Service, { caller }: World): string[] {
  const names = [service.host, ...service.aliases].flatMap((host) => {
    const [, name = '', namespace = ''] = /^([^.]+)\.([^.]+)\.svc\.cluster\.local$/.exec(host) ?? [];
    const short = name === '' ? [] : [`${name}.${namespace}`, `${name}.${namespace}.svc`];
    return [host, `${host}.`, ...short, ...(name !== '' && namespace === caller.namespace ? [name] : [])];
  });
  if (service.headless) names.push(...names.map((own) => `*.${own}`));
  names.push(...service.addresses.map((address) => (address.includes(':') ? `[${address}]` : address)));
  return names.map((own) => own.toLowerCase());
}

/** A name belongs to one virtual host: to the service whose full name it is, else to the first that claims it. */
function withoutRepeatedDomains(found: readonly VirtualHost[]): VirtualHost[] {
  const fullNames = new Set(found.flatMap(({ service }) => (service === undefined ? [] : [service.host.toLowerCase()])));
  const taken = new Set<string>();
  return found.map((virtualHost) => {
    const own = virtualHost.service?.host.toLowerCase();
    const domains = virtualHost.domains.filter((domain) => !taken.has(domain) && (own === undefined || own === domain || !fullNames.has(domain)));
    for (const domain of domains) taken.add(domain);
    return { ...virtualHost, domains };
  });
}

/** §2 and §3: the match entries that hold for this caller on this port; after one that fits everything the rest is unreachable, which changes nothing. */
function guardedRules(virtualService: VirtualService, world: World, port: number): GuardedRule[] {
  return rulesOf(virtualService, world).flatMap((placed): GuardedRule[] => {
    const entries = placed.rule.match ?? [];
    if (entries.length === 0) return [placed];
    return entries.filter((match) => isForCaller(match, world, port)).map((match) => ({ ...placed, match }));
  });
}

function isForCaller(match: HttpMatch, { caller }: World, port: number): boolean {
  if (match.port !== undefined && match.port !== port) return false;
  // With gateways, only they are looked at.
  if (match.gateways !== undefined && match.gateways.length > 0) return match.gateways.includes('mesh');
  return hasLabels(match.sourceLabels, caller.labels) && (match.sourceNamespace === undefined || match.sourceNamespace === caller.namespace);
}

/** §2 Vhost lookup: the port of the Host counts for nothing; exact, then the longest `*suffix`, then `*`. */
export function lookUp(found: readonly VirtualHost[], authority: string): VirtualHost | undefined {
  const host = withoutPort(authority).toLowerCase();
  const exact = found.find(({ domains }) => domains.includes(host));
  if (exact !== undefined) return exact;
  const fitting = found.flatMap((virtualHost) =>
    virtualHost.domains.filter((domain) => isWildcard(domain) && domain.length > 1 && host.endsWith(domain.slice(1)) && host.length > domain.length - 1).map((domain) => ({ domain, virtualHost })),
  );
  return fitting.sort((a, b) => b.domain.length - a.domain.length)[0]?.virtualHost;
}

export function withoutPort(authority: string): string {
  return authority.replace(/:[0-9]+$/, '');
}
