import type { SkippedRule } from '../../common/explanation.ts';
import type { CompileBudget } from '../compile-budget.ts';
import { ResourceMemo } from '../memo.ts';
import type { MeshConfig } from '../mesh-settings.ts';
import { byAge } from '../registry/endpoint-fields.ts';
import { HostMap } from '../registry/host-map.ts';
import { originOf, type Resource } from '../resource.ts';
import { exportRank, isExportedTo } from '../scope/export-to.ts';
import { resolveDelegates } from './delegates.ts';
import { gatewayName } from './gateway-name.ts';
import { expandVirtualService, type VirtualService } from './virtual-service.ts';

/** The gateway name that stands for all callers inside the mesh. */
export const MESH_GATEWAY = 'mesh';

/** The VirtualServices that callers of one namespace are subject to, and those that they are not, with the reason, by host. */
export interface VisibleVirtualServices {
  readonly applicable: readonly VirtualService[];
  readonly rejected: ReadonlyMap<string, readonly SkippedRule[]>;
}

/**
 * Sorts out the VirtualServices for callers of `namespace`. The applicable ones are in order of precedence: those private to
 * the namespace, those exported to it by name, the public ones; inside each list the oldest first.
 *
 * Source: istio `initVirtualServices`, `VirtualServicesForGateway`.
 *
 * @param memo - what was made of each resource before, of the same `domain`
 */
export function visibleVirtualServices(
  resources: readonly Resource[],
  namespace: string,
  mesh: MeshConfig,
  domain: string,
  budget: CompileBudget,
  memo = new ResourceMemo<VirtualService>(),
): VisibleVirtualServices {
  const applicable: VirtualService[] = [];
  const rejected = new Map<string, SkippedRule[]>();
  for (const virtualService of allVirtualServices(resources, mesh, domain, budget, memo)) {
    const reason = whyNotFor(virtualService, namespace);
    if (reason === undefined) {
      applicable.push(virtualService);
      continue;
    }
    for (const host of virtualService.hosts) {
      const list = rejected.get(host) ?? [];
      list.push({ origin: originOf(virtualService.resource), reason });
      rejected.set(host, list);
    }
  }
  return { applicable: byPrecedence(applicable, namespace), rejected };
}

/**
 * The VirtualServices that gateways of `namespace` may serve, by gateway (`namespace/name`), in order of precedence.
 *
 * Source: istio `VirtualServicesForGateway`.
 */
export function boundVirtualServices(
  resources: readonly Resource[],
  namespace: string,
  mesh: MeshConfig,
  domain: string,
  budget: CompileBudget,
  memo = new ResourceMemo<VirtualService>(),
): ReadonlyMap<string, readonly VirtualService[]> {
  const all = allVirtualServices(resources, mesh, domain, budget, memo);
  const exported = all.filter(({ exportTo, resource }) => isExportedTo(exportTo, resource.namespace, namespace));
  const bound = new Map<string, VirtualService[]>();
  for (const virtualService of byPrecedence(exported, namespace)) {
    for (const gateway of new Set(virtualService.gateways.map((name) => gatewayName(name, virtualService.resource.namespace)))) {
      const list = bound.get(gateway);
      if (list === undefined) bound.set(gateway, [virtualService]);
      else list.push(virtualService);
    }
  }
  return bound;
}

/** The oldest first, with what delegates bring. */
function allVirtualServices(
  resources: readonly Resource[],
  mesh: MeshConfig,
  domain: string,
  budget: CompileBudget,
  memo: ResourceMemo<VirtualService>,
): VirtualService[] {
  const expanded = resources
    .filter((resource) => resource.kind === 'VirtualService')
    .toSorted(byAge)
    .map((resource) => readVirtualService(resource, mesh, domain, memo));
  return resolveDelegates(expanded, budget);
}

/** What `resource` says, before delegates are taken in. */
export function readVirtualService(resource: Resource, mesh: MeshConfig, domain: string, memo: ResourceMemo<VirtualService>): VirtualService {
  return memo.of(resource, [mesh], () => expandVirtualService(resource, mesh.virtualServiceExportTo, domain));
}

function byPrecedence(virtualServices: readonly VirtualService[], namespace: string): VirtualService[] {
  const rank = ({ exportTo, resource }: VirtualService): number => exportRank(exportTo, resource.namespace, namespace);
  return virtualServices.toSorted((a, b) => rank(a) - rank(b));
}

/** Why callers of `namespace` are not subject to it; `undefined`: they are. */
export function whyNotFor({ gateways, exportTo, resource }: VirtualService, namespace: string): string | undefined {
  if (gateways.length > 0 && !gateways.includes(MESH_GATEWAY)) return `gateways [${gateways.join(', ')}] do not include ${MESH_GATEWAY}`;
  if (isExportedTo(exportTo, resource.namespace, namespace)) return undefined;
  return `exportTo [${exportTo.join(', ')}] does not reach the caller's namespace ${namespace}`;
}

/** Which VirtualService has the most specific host for a service host; of equal hosts the first in order counts. */
export function indexByHost(virtualServices: readonly VirtualService[]): HostMap<VirtualService> {
  const index = new HostMap<VirtualService>();
  for (const virtualService of virtualServices) {
    for (const host of virtualService.hosts) {
      if (index.get(host) === undefined) index.set(host, virtualService);
    }
  }
  return index;
}
