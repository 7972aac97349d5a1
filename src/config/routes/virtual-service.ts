import { expandHost } from '../../common/host-name.ts';
import type { DestinationSpec, HttpRouteSpec, VirtualServiceSpec } from '../istio-types.ts';
import type { Resource } from '../resource.ts';

/** One entry of `http`, with its destinations' hosts in full, and the resource it is written in. */
export interface HttpRule {
  readonly spec: HttpRouteSpec;
  /** The delegate's, for a rule that came from one. */
  readonly resource: Resource;
  /** Such as `spec.http[1]`. */
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
    })),
  };
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

/** Every host that the rules of `virtualService` send to, with the ports that are named; `undefined`: the caller's own. */
export function* destinationsOf(virtualService: VirtualService): Generator<{ host: string; port: number | undefined }> {
  for (const { spec } of virtualService.rules) {
    const mirrors = (spec.mirrors ?? []).map((mirror) => mirror.destination);
    const all = [...(spec.route ?? []).map((share) => share.destination), ...(spec.mirror === undefined ? [] : [spec.mirror]), ...mirrors];
    for (const { host, port } of all) yield { host, port: port?.number };
  }
  const { tls = [], tcp = [] } = virtualService.resource.spec as VirtualServiceSpec;
  for (const { route = [] } of [...tls, ...tcp]) {
    for (const { destination } of route) {
      yield { host: expandHost(destination.host, virtualService.resource.namespace), port: destination.port?.number };
    }
  }
}
