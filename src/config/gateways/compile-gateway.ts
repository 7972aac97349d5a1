import type { DestinationSpec } from '../istio-types.ts';
import { ListenerTable } from '../../route/listener-table.ts';
import { NO_ROUTES, RouteTable } from '../../route/route-table.ts';
import { BLACK_HOLE_CLUSTER, clusterName } from '../clusters/cluster-name.ts';
import { serviceClusters, specialClusters } from '../clusters/cluster-specs.ts';
import { DestinationRules } from '../clusters/destination-rules.ts';
import { destinationHashPolicy, serviceHashPolicy } from '../clusters/hash-policy.ts';
import { CompileBudget } from '../compile-budget.ts';
import { CompileMemo, registryParts } from '../compile-memo.ts';
import type { CompileOptions } from '../compile-options.ts';
import { readMeshConfig } from '../mesh-settings.ts';
import { buildRegistry } from '../registry/registry.ts';
import type { Service } from '../registry/service.ts';
import type { Resource } from '../resource.ts';
import { boundVirtualServices } from '../routes/virtual-services.ts';
import { sidecarScope } from '../scope/sidecar-scope.ts';
import type { GatewayListenerSpec, GatewaySnapshot } from './gateway-model.ts';
import { gatewayListeners } from './gateway-listeners.ts';
import { gatewayRoutes } from './gateway-routes.ts';
import { gatewayServers } from './gateway-servers.ts';

/** What gateways say of themselves in `server`, where MeshConfig names nothing. Source: istio `buildGatewayConnectionManager`. */
const SERVER_NAME = 'istio-envoy';

/**
 * Compiles checked resources to what the gateway workload of `options.workload` serves: the Gateways that select it → servers by port →
 * listeners, routes of the VirtualServices bound to them, and clusters of every service that its namespace sees.
 *
 * @param memo - of the compiles of this gateway before
 * @throws {MeshError} `ERR_INVALID_CONFIG` when the rules multiply to more than a process could hold
 */
export function compileGateway(resources: readonly Resource[], options: CompileOptions, memo = new CompileMemo()): GatewaySnapshot {
  const { workload: caller, legacySemantics, retrySafety, domain = 'cluster.local' } = options;
  const budget = new CompileBudget();
  const configMaps = resources.filter(({ kind }) => kind === 'ConfigMap');
  const mesh = memo.mesh.of(configMaps, () => readMeshConfig(configMaps));
  const { registry } = memo.registry.of([mesh, ...registryParts(resources, options)], () => buildRegistry(resources, options, mesh, memo.registryParts));
  // Sidecars govern sidecars alone.
  const { services } = sidecarScope([], registry, [], caller, mesh, domain);
  const rules = new DestinationRules(resources, caller, mesh, domain, memo.destinationRules);
  const clusterContext = { caller, mesh, rules, legacySemantics, memo: memo.clusters, budget };
  const clusters = [...services.flatMap((service) => serviceClusters(service, clusterContext)), ...specialClusters(mesh).filter(({ name }) => name === BLACK_HOLE_CLUSTER)];

  const inScope = new Map(services.map((service) => [service.host, service]));
  const serviceOf = (host: string): Service | undefined => inScope.get(host);
  const ruleOf = (service: Service) => rules.find(service);
  const { servers, rejected } = gatewayServers(resources, caller.labels);
  const bound = boundVirtualServices(resources, caller.namespace, mesh, domain, budget, memo.virtualServices);
  const routeContext = {
    caller,
    mesh,
    legacySemantics,
    retrySafety,
    domain,
    clusterOf: (destination: DestinationSpec, port: number) => destinationCluster(destination, port, serviceOf(destination.host)),
    hashPolicy: (destination: DestinationSpec) => {
      const service = serviceOf(destination.host);
      return service === undefined ? undefined : destinationHashPolicy(rules.find(service), destination);
    },
    serviceHashPolicy: (service: Service, port: number) => serviceHashPolicy(rules.find(service), port),
    serviceOf,
    ruleOf,
    budget,
  };
  const byRoutes = Map.groupBy(servers.filter(({ routeName }) => routeName !== ''), ({ routeName }) => routeName);
  memo.routes.begin();
  const configurations = [...byRoutes].map(([name, group]) => gatewayRoutes(group, bound, routeContext, memo.routes.of(group[0]!.port, name)));
  memo.routeTable = new RouteTable(configurations, memo.routeTable);
  const listeners = gatewayListeners(servers, { bound, clusters, serviceOf, ruleOf });
  const { proxyHeaders } = mesh.settings;
  const snapshot = Object.freeze({
    version: options.version,
    resources,
    routes: memo.routeTable,
    httpsRoutes: NO_ROUTES,
    listeners: new ListenerTable(listeners.flatMap(bytesListener), BLACK_HOLE_CLUSTER),
    clusters: new Map(clusters.map((cluster) => [cluster.name, cluster])),
    settings: Object.freeze({
      ...mesh.settings,
      // What no rule is bound to goes nowhere.
      outboundTrafficPolicy: 'REGISTRY_ONLY' as const,
      proxyHeaders: { ...proxyHeaders, server: proxyHeaders.server === 'envoy' ? SERVER_NAME : proxyHeaders.server },
    }),
    warnings: [],
  });
  return { snapshot, listeners, rejected };
}

/** Without a port it is the service's only one, else the server's. Source: istio `GetDestinationCluster`. */
function destinationCluster({ host, subset, port }: DestinationSpec, called: number, service: Service | undefined): string {
  const only = service?.ports.length === 1 ? service.ports[0]!.number : called;
  return clusterName(service?.externalName ?? host, port?.number ?? only, subset ?? '');
}

/** The chains of a listener that take bytes as they are, for explanations. */
function bytesListener({ name, port, chains }: GatewayListenerSpec) {
  const bytes = chains.flatMap(({ serves, tls }) => (serves.kind === 'bytes' && tls === undefined ? [serves.chain] : []));
  return bytes.length === 0 ? [] : [{ name, port, http: false, chains: bytes }];
}
