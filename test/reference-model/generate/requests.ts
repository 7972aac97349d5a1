import * as fc from 'fast-check';
import type { CallerRequest, HeaderLine } from '../model/requests.ts';
import { fullName, namespaceOf, overlap } from '../model/names.ts';
import type { HttpMatch, Resource, StringMatch, World } from '../model/resources.ts';
import { aimed, aimsIn } from './aim.ts';
import { ADDRESSES, ADDRESS_HOSTS } from './services.ts';
import { HEADER_NAMES, HEADER_VALUES, maybe, oneOf, PATHS } from './vocabulary.ts';

// Calls that fit the configuration: its own hosts, paths and values, a little changed.

/** Numbers that choose; what they choose from depends on the configuration. */
export interface RequestSeed {
  readonly host: number;
  /** Whether, and which, entry of a match is to be met. */
  readonly aim: number | undefined;
  readonly form: number;
  readonly suffix: string;
  /** Absent: one where the host is known. */
  readonly port: number | undefined;
  readonly dialled: number;
  readonly path: number;
  readonly twist: number;
  readonly query: string;
  readonly method: string;
  readonly lines: readonly { readonly name: string; readonly value: number }[];
  readonly proto: string | undefined;
  readonly origin: string | undefined;
  readonly preflight: boolean;
}

/** Unbiased: small numbers are no more interesting than others. */
export const requestSeeds: fc.Arbitrary<RequestSeed> = fc.noBias(fc.record({
  host: fc.nat(1000),
  aim: maybe(fc.nat(1000), 4),
  form: fc.nat(19),
  suffix: fc.oneof({ weight: 5, arbitrary: fc.constant('') }, { weight: 3, arbitrary: oneOf([':80', ':8080', ':1234', ':443']) }),
  port: fc.oneof({ weight: 30, arbitrary: fc.constant(undefined) }, { weight: 2, arbitrary: oneOf([80, 8080, 80, 8080, 7070, 9000, 7777]) }),
  dialled: fc.nat(1000),
  path: fc.nat(1000),
  twist: fc.nat(19),
  query: fc.oneof({ weight: 3, arbitrary: fc.constant('') }, { weight: 2, arbitrary: oneOf(['?q=v1', '?q=v2&q=v1', '?q=v1&q=x', '?q', '?q=&p=v', '?Q=v1', '?p=v1&q=v2', '?', '?x=/a', '?q=v%31', '?&q=v'] ) }),
  method: fc.oneof({ weight: 4, arbitrary: fc.constant('GET') }, { weight: 1, arbitrary: oneOf(['POST', 'OPTIONS', 'HEAD', 'PUT']) }),
  lines: fc.array(fc.record({ name: oneOf(HEADER_NAMES), value: fc.nat(1000) }), { maxLength: 3 }),
  proto: maybe(oneOf(['http', 'https']), 0.5),
  origin: maybe(oneOf(['http://o.example', 'http://o.example', 'https://o.example', 'http://evil', 'http://evil', '']), 1),
  preflight: fc.boolean(),
}));

export function requestFrom(seed: RequestSeed, world: World): CallerRequest {
  const choose = <T>(from: readonly T[], at: number): T => from[at % from.length] as T;
  const headers: HeaderLine[] = seed.lines.map(({ name, value }) => [name.toLowerCase(), choose([...valuesIn(world), ...HEADER_VALUES], value)]);
  if (seed.proto !== undefined) headers.push(['x-forwarded-proto', seed.proto]);
  if (seed.origin !== undefined) {
    headers.push(['origin', seed.origin]);
    if (seed.preflight) headers.push(['access-control-request-method', 'PUT'], ['access-control-request-headers', 'x-a, x-z']);
  }
  const aim = seed.aim === undefined ? undefined : choose([undefined, ...aimsIn(world)], seed.aim);
  const wanted = aim && aimed(aim.match);
  const { host, ports } = aim === undefined ? choose(placesIn(world), seed.host) : { host: aim.host, ports: portsOf(aim.host, world) };
  const port = seed.port ?? choose(ports, seed.form);
  return {
    method: seed.origin !== undefined && seed.preflight && seed.form % 3 !== 0 ? 'OPTIONS' : (wanted?.method ?? seed.method),
    authority: wanted?.authority ?? spelled(host, seed.form) + seed.suffix,
    port,
    // Only where an address can tell something: on a port of unknown protocol.
    ...(port === 7070 ? { dialled: choose([...ADDRESSES, '10.99.0.2'], seed.dialled) } : {}),
    path: twisted(wanted?.path ?? choose([...PATHS, ...pathsIn(world)], seed.path), seed.twist) + withQuery(seed.query, wanted?.query ?? ''),
    headers: [...headers, ...(wanted?.lines ?? [])],
  };
}

