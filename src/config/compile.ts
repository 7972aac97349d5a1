import { ListenerTable } from '../route/listener-table.ts';
import { NO_ROUTES, RouteTable } from '../route/route-table.ts';
import { DestinationRules } from './clusters/destination-rules.ts';
import { serviceClusters, specialClusters } from './clusters/cluster-specs.ts';
import { destinationHashPolicy, serviceHashPolicy } from './clusters/hash-policy.ts';
import { CompileBudget } from './compile-budget.ts';
import { danglingNames } from './compile-issues.ts';
import { CompileMemo, registryParts } from './compile-memo.ts';
import type { CompileOptions } from './compile-options.ts';
import type { ConfigIssue } from './issue.ts';
import type { DestinationSpec } from './istio-types.ts';
import { listeners } from './listeners/listeners.ts';
import { readMeshConfig, type MeshConfig } from './mesh-settings.ts';
import { buildRegistry, type Registry } from './registry/registry.ts';
import type { Service } from './registry/service.ts';
import type { Resource } from './resource.ts';
import { httpsScope } from './routes/https-scope.ts';
import { outboundCluster, routeConfigurations } from './routes/route-configurations.ts';
import { MESH_GATEWAY, visibleVirtualServices } from './routes/virtual-services.ts';
import { sidecarScope, type SidecarScope } from './scope/sidecar-scope.ts';
import type { Snapshot } from './snapshot.ts';

export type { CallerOptions, CompileOptions, EndpointInput } from './compile-options.ts';

/** A snapshot, and what is doubtful about the resources it was made of. */
export interface CompileResult {
  readonly snapshot: Snapshot;
  readonly issues: readonly ConfigIssue[];
}

/**
 * Compiles checked resources to the snapshot of one caller: registry → what the caller sees of it → clusters → routes.
 * The same resources and options give the same snapshot. For resources that passed the checks it throws one thing only.
 *
 * @throws {MeshError} `ERR_INVALID_CONFIG` when they multiply to more than a process could hold
 */
export function compileSnapshot(resources: readonly Resource[], options: CompileOptions): CompileResult {
  return compileChange(resources, options, new CompileMemo());
}

/**
 * As {@link compileSnapshot}, but parts that have not changed since the compile before are not made anew: they are the same objects.
 *
 * @param memo - of the compiles before, with the same options but for `version`
 */
export function compileChange(resources: readonly Resource[], options: CompileOptions, memo: CompileMemo): CompileResult {
  const { workload: caller, legacySemantics, domain = 'cluster.local' } = options;
  const budget = new CompileBudget();
  const configMaps = resources.filter(({ kind }) => kind === 'ConfigMap');
  const mesh = memo.mesh.of(configMaps, () => readMeshConfig(configMaps));
  const { registry, issues } = memo.registry.of([mesh, ...registryParts(resources, options)], () => buildRegistry(resources, options, mesh, memo.registryParts));
  const { applicable, rejected } = visibleVirtualServices(resources, caller.namespace, mesh, domain, budget, memo.virtualServices);
  const scope = sidecarScope(resources, registry, applicable, caller, mesh, domain);
  const rules = new DestinationRules(resources, caller, mesh, domain, memo.destinationRules);

  const clusterContext = { caller, mesh, rules, legacySemantics, memo: memo.clusters, budget };
  const clusters = [...scope.services.flatMap((service) => serviceClusters(service, clusterContext)), ...specialClusters(mesh)];

  const inScope = new Map(scope.services.map((service) => [service.host, service]));
  const surroundings = memo.surroundings.of(surroundingsOf(resources, registry, scope, mesh), () => ({}));
  const routeContext = {
    caller,
    gateway: MESH_GATEWAY,
    mesh,
    legacySemantics,
    domain,
    hashPolicy: (destination: DestinationSpec) => {
      const service = inScope.get(destination.host);
      return service === undefined ? undefined : destinationHashPolicy(rules.find(service), destination);
    },
    serviceHashPolicy: (service: Service, port: number) => serviceHashPolicy(rules.find(service), port),
    serviceOf: (host: string) => inScope.get(host),
    ruleOf: (service: Service) => rules.find(service),
    budget,
  };
  const configurations = routeConfigurations(scope, rejected, routeContext, memo.routes, surroundings);
  memo.routeTable = new RouteTable(configurations, memo.routeTable);
  const secure = httpsScope(scope, memo.httpsServices);
  memo.httpsTable = secure === undefined ? NO_ROUTES : new RouteTable(routeConfigurations(secure, rejected, routeContext, memo.httpsRoutes, surroundings), memo.httpsTable);

  const inForce = new Set(scope.listeners.flatMap(({ virtualServices }) => virtualServices));
  const warnings = [...issues, ...danglingNames(resources, inForce, { registry, rules, services: inScope, domain, surroundings, memo })];
  const snapshot: Snapshot = Object.freeze({
    version: options.version,
    resources,
    routes: memo.routeTable,
    httpsRoutes: memo.httpsTable,
    listeners: new ListenerTable(listeners(scope, { caller, rules, domain }), outboundCluster(scope)),
    clusters: new Map(clusters.map((cluster) => [cluster.name, cluster])),
    settings: Object.freeze({ ...mesh.settings, outboundTrafficPolicy: scope.outboundTrafficPolicy }),
    warnings,
  });
  return { snapshot, issues: warnings };
}

/** Everything beside themselves that VirtualServices are compiled with. */
function surroundingsOf(resources: readonly Resource[], registry: Registry, { services, listeners }: SidecarScope, mesh: MeshConfig): unknown[] {
  const policies = resources.filter(({ kind }) => kind === 'DestinationRule');
  return [mesh, registry, ...services, ...listeners.flatMap(({ port, protocol, services: own }) => [port, protocol, ...own]), ...policies];
}
