import type { DestinationRuleSpec, SubsetSpec } from '../istio-types.ts';
import type { Cursor } from './cursor.ts';
import { checkExportTo } from './export-to.ts';
import { checkDnsLabel, checkSelector, checkWildcardDomain } from './primitives.ts';

/** Source: istio `ValidateDestinationRule`. */
export function checkDestinationRule(spec: DestinationRuleSpec, at: Cursor): void {
  if ((spec.host ?? '') === '') {
    at.to('host').required('must name a service, such as reviews or reviews.default.svc.cluster.local');
  } else {
    checkWildcardDomain(spec.host, at.to('host'));
  }
  const names = new Map<string, number>();
  spec.subsets?.forEach((subset, index) => {
    const { name = '' } = subset as Partial<SubsetSpec>;
    const first = names.get(name);
    if (first !== undefined) {
      at.to('subsets', index, 'name').duplicate(`${JSON.stringify(name)} is also the name of subsets[${first}]`);
    } else {
      names.set(name, index);
    }
  });
  const selector = spec.workloadSelector;
  checkExportTo(spec.exportTo, at.to('exportTo'), selector === undefined ? 'rule' : 'selectingRule');
  if (selector !== undefined && !checkSelector(selector.matchLabels, at.to('workloadSelector', 'matchLabels'))) {
    at.to('workloadSelector').warn(
      'WARN_EMPTY_SELECTOR',
      'has no labels and so selects every workload of the namespace',
    );
  }
}

export function checkSubset(subset: SubsetSpec, at: Cursor): void {
  const { name = '' } = subset as Partial<SubsetSpec>;
  if (name === '') at.to('name').required('must have a name');
  else checkDnsLabel(name, at.to('name'));
}
