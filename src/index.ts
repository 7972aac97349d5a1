/**
 * Istio's traffic management inside a Node process, no sidecar: the same YAML, the same decisions, the same numbers.
 *
 * @packageDocumentation
 */

// The mesh and its doors.
export { configureMesh, meshFetch } from './default-mesh.ts';
export { meshInfo } from './mesh-info.ts';
export { createMesh, Mesh, type MeshEvents, type MeshRequestOptions } from './mesh.ts';
export type { AccessLogOption } from './access-log.ts';
export type { ConnectOptions, CreateConnectionOptions } from './mesh-connect.ts';
export type { ConfigChange, ResourceObject } from './mesh-config.ts';
export type { MeshCallOptions } from './mesh-dispatcher.ts';
export type { ConfigSource, MeshOptions, WatchOptions, WorkloadOptions } from './mesh-options.ts';
export { currentInbound, inboundContextOf, withInbound, type InboundContext, type InboundOptions } from './inbound-context.ts';
export type { InstallOptions } from './install.ts';
export type { ExplainInit } from './mesh-explain.ts';
export type { CallInfo } from './engine/call-info.ts';
export type { BlockedAttempt } from './engine/egress.ts';
export type { ConnectionInfo } from './engine/connection-info.ts';
export type { HttpsOptions } from './engine/client-tls.ts';
export type { WorkloadCertificates } from './engine/client-tls.ts';
export type { Transport } from './engine/connection.ts';
export type { Connect, ConnectTarget } from './engine/dial.ts';
export type { EjectionEvent } from './engine/upstream-cluster.ts';
export { isMeshError, MeshError, type Issue, type MeshErrorDetails } from './common/errors.ts';
export type { ConnectionExplanation, DestinationExplanation, Explanation, RouteExplanation, RouteTrial, SkippedRule } from './common/explanation.ts';
export type { Clock, TimerHandle } from './common/clock.ts';
export { seededRandom, type Random } from './common/random.ts';
export { formatOrigin, type Location, type Origin } from './common/origin.ts';
export type { Hash64 } from './common/hash64.ts';
export type { HeaderList } from './common/headers.ts';

// Configuration.
export { compileSnapshot, type CompileResult } from './config/compile.ts';
export type { CallerOptions, CompileOptions, EndpointInput } from './config/compile-options.ts';
export { resourceJsonSchema, type JsonSchema } from './config/json-schema.ts';
export { formatIssue, type ConfigIssue } from './config/issue.ts';
export { readResources, type ConfigInput, type ReadOptions, type ReadResult } from './config/read-resources.ts';
export type { Resource } from './config/resource.ts';
export type { ResourceReference } from './config/resource-reference.ts';
export { ResourceSet, type ResourceChanges } from './config/resource-set.ts';
export type { ClientCertificateHeader, MeshSettings, ProxyHeaders, Snapshot } from './config/snapshot.ts';
export type { ReadRules } from './config/read-options.ts';

// The pure core: which cluster, with what treatment?
export { FaultInjector, type FaultAbort, type FaultDecision } from './route/fault-injector.ts';
export { Mirror, shadowAuthority } from './route/mirror.ts';
export { RetryPolicy, type AttemptOutcome, type ResetReason } from './route/retry-policy.ts';
export { Route } from './route/route.ts';
export { RouteTable } from './route/route-table.ts';
export { ListenerTable, type Listener } from './route/listener-table.ts';
export { FilterChains, type FilterChain } from './route/filter-chains.ts';
export type * from './route/listener-model.ts';
export { TimeoutPolicy, type TimeoutOptions } from './route/timeout-policy.ts';
export { VirtualHost } from './route/virtual-host.ts';
export { WeightedClusters, type Weighted } from './route/weighted-clusters.ts';
export type * from './route/model.ts';

// The pure core: may it go, and where?
export { CircuitBreaker, type CircuitBreakerState } from './cluster/circuit-breaker.ts';
export { Host, type HostHealth } from './cluster/host.ts';
export { HostSet, type HostChanges, type HostSetSpec } from './cluster/host-set.ts';
export { OutlierDetector, type OutlierEvent } from './cluster/outlier-detector.ts';
export type { OutlierStats } from './cluster/outlier-stats.ts';
export { SubsetResolver, type SubsetSpec } from './cluster/subset-resolver.ts';
export { PreviousPriorities } from './cluster/previous-priorities.ts';
export type { PriorityHealth } from './cluster/priority-load.ts';
export type { Balancer, PickContext } from './cluster/balancers/balancer.ts';
export { createBalancer } from './cluster/balancers/create-balancer.ts';
export type * from './cluster/model.ts';

// What is counted.
export { FLAG, formatFlags, type FlagName } from './telemetry/response-flags.ts';
