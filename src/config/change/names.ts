import { expandHost, isWildcardHost } from '../../common/host-name.ts';
import type { KubernetesServiceSpec, ServiceEntrySpec } from '../istio-types.ts';
import { hostCandidates } from '../registry/code-endpoints.ts';
import type { Resource } from '../resource.ts';
import { destinationSpecs, type VirtualService } from '../routes/virtual-service.ts';

/** The names by which one resource has to do with others, each in the form that {@link nameKey} gives. */
export interface Names {
  /** Hosts, addresses and documents: whoever has one of them too may change what this one comes to. */
  readonly own: readonly string[];
  /** Hosts that its rules send to: what is there changes what this one comes to, not the other way round. */
  readonly asked: readonly string[];
  /** Hosts as they are written, for wildcards of others. */
  readonly hosts: readonly string[];
  /** It may have to do with anything. */
  readonly isWide: boolean;
  /** Whether it is a rule for whichever service has no rule of its own. */
  readonly isDefault?: boolean;
}

/** How names are read. */
export interface NameContext {
  /** Namespace of the caller: services of it have short names. */
  readonly namespace: string;
  readonly domain: string;
  readonly virtualService: (resource: Resource) => VirtualService;
  /** Whether callers are subject to it. */
  readonly isApplicable: (virtualService: VirtualService) => boolean;
}

const NONE: Names = { own: [], asked: [], hosts: [], isWide: false };
const WIDE: Names = { ...NONE, isWide: true };

/** The names of `resource`. Kinds that no mesh is compiled of have none. */
export function namesOf(resource: Resource, context: NameContext): Names {
  switch (resource.kind) {
    case 'VirtualService':
      return virtualServiceNames(context.virtualService(resource), context);
    case 'DestinationRule':
      return destinationRuleNames(resource, context);
    case 'ServiceEntry':
      return serviceEntryNames(resource.spec as ServiceEntrySpec, context);
    case 'Service':
      return serviceNames(resource, context);
    case 'EndpointSlice':
      return { ...NONE, own: [documentKey(resource.namespace, resource.labels['kubernetes.io/service-name'] ?? '')] };
    case 'Endpoints':
      return { ...NONE, own: [documentKey(resource.namespace, resource.name)] };
    case 'Gateway':
    case 'Deployment':
      return NONE;
    default:
      // Pods and WorkloadEntries are selected by labels; Sidecars and mesh settings are for all.
      return WIDE;
  }
}

/** The names of what a key of `options.endpoints` may mean. */
export function endpointNames(key: string, { namespace, domain }: NameContext, namespaces: ReadonlySet<string>): Names {
  const hosts = hostCandidates(key, namespace, domain, namespaces);
  return { ...NONE, own: hosts.map((host) => nameKey(host, namespace, domain)), hosts, isWide: hosts.some(isWildcardHost) };
}

/**
 * One key for all the forms under which callers of `namespace` know a host: `reviews`, `reviews.default`, `reviews.default.svc`, with the cluster's
 * domain, with a dot at the end. Different hosts may have one key, one host never has two. See `serviceDomains`.
 */
export function nameKey(host: string, namespace: string, domain: string): string {
  let name = host.toLowerCase();
  if (name.endsWith('.')) name = name.slice(0, -1);
  const service = name.indexOf('.svc.');
  if (service > 0 && name.endsWith(`svc.${domain.toLowerCase()}`)) return name.slice(0, service);
  if (name.endsWith('.svc')) return name.slice(0, -'.svc'.length);
  return name.includes('.') || name.includes(':') || name === '*' ? name.replace(/^\[(.*)\]$/, '$1') : `${name}.${namespace}`;
}

function virtualServiceNames(virtualService: VirtualService, context: NameContext): Names {
  const { resource, hosts, rules } = virtualService;
  const delegates = rules.flatMap(({ spec: { delegate } }) => (delegate === undefined ? [] : [delegateKey(delegate.namespace || resource.namespace, delegate.name)]));
  const own = hosts.length === 0 ? [delegateKey(resource.namespace, resource.name)] : keysOf(hosts, context);
  return {
    own: [...own, ...delegates],
    asked: [...new Set(keysOf([...destinationSpecs(virtualService)].map(({ host }) => host), context))],
    hosts,
    isWide: hosts.some(isWildcardHost) && context.isApplicable(virtualService),
  };
}

function destinationRuleNames({ spec, namespace }: Resource, context: NameContext): Names {
  const host = expandHost((spec as { readonly host: string }).host, namespace, context.domain);
  if (isWildcardHost(host)) return { ...WIDE, isDefault: true };
  return { ...NONE, own: keysOf([host], context) };
}

function serviceEntryNames({ hosts, addresses = [] }: ServiceEntrySpec, context: NameContext): Names {
  return { ...NONE, own: keysOf([...hosts, ...addresses.map((address) => address.replace(/\/(?:32|128)$/, ''))], context), hosts, isWide: hosts.some(isWildcardHost) };
}

function serviceNames({ name, namespace, spec }: Resource, context: NameContext): Names {
  const { clusterIP = '', clusterIPs = [], externalName = '' } = spec as KubernetesServiceSpec;
  const host = `${name}.${namespace}.svc.${context.domain}`;
  const others = [clusterIP, ...clusterIPs, externalName].filter((other) => other !== '' && other !== 'None');
  return { ...NONE, own: [...keysOf([host, ...others], context), documentKey(namespace, name)], hosts: [host] };
}

function keysOf(hosts: readonly string[], { namespace, domain }: NameContext): string[] {
  return hosts.map((host) => nameKey(host, namespace, domain));
}

/** What tells of the endpoints of a Kubernetes Service. */
function documentKey(namespace: string, service: string): string {
  return `endpoints ${namespace}/${service}`;
}

function delegateKey(namespace: string, name: string): string {
  return `delegate ${namespace}/${name}`;
}
