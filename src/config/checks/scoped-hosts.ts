import { isIpAddress } from './addresses.ts';
import type { Cursor } from './cursor.ts';
import { isDnsLabel, wildcardDomainProblem } from './names.ts';

/** `host`, or `namespace/host`, where the namespace may be `*` or `.`. Source: istio `ValidateNamespaceSlashWildcardHostname`. */
export function checkGatewayHost(host: string, at: Cursor): void {
  tell(host.includes('/') ? scopedProblems(host, ['*', '.'], true) : hostProblems(host, true), at);
}

/** `namespace/host`, where the namespace may be `*`, `.` or `~` (none), or start with `~` to exclude. */
export function checkEgressHost(host: string, at: Cursor): void {
  if (!host.includes('/')) {
    at.invalid('must be NAMESPACE/HOST', `write ./${host} for the own namespace, */${host} for any`);
  } else {
    tell(scopedProblems(host, ['*', '.', '~'], false), at);
  }
}

interface Problem {
  readonly message: string;
  readonly hint?: string;
}

/** One wrong host may have several faults for istioctl, which counts each; who applies it is told the first. */
function tell(problems: readonly Problem[], at: Cursor): void {
  for (const { message, hint } of at.onApply === undefined ? problems : problems.slice(0, 1)) at.invalid(message, hint);
}

function scopedProblems(host: string, special: readonly string[], isGateway: boolean): Problem[] {
  const slash = host.indexOf('/');
  const [namespace, name] = [host.slice(0, slash), host.slice(slash + 1)];
  const plain = isGateway || namespace === '~' ? namespace : namespace.replace(/^~/, '');
  const problems: Problem[] = [];
  if (namespace === '' || name === '') problems.push({ message: 'must be NAMESPACE/HOST, with both parts' });
  if (!special.includes(plain) && !isDnsLabel(plain)) {
    problems.push({ message: `must be NAMESPACE/HOST, where the namespace is a name or one of ${special.join(' ')}` });
  }
  return [...problems, ...hostProblems(name, isGateway)];
}

/** Source: istio `validateSidecarOrGatewayHostnamePart`, which objects twice to a bad name in a Sidecar. */
function hostProblems(host: string, isGateway: boolean): Problem[] {
  const problems: Problem[] = [];
  const isIp = isIpAddress(host);
  if (host !== '*' && !host.includes('.')) {
    problems.push({ message: 'must be a full name: short names are not allowed here', hint: `write ${host}.NAMESPACE.svc.cluster.local` });
  }
  const problem = wildcardDomainProblem(host);
  if (problem !== undefined && !isGateway) problems.push({ message: problem });
  if (problem !== undefined && !isIp) problems.push({ message: problem });
  if (host.includes('*') && host !== '*' && !host.startsWith('*.')) {
    problems.push({ message: 'must have a wildcard as its whole first label only', hint: 'write *.DOMAIN' });
  }
  return problems;
}
