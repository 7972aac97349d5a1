import type { ClusterSpec } from '../cluster/model.ts';
import type { Steps } from '../common/steps.ts';
import type { ListenerSpec } from '../route/listener-model.ts';
import type { RouteConfigurationSpec } from '../route/model.ts';
import { DestinationRules } from './clusters/destination-rules.ts';
import { serviceClusters } from './clusters/cluster-specs.ts';
import { destinationHashPolicy, serviceHashPolicy } from './clusters/hash-policy.ts';
import { CompileBudget } from './compile-budget.ts';
import { danglingNames } from './compile-issues.ts';
import { registryParts, type CompileMemo } from './compile-memo.ts';
import type { CompileOptions } from './compile-options.ts';
import type { ConfigIssue } from './issue.ts';
import type { DestinationSpec } from './istio-types.ts';
import { listeners } from './listeners/listeners.ts';
import type { MeshConfig } from './mesh-settings.ts';
import { buildRegistry, type Registry } from './registry/registry.ts';
import type { Service } from './registry/service.ts';
import type { WorkloadIndex } from './registry/workloads.ts';
import type { Resource } from './resource.ts';
import { askingForHttps, httpsScope } from './routes/https-scope.ts';
import { NO_PORTS, portUse, type PortUse } from './routes/port-use.ts';
import { routeConfigurations } from './routes/route-configurations.ts';
import { MESH_GATEWAY, visibleVirtualServices } from './routes/virtual-services.ts';
import { sidecarScope, type SidecarScope } from './scope/sidecar-scope.ts';

/** What resources come to, before it is put together as a snapshot. */
export interface Parts {
  readonly scope: SidecarScope;
  readonly workloads: WorkloadIndex;
  readonly clusters: readonly ClusterSpec[];
  readonly routes: RoutingParts;
  /** For calls to `https://` URLs; `undefined`: nobody asks for any. */
  readonly https: RoutingParts | undefined;
  /** How many services ask for that. */
  readonly askingForHttps: number;
  readonly listeners: readonly ListenerSpec[];
  /** About services and the endpoints that code gives. */
  readonly registryIssues: readonly ConfigIssue[];
  /** About names in rules that lead nowhere, by place. */
  readonly ruleIssues: readonly ConfigIssue[];
  /** What of the budget is spent. */
  readonly cost: number;
}

/** Route configurations, and what services do with their ports. */
export interface RoutingParts {
  readonly configurations: readonly RouteConfigurationSpec[];
  readonly ports: PortUse;
}

/** What a part of the resources is compiled with that all of them say together. */
export interface Whole {
  readonly workloads: WorkloadIndex;
  readonly namespaces: ReadonlySet<string>;
  /** The ports on which there are listeners for whatever Host, whether or not this part opens them. */
  readonly open: ReadonlySet<number>;
  readonly httpsOpen: ReadonlySet<number>;
  /** Whether any service asks for calls to `https://` URLs to be routed. */
  readonly asksForHttps: boolean;
}

/**
 * Compiles resources: registry → what the caller sees of it → clusters → routes. Each is a step.
 *
 * @param whole - when they are a part: see there
 * @throws {MeshError} `ERR_INVALID_CONFIG` when they multiply to more than a process could hold
 */
export function* compileParts(resources: readonly Resource[], options: CompileOptions, mesh: MeshConfig, memo: CompileMemo, whole?: Whole): Steps<Parts> {
  const { workload: caller, legacySemantics, retrySafety, domain = 'cluster.local' } = options;
  const budget = new CompileBudget();
  const { registry, issues, workloads } = memo.registry.of([mesh, ...registryParts(resources, options)], () => buildRegistry(resources, options, mesh, memo.registryParts, whole));
  yield;
  const { applicable, rejected } = visibleVirtualServices(resources, caller.namespace, mesh, domain, budget, memo.virtualServices);
  yield;
  const scope = sidecarScope(resources, registry, applicable, caller, mesh, domain);
  const rules = new DestinationRules(resources, caller, mesh, domain, memo.destinationRules);

  const clusterContext = { caller, mesh, rules, legacySemantics, memo: memo.clusters, budget };
  const clusters: ClusterSpec[] = [];
  for (const service of scope.services) {
    clusters.push(...serviceClusters(service, clusterContext));
    yield;
  }

  const inScope = new Map(scope.services.map((service) => [service.host, service]));
  const surroundings = memo.surroundings.of(surroundingsOf(resources, registry, scope, mesh), () => ({}));
  const routeContext = {
    caller,
    gateway: MESH_GATEWAY,
    mesh,
    legacySemantics,
    retrySafety,
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
  const configurations = yield* routeConfigurations(scope, rejected, routeContext, memo.routes, surroundings, whole?.open ?? NO_PORTS);
  yield;
  const secure = httpsScope(scope, memo.httpsServices, whole?.asksForHttps);
  const https = secure && {
    configurations: yield* routeConfigurations(secure, rejected, routeContext, memo.httpsRoutes, surroundings, whole?.httpsOpen ?? NO_PORTS),
    ports: portUse(secure, routeContext),
  };
  yield;
  const inForce = new Set(scope.listeners.flatMap(({ virtualServices }) => virtualServices));
  return {
    scope,
    workloads,
    clusters,
    routes: { configurations, ports: portUse(scope, routeContext) },
    https,
    askingForHttps: askingForHttps(scope),
    listeners: listeners(scope, { caller, rules, domain }),
    registryIssues: issues,
    ruleIssues: danglingNames(resources, inForce, { registry, rules, services: inScope, domain, surroundings, memo }),
    cost: budget.spent,
  };
}

/** Everything beside themselves that VirtualServices are compiled with. */
function surroundingsOf(resources: readonly Resource[], registry: Registry, { services, listeners }: SidecarScope, mesh: MeshConfig): unknown[] {
  const policies = resources.filter(({ kind }) => kind === 'DestinationRule');
  return [mesh, registry, ...services, ...listeners.flatMap(({ port, protocol, services: own }) => [port, protocol, ...own]), ...policies];
}
