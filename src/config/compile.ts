import { finish, type Steps } from '../common/steps.ts';
import { ListenerTable } from '../route/listener-table.ts';
import { NO_ROUTES, RouteTable } from '../route/route-table.ts';
import { compilePart } from './change/compile-part.ts';
import { Neighbours } from './change/neighbours.ts';
import { specialClusters } from './clusters/cluster-specs.ts';
import { CompileMemo, type Compiled } from './compile-memo.ts';
import type { CompileOptions } from './compile-options.ts';
import { compileParts } from './compile-parts.ts';
import type { ConfigIssue } from './issue.ts';
import { readMeshConfig, type MeshConfig } from './mesh-settings.ts';
import type { Resource } from './resource.ts';
import { NO_USE } from './routes/port-use.ts';
import { outboundCluster } from './routes/route-configurations.ts';
import { readVirtualService, whyNotFor } from './routes/virtual-services.ts';
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
  const { snapshot } = finish(compileWhole(resources, options, new CompileMemo()));
  return { snapshot, issues: snapshot.warnings };
}

/**
 * As {@link compileSnapshot}, but parts that have not changed since the compile before are not made anew: they are the same objects. It may pause
 * wherever it yields; one compile of a memo at a time.
 *
 * @param memo - of the compiles before, with the same options but for `version`
 */
export function* compileChange(resources: readonly Resource[], options: CompileOptions, memo: CompileMemo): Steps<CompileResult> {
  let latest = yield* compilePart(resources, options, memo);
  if (latest === undefined) {
    const whole = yield* compileWhole(resources, options, memo);
    yield;
    latest = { ...whole, neighbours: yield* neighboursOf(resources, options, whole.mesh, memo) };
  }
  memo.latest = latest;
  const { snapshot } = latest;
  return { snapshot, issues: snapshot.warnings };
}

function* compileWhole(resources: readonly Resource[], options: CompileOptions, memo: CompileMemo): Steps<Omit<Compiled, 'neighbours'>> {
  const configMaps = resources.filter(({ kind }) => kind === 'ConfigMap');
  const mesh = memo.mesh.of(configMaps, () => readMeshConfig(configMaps));
  const parts = yield* compileParts(resources, options, mesh, memo);
  const { scope, routes, https, askingForHttps, registryIssues, ruleIssues, cost } = parts;
  const before = memo.latest?.snapshot;
  const snapshot: Snapshot = Object.freeze({
    version: options.version,
    resources,
    routes: yield* RouteTable.of(routes.configurations, before?.routes),
    httpsRoutes: https === undefined ? NO_ROUTES : yield* RouteTable.of(https.configurations, before?.httpsRoutes),
    listeners: new ListenerTable(parts.listeners, outboundCluster(scope)),
    clusters: new Map([...parts.clusters, ...specialClusters(mesh)].map((cluster) => [cluster.name, cluster])),
    settings: Object.freeze({ ...mesh.settings, outboundTrafficPolicy: scope.outboundTrafficPolicy }),
    warnings: [...registryIssues, ...ruleIssues],
  });
  return { snapshot, mesh, workloads: parts.workloads, isScoped: scope.isScoped, ports: routes.ports, httpsPorts: https?.ports ?? NO_USE, askingForHttps, registryIssues, ruleIssues, cost };
}

/** Of a compile that goes before changes of its resources. */
function* neighboursOf(resources: readonly Resource[], { endpoints = {}, workload: { namespace }, domain = 'cluster.local' }: CompileOptions, mesh: MeshConfig, memo: CompileMemo): Steps<Neighbours> {
  const { latest } = memo;
  if (latest?.mesh === mesh && latest.neighbours.isFor(resources)) return latest.neighbours;
  return yield* Neighbours.of(
    resources,
    {
      namespace,
      domain,
      virtualService: (resource) => readVirtualService(resource, mesh, domain, memo.virtualServices),
      isApplicable: (virtualService) => whyNotFor(virtualService, namespace) === undefined,
    },
    Object.keys(endpoints),
  );
}
