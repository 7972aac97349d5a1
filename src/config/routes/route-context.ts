import type { HashPolicy, RetrySafety } from '../../route/model.ts';
import type { MergedRule } from '../clusters/destination-rules.ts';
import type { CompileBudget } from '../compile-budget.ts';
import type { CallerOptions } from '../compile-options.ts';
import type { DestinationSpec } from '../istio-types.ts';
import type { MeshConfig } from '../mesh-settings.ts';
import type { Service } from '../registry/service.ts';

/** What the routes of one port depend on beside the rule they come from. */
export interface RouteContext {
  readonly port: number;
  readonly caller: CallerOptions;
  /** `mesh`, or `namespace/name` of the Gateway that the routes are for. */
  readonly gateway: string;
  readonly mesh: MeshConfig;
  readonly legacySemantics: boolean;
  /** Of rules and services that say nothing of it. */
  readonly retrySafety?: RetrySafety | undefined;
  readonly domain: string;
  /** The cluster of a destination on this port, whether or not there is one of that name. */
  readonly clusterOf: (destination: DestinationSpec) => string;
  /** What the balancer of a destination hashes, when the DestinationRule in force asks for a consistent hash. */
  readonly hashPolicy: (destination: DestinationSpec) => HashPolicy | undefined;
  /** The same for a service without VirtualService. */
  readonly serviceHashPolicy: (service: Service, port: number) => HashPolicy | undefined;
  /** The service of that host that the caller sees. */
  readonly serviceOf: (host: string) => Service | undefined;
  /** The DestinationRule in force for a service: what hash policies depend on beside their arguments. */
  readonly ruleOf: (service: Service) => MergedRule | undefined;
  readonly budget: CompileBudget;
}
