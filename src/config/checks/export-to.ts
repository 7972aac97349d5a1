import type { Cursor } from './cursor.ts';
import { isDnsLabel } from './names.ts';

/** What kind of resource is exported; they differ in what `~` and a selector mean. */
export type ExportOf = 'rule' | 'serviceEntry' | 'selectingRule';

/** Source: istio `validateExportTo`. */
export function checkExportTo(exportTo: readonly string[] | undefined, at: Cursor, of: ExportOf): void {
  if (exportTo === undefined || exportTo.length === 0) return;
  const { namespace } = at.context;
  const seen = new Set<string>();
  exportTo.forEach((entry, index) => {
    const target = entry === '.' ? namespace : entry;
    if (seen.has(target)) {
      at.to(index).duplicate(`exports to ${JSON.stringify(target)} twice`, 'remove one of the entries');
    } else if (entry === '~' && of !== 'serviceEntry') {
      at.to(index).invalid('must not be ~ (nobody): only a ServiceEntry can be exported to nobody');
    } else if (entry !== '*' && entry !== '~' && entry !== '.' && !isDnsLabel(entry)) {
      at.to(index).invalid('must be *, . or the name of a namespace');
    } else {
      seen.add(target);
    }
  });
  if (of === 'selectingRule' && seen.size > 0 && (seen.size > 1 || !seen.has(namespace))) {
    at.conflict(
      'must be the own namespace only: a DestinationRule with a workloadSelector is not exported',
      'write exportTo: ["."]',
    );
  }
  for (const lone of ['*', '~']) {
    if (seen.has(lone) && exportTo.length > 1) at.conflict(`must not have ${lone} together with other entries`);
  }
}
