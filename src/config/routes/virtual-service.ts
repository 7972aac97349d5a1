import { expandHost } from '../../common/host-name.ts';
import type { DestinationSpec, HttpRouteSpec, L4MatchSpec, L4RouteDestinationSpec, VirtualServiceSpec } from '../istio-types.ts';
import { ruleExtensions, type RuleExtensions } from '../extensions/rule-extensions.ts';
import type { Resource } from '../resource.ts';

/** One entry of `http`, with its destinations' hosts in full, and the resource it is written in. */
export interface HttpRule {
  readonly spec: HttpRouteSpec;
  /** The delegate's, for a rule that came from one. */
  readonly resource: Resource;
  /** Such as `spec.http[1]`. */
  readonly path: string;
  /** The namespace by which its matches name gateways: for a rule that came from a delegate, the root's. */
  readonly boundIn: string;
  /** What annotations of {@link resource} ask for it. */
  readonly extensions?: RuleExtensions | undefined;
}

/** One entry of `tls` or `tcp`, with its destinations' hosts in full. */
export interface L4Rule {
  /** None: everything, for `tcp`. Only matches of `tls` have `sniHosts`. */
  readonly match: readonly (L4MatchSpec & { readonly sniHosts?: readonly string[] })[];
  readonly route: readonly L4RouteDestinationSpec[];
  /** Such as `spec.tcp[0]`. */
  readonly path: string;
}

/** A VirtualService after host names are expanded and delegates are taken in. */
export interface VirtualService {
  readonly resource: Resource;
  readonly hosts: readonly string[];
  /** Empty means `mesh`. */
  readonly gateways: readonly string[];
  readonly exportTo: readonly string[];
  readonly rules: readonly HttpRule[];
  readonly tls: readonly L4Rule[];
  readonly tcp: readonly L4Rule[];
}

/** Short names in a rule are services of the rule's own namespace. Source: istio `ResolveVirtualServiceShortnames`. */
export function expandVirtualService(resource: Resource, exportTo: readonly string[], domain: string): VirtualService {
  const spec = resource.spec as VirtualServiceSpec;
  const expand = (host: string): string => expandHost(host, resource.namespace, domain);
  return {
    resource,
    hosts: (spec.hosts ?? []).map(expand),
    gateways: spec.gateways ?? [],
    exportTo: spec.exportTo === undefined || spec.exportTo.length === 0 ? exportTo : spec.exportTo,
    rules: (spec.http ?? []).map((rule, index) => ({
      spec: expandRule(rule, expand),
      resource,
      path: `spec.http[${index}]`,
      boundIn: resource.namespace,
      extensions: ruleExtensions(resource, rule.name),
    })),
    tls: expandL4(spec.tls, 'spec.tls', expand),
    tcp: expandL4(spec.tcp, 'spec.tcp', expand),
  };
}

function expandL4(rules: VirtualServiceSpec['tls'] | VirtualServiceSpec['tcp'] = [], path: string, expand: (host: string) => string): L4Rule[] {
  return rules.map(({ match = [], route = [] }, index) => ({
    match,
    route: route.map(({ destination, ...share }) => ({ ...share, destination: { ...destination, host: expand(destination.host) } })),
    path: `${path}[${index}]`,
  }));
}

function expandRule(rule: HttpRouteSpec, expand: (host: string) => string): HttpRouteSpec {
  const destination = (spec: DestinationSpec): DestinationSpec => ({ ...spec, host: expand(spec.host) });
  const expanded: HttpRouteSpec = { ...rule };
  if (rule.route !== undefined) {
    expanded.route = rule.route.map((share) => ({ ...share, destination: destination(share.destination) }));
  }
  if (rule.mirror !== undefined) expanded.mirror = destination(rule.mirror);
  if (rule.mirrors !== undefined) {
    expanded.mirrors = rule.mirrors.map((mirror) => ({ ...mirror, destination: destination(mirror.destination) }));
  }
  return expanded;
}

/**
 * Every host that the rules of `virtualService` send callers of `namespace` to, with the ports that are named; `undefined`: the
 * port that was called.
 *
 * Source: istio `virtualServiceDestinationsFilteredBySourceNamespace`.
 */
export function* destinationsOf(
  virtualService: VirtualService,
  namespace: string,
): Generator<{ readonly host: string; readonly port: number | undefined }> {
  const isTaken = ({ spec }: HttpRule): boolean => !isForOthers(spec, namespace);
  for (const { host, port } of destinationSpecs(virtualService, isTaken)) yield { host, port: port?.number };
}

/** Every destination in the rules of `virtualService`, of those of HTTP that `isTaken` says. */
export function* destinationSpecs({ rules, tls, tcp }: VirtualService, isTaken: (rule: HttpRule) => boolean = () => true): Generator<DestinationSpec> {
  for (const rule of rules) {
    if (!isTaken(rule)) continue;
    const { route = [], mirrors = [], mirror } = rule.spec;
    for (const { destination } of route) yield destination;
    for (const { destination } of mirrors) yield destination;
    if (mirror !== undefined) yield mirror;
  }
  for (const { route } of [...tls, ...tcp]) for (const { destination } of route) yield destination;
}

function isForOthers({ match = [] }: HttpRouteSpec, namespace: string): boolean {
  const wanted = match.map(({ sourceNamespace }) => sourceNamespace).filter(Boolean);
  return wanted.length > 0 && !wanted.includes(namespace);
}