function withQuery(query: string, wanted: string): string {
  if (wanted === '') return query;
  return query === '' ? `?${wanted}` : `${query}&${wanted}`;
}

/** Where services are that `host` may be about. */
function portsOf(host: string, world: World): readonly number[] {
  const ports = registeredIn(world).flatMap((place) => (overlap(place.host, host) ? place.ports : []));
  return ports.length === 0 ? [80] : ports;
}

interface Place {
  readonly host: string;
  readonly ports: readonly number[];
}

function registeredIn({ resources }: World): Place[] {
  return resources.flatMap((resource): Place[] => {
    if (resource.kind === 'ServiceEntry') return resource.spec.hosts.map((host) => ({ host, ports: (resource.spec.ports ?? []).flatMap(({ number }) => (number === 9000 ? [] : [number])) }));
    return resource.kind === 'Service' ? [{ host: `${resource.metadata.name}.${namespaceOf(resource.metadata)}.svc.cluster.local`, ports: [80] }] : [];
  });
}

/** Names that are in the configuration, in all their forms, with the ports where they are known; and some that are not. */
function placesIn(world: World): Place[] {
  const { resources, caller } = world;
  const registered = registeredIn(world);
  const ruled = resources.flatMap((resource): Place[] =>
    resource.kind === 'VirtualService' ? (resource.spec.hosts ?? []).map((host) => ({ host: fullName(host, namespaceOf(resource.metadata)), ports: [80] })) : [],
  );
  const governed = registered.filter(({ host }) => ruled.some((rule) => overlap(rule.host, host)));
  const short = [...registered, ...governed, ...governed].flatMap(({ host, ports }): Place[] => {
    const [name = '', namespace = '', suffix] = host.split('.');
    if (suffix !== 'svc') return [];
    return [`${name}.${namespace}`, `${name}.${namespace}.svc`, ...(namespace === caller.namespace ? [name, name, name] : [])].map((own) => ({ host: own, ports }));
  });
  const others = ['nobody.example.org', 'a', ...ADDRESS_HOSTS].map((host) => ({ host, ports: [80, 8080] }));
  const often = (places: readonly Place[], share: number): Place[] => (places.length === 0 ? [] : Array.from({ length: share }, (_, at) => places[at % places.length] as Place));
  return [...often(registered, 20), ...often(governed, 70), ...often(ruled, 15), ...often(short, 30), ...others];
}

/** A wildcard becomes a name below it; case and a trailing dot now and then. */
function spelled(host: string, form: number): string {
  const name = host.replace(/^\*/, ['x', 'y.z', 'api', 'www'][form % 4] ?? 'x');
  if (form === 17) return name.toUpperCase();
  if (form === 18) return `${name}.`;
  if (form === 19) return `pod-0.${name}`;
  return name;
}

function matchesIn({ resources }: World): HttpMatch[] {
  return resources.flatMap((resource: Resource) => (resource.kind === 'VirtualService' ? (resource.spec.http ?? []).flatMap(({ match }) => match ?? []) : []));
}

function pathsIn(world: World): string[] {
  return matchesIn(world).flatMap(({ uri }) => [uri?.exact, uri?.prefix].flatMap((path) => (path === undefined || path === '' ? [] : [path])));
}

function valuesIn(world: World): string[] {
  const matchers = matchesIn(world).flatMap(({ headers, withoutHeaders }): StringMatch[] => [...Object.values(headers ?? {}), ...Object.values(withoutHeaders ?? {})]);
  return matchers.flatMap(({ exact, prefix }) => [exact, prefix].flatMap((value) => value ?? []));
}

function twisted(path: string, twist: number): string {
  switch (twist) {
    case 1:
      return `${path}/x`;
    case 2:
      return `${path}b`;
    case 3:
      return path.toUpperCase();
    case 4:
      return path.toLowerCase();
    case 5:
      return path.replace('a', '%61');
    case 6:
      return `/z/..${path}`;
    case 7:
      return `/${path}`;
    case 8:
      return path.replace('/', '/./');
    case 9:
      return `${path}%2Fb`;
    case 10:
      return path.length > 1 ? path.slice(0, -1) : path;
    case 11:
      return `${path}/../b`;
    case 12:
      return path.length % 3 === 0 ? `${path}#f` : path;
    default:
      return path;
  }
}
