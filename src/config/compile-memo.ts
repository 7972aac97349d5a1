import type { ClusterSpec } from '../cluster/model.ts';
import type { RouteTable } from '../route/route-table.ts';
import type { HostRule } from './clusters/destination-rules.ts';
import type { CompileOptions } from './compile-options.ts';
import type { ConfigIssue } from './issue.ts';
import { Latest, Memo, ResourceMemo } from './memo.ts';
import type { MeshConfig } from './mesh-settings.ts';
import { RegistryMemo, type Registry } from './registry/registry.ts';
import type { Service } from './registry/service.ts';
import type { Resource } from './resource.ts';
import type { HttpsMemo } from './routes/https-scope.ts';
import { RouteMemo } from './routes/route-memo.ts';
import type { VirtualService } from './routes/virtual-service.ts';

/** What a compile leaves for the next one with the same options, so that this one does only what a change asks for. */
export class CompileMemo {
  readonly mesh = new Latest<MeshConfig>();
  readonly registry = new Latest<{ readonly registry: Registry; readonly issues: readonly ConfigIssue[] }>();
  readonly registryParts = new RegistryMemo();
  readonly virtualServices = new ResourceMemo<VirtualService>();
  readonly destinationRules = new ResourceMemo<HostRule>();
  readonly clusters = new Memo<Service, readonly ClusterSpec[]>();
  /** One object for as long as services and policies stay as they are, whatever becomes of VirtualServices. */
  readonly surroundings = new Latest<object>();
  /** What is doubtful about the rules of a VirtualService, or about a DestinationRule. */
  readonly ruleIssues = new Memo<VirtualService, readonly ConfigIssue[]>();
  readonly policyIssues = new ResourceMemo<readonly ConfigIssue[]>();
  readonly routes = new RouteMemo();
  routeTable: RouteTable | undefined;
  readonly httpsServices: HttpsMemo = new Memo();
  readonly httpsRoutes = new RouteMemo();
  httpsTable: RouteTable | undefined;
}

/** Kinds that say how to call services, not which there are. */
const RULES: ReadonlySet<string> = new Set(['VirtualService', 'DestinationRule', 'Sidecar', 'Gateway']);

/** Everything in `resources` that the registry is made of. */
export function registryParts(resources: readonly Resource[], { endpoints = {} }: CompileOptions): unknown[] {
  // Endpoints from code are for the services of any namespace that there is.
  const namespaces = Object.keys(endpoints).length === 0 ? [] : [...new Set(resources.map(({ namespace }) => namespace))].sort();
  return [...resources.filter(({ kind }) => !RULES.has(kind)), ...namespaces];
}
