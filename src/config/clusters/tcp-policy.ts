import type { FilterChainSpec } from '../../route/listener-model.ts';
import { durationOr } from '../mesh-settings.ts';
import type { MergedRule } from './destination-rules.ts';

/** Envoy's default of its TCP proxy. */
const IDLE_TIMEOUT_MS = 3_600_000;

/**
 * How long connections live that are not HTTP: as the rule's own policy says; subsets and settings for a port don't count.
 *
 * Source: istio `buildOutboundNetworkFiltersWithSingleDestination`.
 */
export function tcpLifetime(rule: MergedRule | undefined): Pick<FilterChainSpec, 'idleTimeoutMs' | 'maxConnectionDurationMs'> {
  const tcp = rule?.trafficPolicy?.connectionPool?.tcp;
  return {
    idleTimeoutMs: durationOr(tcp?.idleTimeout, IDLE_TIMEOUT_MS),
    maxConnectionDurationMs: durationOr(tcp?.maxConnectionDuration, 0),
  };
}

/** Whether the caller's address is hashed: as the subset's balancer says, else the rule's. Source: istio `maybeSetHashPolicy`. */
export function tcpHashesSourceIp(rule: MergedRule | undefined, subset: string | undefined): boolean {
  const own = rule?.subsets.find(({ spec }) => spec.name === subset)?.spec.trafficPolicy?.loadBalancer;
  return (own ?? rule?.trafficPolicy?.loadBalancer)?.consistentHash?.useSourceIp === true;
}
