import type { ConfigIssue } from './issue.ts';
import { ISTIO_GROUP, type KindInfo } from './kinds.ts';
import type { ReadRules } from './read-options.ts';

/** What `rules` make of the issues of one document. */
export function issuesByRules(issues: readonly ConfigIssue[], info: KindInfo, rules: ReadRules): readonly ConfigIssue[] {
  if (rules === 'apply') return issues;
  const isIstio = info.group === ISTIO_GROUP;
  if (rules === 'istioctl') return issues.map((issue) => (isSaid(issue, isIstio) ? issue : { ...issue, severity: 'info' }));
  const misread = issues.find(isMisread);
  if (misread !== undefined) return [{ ...misread, resource: '' }];
  return isIstio ? issues.filter(({ code }) => code !== 'WARN_UNKNOWN_ENUM_NUMBER') : [];
}

/** A value of the wrong type: whoever reads the document as Istio does, does not get any further. */
export function isMisread({ code }: ConfigIssue): boolean {
  return code === 'ERR_WRONG_TYPE';
}

// Here istioctl collects nothing but errors. Source: `appendErrors` in istio pkg/config/validation, instead of `AppendValidation`.
const WARNINGS_GET_LOST =
  /^spec\.(?:subsets\[|trafficPolicy\.portLevelSettings\[|http\[\d+\]\.fault|(?:http|tcp)\[\d+\]\.match\[\d+\]\.gateways)/;

/** Whether `istioctl validate` says it too. Of Kubernetes' kinds it looks at the ports of Services alone. */
function isSaid({ severity, code, path }: ConfigIssue, isIstio: boolean): boolean {
  if (!isIstio) return code === 'ERR_PORT_PROTOCOL';
  return severity === 'error' || (code !== 'WARN_UNKNOWN_ENUM_NUMBER' && !WARNINGS_GET_LOST.test(path));
}
