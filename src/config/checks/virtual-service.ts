import { hostsOverlap, isWildcardHost } from '../../common/host-name.ts';
import type { VirtualServiceSpec } from '../istio-types.ts';
import { isIpAddress } from './addresses.ts';
import type { Cursor } from './cursor.ts';
import { checkExportTo } from './export-to.ts';
import { checkGatewayNames } from './gateway-names.ts';
import { isClaim } from './http-match.ts';
import { checkHttpRoute } from './http-route.ts';
import { checkTcpRoute, checkTlsRoute, sniDomainProblem } from './l4-routes.ts';
import { wildcardDomainProblem } from './names.ts';
import { checkReachability } from './reachability.ts';

/** So many pairs of hosts are compared: more would take seconds. */
const MOST_PAIRS = 1_000_000;

/** Source: istio `ValidateVirtualService`. */
export function checkVirtualService(spec: VirtualServiceSpec, at: Cursor): void {
  const { hosts = [], gateways = [], http = [], tls = [], tcp = [] } = spec;
  const isDelegate = hosts.length === 0;
  if (isDelegate) checkDelegateShape(spec, at);
  checkGatewayNames(gateways, at.to('gateways'));
  const onGatewaysOnly = gateways.length > 0 && !gateways.includes('mesh');
  if (!onGatewaysOnly) refuseClaims(spec, at);
  checkHosts(spec, at.to('hosts'), onGatewaysOnly);

  if (http.length + tls.length + tcp.length === 0) at.required('needs http, tls or tcp rules');
  http.forEach((rule, index) => checkHttpRoute(rule, at.to('http', index), isDelegate));
  tls.forEach((rule, index) => checkTlsRoute(rule, at.to('tls', index), spec));
  tcp.forEach((rule, index) => checkTcpRoute(rule, at.to('tcp', index)));
  checkExportTo(spec.exportTo, at.to('exportTo'), 'rule');
  checkReachability(http, at.to('http'));
  checkReachability(tcp, at.to('tcp'));
  checkReachability(tls, at.to('tls'));
}

/** Without hosts it can only be a delegate, which is bound to nothing by itself. */
function checkDelegateShape(spec: VirtualServiceSpec, at: Cursor): void {
  for (const field of ['gateways', 'tls', 'tcp'] as const) {
    if ((spec[field] ?? []).length > 0) {
      at.to(field).conflict(
        'must be left out: a VirtualService without hosts is a delegate',
        'add hosts, or remove it',
      );
    }
  }
}

function refuseClaims(spec: VirtualServiceSpec, at: Cursor): void {
  spec.http?.forEach((rule, ruleIndex) =>
    rule.match?.forEach((match, matchIndex) => {
      for (const field of ['headers', 'withoutHeaders'] as const) {
        for (const name of Object.keys(match[field] ?? {})) {
          if (isClaim(name)) {
            at.to('http', ruleIndex, 'match', matchIndex, field, name).conflict(
              'matches a claim of a JWT, which only works on gateways',
              'bind the VirtualService to gateways only',
            );
          }
        }
      }
    }),
  );
}

function checkHosts(spec: VirtualServiceSpec, at: Cursor, onGatewaysOnly: boolean): void {
  const { hosts = [], tls = [] } = spec;
  const bySni = tls.some(({ match }) => match?.some(({ sniHosts }) => (sniHosts ?? []).length > 0));
  let valid = true;
  hosts.forEach((host, index) => {
    const problem = onGatewaysOnly && bySni ? sniDomainProblem(host) : wildcardDomainProblem(host);
    const onMesh = !onGatewaysOnly && host === '*';
    if (onMesh) {
      at.to(index).invalid(
        'must not be * for a VirtualService of the mesh: it would take every host',
        'name the hosts, or bind it to gateways only',
      );
    } else if (problem !== undefined && !isIpAddress(host)) {
      at.to(index).invalid(problem);
    } else {
      return;
    }
    valid = false;
  });
  if (valid) checkOverlap(hosts, at);
}

/** Two hosts of one VirtualService must not cover each other, by wildcard or literally. */
function checkOverlap(hosts: readonly string[], at: Cursor): void {
  const firsts = new Map<string, number>();
  const wildcards = [...hosts.entries()].filter(([, host]) => isWildcardHost(host));
  let pairs = 0;
  hosts.forEach((host, index) => {
    const same = firsts.get(host);
    if (same === undefined) firsts.set(host, index);
    else at.to(index).duplicate(`is the same host as hosts[${same}]`, 'remove one of them');
    pairs += wildcards.length;
    if (pairs > MOST_PAIRS) return;
    for (const [other, wildcard] of wildcards) {
      // A pair of wildcards is met twice, a host and itself once.
      if (wildcard === host || (isWildcardHost(host) && other > index) || !hostsOverlap(host, wildcard)) continue;
      at.to(Math.max(index, other)).duplicate(
        `${JSON.stringify(host)} and ${JSON.stringify(wildcard)} cover the same hosts`,
        'keep one of them',
      );
    }
  });
}
