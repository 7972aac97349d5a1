import { isIpAddress } from './addresses.ts';
import type { Cursor } from './cursor.ts';
import { isDnsLabel, wildcardDomainProblem } from './names.ts';

/** `host`, or `namespace/host`, where the namespace may be `*` or `.`. Source: istio `ValidateNamespaceSlashWildcardHostname`. */
export function checkGatewayHost(host: string, at: Cursor): void {
  const slash = host.indexOf('/');
  if (slash === -1) checkHostPart(host, at, true);
  else checkScoped(host, at, ['*', '.'], true);
}

/** `namespace/host`, where the namespace may be `*`, `.` or `~` (none), or start with `~` to exclude. */
export function checkEgressHost(host: string, at: Cursor): void {
  if (!host.includes('/')) {
    at.invalid('must be NAMESPACE/HOST', `write ./${host} for the own namespace, */${host} for any`);
  } else {
    checkScoped(host, at, ['*', '.', '~'], false);
  }
}

function checkScoped(host: string, at: Cursor, special: readonly string[], isGateway: boolean): void {
  const slash = host.indexOf('/');
  const [namespace, name] = [host.slice(0, slash), host.slice(slash + 1)];
  if (namespace === '' || name === '') {
    at.invalid('must be NAMESPACE/HOST, with both parts');
    return;
  }
  const plain = isGateway || namespace === '~' ? namespace : namespace.replace(/^~/, '');
  if (!special.includes(plain) && !isDnsLabel(plain)) {
    at.invalid(`must be NAMESPACE/HOST, where the namespace is a name or one of ${special.join(' ')}`);
  }
  checkHostPart(name, at, isGateway);
}

function checkHostPart(host: string, at: Cursor, isGateway: boolean): void {
  const isIp = isGateway && isIpAddress(host);
  const problem = isIp ? undefined : wildcardDomainProblem(host);
  if (host !== '*' && !host.includes('.') && !isIp) {
    at.invalid('must be a full name: short names are not allowed here', `write ${host}.NAMESPACE.svc.cluster.local`);
  } else if (problem !== undefined) {
    at.invalid(problem);
  } else if (host.includes('*') && host !== '*' && !host.startsWith('*.')) {
    at.invalid('must have a wildcard as its whole first label only', 'write *.DOMAIN');
  }
}
