import type { TrafficPolicySpec } from '../../istio-types.ts';
import type { AnalysisContext } from '../analysis-context.ts';

/** TSM0004: failover to other regions, or by labels, where nothing ever makes an endpoint count as failed. */
export function failoverWithoutOutlier(context: AnalysisContext): void {
  const byDefault = context.of('ConfigMap').some(({ spec }) => spec.defaultTrafficPolicy?.outlierDetection !== undefined);
  if (byDefault) return;
  for (const resource of context.of('DestinationRule')) {
    const { trafficPolicy, subsets = [] } = resource.spec;
    const check = (policy: Pick<TrafficPolicySpec, 'loadBalancer' | 'outlierDetection'> | undefined, path: string, inherited?: TrafficPolicySpec): void => {
      const { enabled, failover = [], failoverPriority = [] } = policy?.loadBalancer?.localityLbSetting ?? {};
      const wanted = failover.length > 0 ? 'failover' : failoverPriority.length > 0 ? 'failoverPriority' : undefined;
      if (wanted === undefined || enabled === false || (policy?.outlierDetection ?? inherited?.outlierDetection) !== undefined) return;
      const message = `${wanted} never happens: without outlierDetection no endpoint is ever taken for failed, and calls stay with the broken ones`;
      const hint = 'add outlierDetection, such as {consecutive5xxErrors: 5, interval: 10s, baseEjectionTime: 30s}';
      context.log.add('TSM0004', resource, message, { path: `${path}.loadBalancer.localityLbSetting.${wanted}`, hint });
    };
    check(trafficPolicy, 'spec.trafficPolicy');
    // The settings of a port stand alone; those of a subset fill up what the rule says for all.
    trafficPolicy?.portLevelSettings?.forEach((policy, index) => check(policy, `spec.trafficPolicy.portLevelSettings[${index}]`));
    subsets.forEach((subset, index) => check(subset.trafficPolicy, `spec.subsets[${index}].trafficPolicy`, trafficPolicy));
  }
}
