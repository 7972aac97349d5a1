import type { SubsetSpec, TrafficPolicySpec } from '../istio-types.ts';
import type { MeshConfig } from '../mesh-settings.ts';

/** The blocks of a traffic policy that are in force for one port and subset. */
export type EffectivePolicy = Pick<
  TrafficPolicySpec,
  'loadBalancer' | 'connectionPool' | 'outlierDetection' | 'tls' | 'retryBudget'
>;

/**
 * Puts together the policy of a service port and subset. Whole blocks replace each other, fields are never mixed:
 *
 * 1. the rule's own blocks, or, when it has settings for the port, those alone;
 * 2. blocks that are missing, from the mesh's default policy;
 * 3. the subset's blocks over them;
 * 4. the subset's settings for the port, if any, in the place of all four blocks, missing ones included; what else the subset says
 *    does not count then.
 *
 * Source: istio `MergeTrafficPolicy`, `MergeSubsetTrafficPolicy`.
 */
export function effectivePolicy(
  policy: TrafficPolicySpec | undefined,
  subset: SubsetSpec | undefined,
  port: number,
  mesh: Pick<MeshConfig, 'connectionPool' | 'outlierDetection'>,
): EffectivePolicy {
  const base = portSettings(policy, port) ?? policy ?? {};
  const own = subset?.trafficPolicy ?? {};
  const subsetPort = portSettings(subset?.trafficPolicy, port);
  const ofRule = portSettings(policy, port) === undefined ? policy?.retryBudget : undefined;
  if (subsetPort !== undefined) return { ...blocks(subsetPort), retryBudget: ofRule };
  return {
    loadBalancer: own.loadBalancer ?? base.loadBalancer,
    connectionPool: own.connectionPool ?? base.connectionPool ?? mesh.connectionPool,
    outlierDetection: own.outlierDetection ?? base.outlierDetection ?? mesh.outlierDetection,
    tls: own.tls ?? base.tls,
    retryBudget: own.retryBudget ?? ofRule,
  };
}

/** The settings that a policy has for this very port. */
export function portSettings(policy: TrafficPolicySpec | undefined, port: number | undefined): EffectivePolicy | undefined {
  const found = policy?.portLevelSettings?.find((settings) => settings.port?.number === port);
  return found === undefined ? undefined : blocks(found);
}

function blocks({ loadBalancer, connectionPool, outlierDetection, tls }: EffectivePolicy): EffectivePolicy {
  return { loadBalancer, connectionPool, outlierDetection, tls };
}
