import { byAge } from '../../registry/endpoint-fields.ts';
import type { AnalysisContext } from '../analysis-context.ts';
import { formatSelector } from '../labels.ts';
import { fullName } from '../names.ts';

/**
 * TSM0010: DestinationRules that are joined, as those of one host, namespace, selector and exportTo are: their subsets add up,
 * and of their policies the oldest counts.
 */
export function ignoredPolicies(context: AnalysisContext): void {
  const rules = context.of('DestinationRule').toSorted(byAge);
  const joined = Map.groupBy(rules, ({ namespace, spec: { host = '', workloadSelector, exportTo = [] } }) => {
    const selector = workloadSelector === undefined ? undefined : formatSelector(workloadSelector.matchLabels);
    const reach = selector === undefined ? [...new Set(exportTo)].sort() : [];
    return JSON.stringify([namespace, context.hosts.fqdn(host, namespace), selector, reach]);
  });
  for (const same of joined.values()) {
    const [first, ...others] = same.filter(({ spec }) => spec.trafficPolicy !== undefined);
    for (const rule of others) {
      const message = `its trafficPolicy is ignored: ${fullName(first!)} has one for ${rule.spec.host ?? ''} too, and the oldest counts`;
      const related = [{ message: 'counts', ...first!.locate('spec.trafficPolicy') }];
      context.log.add('TSM0010', rule, message, { path: 'spec.trafficPolicy', related, hint: 'make one rule of them' });
    }
  }
}
