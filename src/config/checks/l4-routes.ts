import { hostCovers } from '../../common/host-name.ts';
import type { L4MatchSpec, VirtualServiceSpec } from '../istio-types.ts';
import { isIpAddress } from './addresses.ts';
import type { Cursor } from './cursor.ts';
import { checkWeights } from './destination.ts';
import { wildcardDomainProblem } from './names.ts';
import { checkPortIfSet } from './primitives.ts';

type TlsRoute = NonNullable<VirtualServiceSpec['tls']>[number];
type TcpRoute = NonNullable<VirtualServiceSpec['tcp']>[number];

/** Source: istio `validateTLSRoute`. */
export function checkTlsRoute(rule: TlsRoute, at: Cursor, spec: VirtualServiceSpec): void {
  const { match = [], route = [] } = rule as Partial<TlsRoute>;
  if (match.length === 0) at.required('needs a match with sniHosts');
  match.forEach((entry, index) => checkSniHosts(entry.sniHosts, at.to('match', index, 'sniHosts'), spec));
  if (route.length === 0) at.required('needs a route');
  checkWeights(route, at.to('route'));
}

export function checkTcpRoute(rule: TcpRoute, at: Cursor): void {
  const { route = [] } = rule;
  if (route.length === 0) at.required('needs a route');
  checkWeights(route, at.to('route'));
}

export function checkL4Match(match: L4MatchSpec, at: Cursor): void {
  checkPortIfSet(match.port ?? 0, at.to('port'));
}

function checkSniHosts(sniHosts: readonly string[] | undefined, at: Cursor, spec: VirtualServiceSpec): void {
  if (sniHosts === undefined || sniHosts.length === 0) {
    at.required('needs at least one host name');
    return;
  }
  const { hosts = [], gateways = [] } = spec;
  sniHosts.forEach((sni, index) => {
    const problem = gateways.includes('mesh') ? wildcardDomainProblem(sni) : sniDomainProblem(sni);
    if (problem !== undefined && isIpAddress(sni)) {
      at.to(index).warn('WARN_SNI_ADDRESS', 'is an IP address, which most clients never send as SNI');
    } else if (problem !== undefined) {
      at.to(index).invalid(problem);
    } else if (!hosts.some((host) => hostCovers(host, sni))) {
      at.to(index).invalid(`must be covered by a host of the VirtualService (${hosts.join(', ') || 'it has none'})`);
    }
  });
}

/** As for hosts, but for the SNI that AUTO_PASSTHROUGH makes up: `outbound_.80_._.NAME`. */
export function sniDomainProblem(domain: string): string | undefined {
  if (!domain.startsWith('outbound_')) return wildcardDomainProblem(domain);
  const [, port = '', , host = ''] = domain.split('_');
  return domain.length <= 255 && /\d/.test(port) && /[a-zA-Z]/.test(host)
    ? undefined
    : 'must follow outbound_.PORT_._.HOST';
}
