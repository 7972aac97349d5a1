import { ListenerTable } from '../route/listener-table.ts';
import { RouteTable } from '../route/route-table.ts';
import { DestinationRules } from './clusters/destination-rules.ts';
import { serviceClusters, specialClusters } from './clusters/cluster-specs.ts';
import { destinationHashPolicy, serviceHashPolicy } from './clusters/hash-policy.ts';
import { danglingNames } from './compile-issues.ts';
import type { CompileOptions } from './compile-options.ts';
import type { ConfigIssue } from './issue.ts';
import { listeners } from './listeners/listeners.ts';
import { readMeshConfig } from './mesh-settings.ts';
import { buildRegistry } from './registry/registry.ts';
import type { Resource } from './resource.ts';
import { outboundCluster, routeConfigurations } from './routes/route-configurations.ts';
import { visibleVirtualServices } from './routes/virtual-services.ts';
import { sidecarScope } from './scope/sidecar-scope.ts';
import type { Snapshot } from './snapshot.ts';

export type { CallerOptions, CompileOptions, EndpointInput } from './compile-options.ts';

/** A snapshot, and what is doubtful about the resources it was made of. */
export interface CompileResult {
  readonly snapshot: Snapshot;
  readonly issues: readonly ConfigIssue[];
}

/**
 * Compiles checked resources to the snapshot of one caller: registry → what the caller sees of it → clusters → routes.
 * The same resources and options give the same snapshot. Never throws for resources that passed the checks.
 */
export function compileSnapshot(resources: readonly Resource[], options: CompileOptions): CompileResult {
  const { workload: caller, legacySemantics, domain = 'cluster.local' } = options;
  const mesh = readMeshConfig(resources);
  const { registry, issues } = buildRegistry(resources, options, mesh);
  const { applicable, rejected } = visibleVirtualServices(resources, caller.namespace, mesh, domain);
  const scope = sidecarScope(resources, registry, applicable, caller, mesh, domain);
  const rules = new DestinationRules(resources, caller, mesh, domain);

  const clusterContext = { caller, mesh, rules, legacySemantics };
  const clusters = [...scope.services.flatMap((service) => serviceClusters(service, clusterContext)), ...specialClusters(mesh)];

  const inScope = new Map(scope.services.map((service) => [service.host, service]));
  const configurations = routeConfigurations(scope, rejected, {
    caller,
    mesh,
    legacySemantics,
    domain,
    hashPolicy: (destination) => {
      const service = inScope.get(destination.host);
      return service === undefined ? undefined : destinationHashPolicy(rules.find(service), destination);
    },
    serviceHashPolicy: (service, port) => serviceHashPolicy(rules.find(service), port),
  });

  const inForce = new Set(scope.listeners.flatMap(({ virtualServices }) => virtualServices));
  const warnings = [...issues, ...danglingNames(resources, inForce, { registry, rules, services: inScope, domain })];
  const snapshot: Snapshot = Object.freeze({
    version: options.version,
    resources,
    routes: new RouteTable(configurations),
    listeners: new ListenerTable(listeners(scope, { caller, rules, domain }), outboundCluster(scope)),
    clusters: new Map(clusters.map((cluster) => [cluster.name, cluster])),
    settings: Object.freeze({ ...mesh.settings, outboundTrafficPolicy: scope.outboundTrafficPolicy }),
    warnings,
  });
  return { snapshot, issues: warnings };
}
