import type { Clock } from '../common/clock.ts';
import type { Random } from '../common/random.ts';
import type { Snapshot } from '../config/snapshot.ts';
import type { Mirror } from '../route/mirror.ts';
import type { StatsRegistry } from '../telemetry/stats-registry.ts';
import type { RequestLimits } from './admission.ts';
import type { LoggedCall } from './call-info.ts';
import type { BlockedAttempt } from './egress.ts';
import type { ClusterManager } from './cluster-manager.ts';
import type { UpstreamRequest } from './upstream-attempt.ts';

/** What a mesh says about how its calls are made. */
export interface CallSettings {
  /** Makes an `x-request-id`. */
  readonly uuid: () => string;
  /** Whether B3 trace headers are added to calls that have no trace context. */
  readonly tracing: boolean;
  /** Whether mirrored copies get `-shadow` in their Host, as Istio did before 1.28. */
  readonly shadowHosts: boolean;
  /** Whether callers' own retry and timeout headers count. */
  readonly honorsCallerPolicies: boolean;
  /** The workload's own address, for `x-forwarded-for` of copies and access logs. */
  readonly workloadAddress: string;
  /** Default: Envoy's. */
  readonly limits?: RequestLimits | undefined;
}

/** What a request on its way needs of the engine. */
export interface EngineContext {
  readonly clock: Clock;
  readonly random: Random;
  readonly stats: StatsRegistry;
  readonly clusters: ClusterManager;
  readonly mirrors: Mirrors;
  readonly options: CallSettings;
  /** Called by each request once. */
  finished(call: LoggedCall): void;
  /** Called when the outbound policy refuses a call or a connection. */
  blocked(attempt: BlockedAttempt): void;
}

/** A request to copy: as its first destination gets it. */
export interface MirroredRequest {
  readonly snapshot: Snapshot;
  readonly authority: string;
  readonly upstream: UpstreamRequest;
  /** The route's; 0 for none. */
  readonly timeoutMs: number;
}

export interface Mirrors {
  send(mirror: Mirror, request: MirroredRequest): void;
}
