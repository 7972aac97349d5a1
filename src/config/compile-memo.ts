import type { ClusterSpec } from '../cluster/model.ts';
import type { RouteTable } from '../route/route-table.ts';
import type { HostRule } from './clusters/destination-rules.ts';
import type { Neighbours } from './change/neighbours.ts';
import type { CompileOptions } from './compile-options.ts';
import type { ConfigIssue } from './issue.ts';
import { Latest, Memo, ResourceMemo } from './memo.ts';
import type { MeshConfig } from './mesh-settings.ts';
import { RegistryMemo, type BuiltRegistry } from './registry/registry.ts';
import type { Service } from './registry/service.ts';
import type { WorkloadIndex } from './registry/workloads.ts';
import type { Resource } from './resource.ts';
import type { PortUse } from './routes/port-use.ts';
import type { HttpsMemo } from './routes/https-scope.ts';
import { RouteMemo } from './routes/route-memo.ts';
import type { VirtualService } from './routes/virtual-service.ts';
import type { Snapshot } from './snapshot.ts';

/** What a compile leaves for the next one with the same options, so that this one does only what a change asks for. */
export class CompileMemo {
  readonly mesh = new Latest<MeshConfig>();
  readonly registry = new Latest<BuiltRegistry>();
  readonly registryParts: RegistryMemo;
  readonly virtualServices: ResourceMemo<VirtualService>;
  readonly destinationRules: ResourceMemo<HostRule>;
  readonly clusters: Memo<Service, readonly ClusterSpec[]>;
  /** One object for as long as services and policies stay as they are, whatever becomes of VirtualServices. */
  readonly surroundings = new Latest<object>();
  /** What is doubtful about the rules of a VirtualService, or about a DestinationRule. */
  readonly ruleIssues = new Memo<VirtualService, readonly ConfigIssue[]>();
  readonly policyIssues = new ResourceMemo<readonly ConfigIssue[]>();
  readonly routes: RouteMemo;
  /** Of a gateway. */
  routeTable: RouteTable | undefined;
  readonly httpsServices: HttpsMemo;
  readonly httpsRoutes: RouteMemo;
  /** What is in force, for changes that concern a part of it. */
  latest: Compiled | undefined;

  /** @param whole - for compiling a part of the resources: shares what was made of each by itself, and leaves alone what is of all together */
  constructor(whole?: CompileMemo) {
    this.registryParts = new RegistryMemo(whole?.registryParts);
    this.virtualServices = whole?.virtualServices ?? new ResourceMemo();
    this.destinationRules = whole?.destinationRules ?? new ResourceMemo();
    this.clusters = whole?.clusters ?? new Memo();
    this.httpsServices = whole?.httpsServices ?? new Memo();
    this.routes = new RouteMemo(whole?.routes);
    this.httpsRoutes = new RouteMemo(whole?.httpsRoutes);
  }
}

/** A snapshot, and what it takes to change a part of it. */
export interface Compiled {
  readonly snapshot: Snapshot;
  readonly mesh: MeshConfig;
  /** What each resource has to do with others: of those of the snapshot, or of later ones that could not be compiled. */
  readonly neighbours: Neighbours;
  readonly workloads: WorkloadIndex;
  /** Whether a Sidecar says what the caller sees. */
  readonly isScoped: boolean;
  readonly ports: PortUse;
  /** Of calls to `https://` URLs. */
  readonly httpsPorts: PortUse;
  /** How many services ask for these to be routed. */
  readonly askingForHttps: number;
  readonly registryIssues: readonly ConfigIssue[];
  readonly ruleIssues: readonly ConfigIssue[];
  readonly cost: number;
}

/** Kinds that say how to call services, not which there are. */
const RULES: ReadonlySet<string> = new Set(['VirtualService', 'DestinationRule', 'Sidecar', 'Gateway']);

/** Everything in `resources` that the registry is made of. */
export function registryParts(resources: readonly Resource[], { endpoints = {} }: CompileOptions): unknown[] {
  // Endpoints from code are for the services of any namespace that there is.
  const namespaces = Object.keys(endpoints).length === 0 ? [] : [...new Set(resources.map(({ namespace }) => namespace))].sort();
  return [...resources.filter(({ kind }) => !RULES.has(kind)), ...namespaces];
}
