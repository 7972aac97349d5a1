import { compareSpecificity } from '../../common/host-name.ts';
import type { Origin } from '../../common/origin.ts';
import type { RouteConfigurationSpec, RouteSpec, VirtualHostSpec } from '../../route/model.ts';
import { COST } from '../compile-budget.ts';
import { sameItems } from '../memo.ts';
import { originOf } from '../resource.ts';
import type { RouteContext } from '../routes/route-context.ts';
import { isCatchAll } from '../routes/route-match.ts';
import type { ConfigurationMemo } from '../routes/route-memo.ts';
import { compileRules, type CompiledRules } from '../routes/rule-routes.ts';
import { askedOf } from '../routes/virtual-hosts.ts';
import type { VirtualService } from '../routes/virtual-service.ts';
import type { GatewayServer } from './gateway-servers.ts';
import { servedHosts } from './server-hosts.ts';

/** What routes of gateways depend on beside port and gateway. */
export type GatewayRouteContext = Omit<RouteContext, 'port' | 'gateway' | 'clusterOf'> & {
  readonly clusterOf: (destination: Parameters<RouteContext['clusterOf']>[0], port: number) => string;
};

/** A virtual host while rules come together for it. */
interface Draft {
  readonly host: string;
  readonly rules: CompiledRules[];
  /** The VirtualServices that these come from, by gateway. */
  readonly sources: (readonly [gateway: string, virtualService: VirtualService])[];
  /** The server that moves every request to https. */
  redirect: Origin | undefined;
  origin: Origin;
}

/**
 * The route configuration of servers that share one: a virtual host for each host that a server and a VirtualService bound to its
 * Gateway both have. Rules of several VirtualServices for one host are joined, what matches everything goes last.
 *
 * Source: istio `buildGatewayHTTPRouteConfig`.
 */
export function gatewayRoutes(
  servers: readonly GatewayServer[],
  bound: ReadonlyMap<string, readonly VirtualService[]>,
  context: GatewayRouteContext,
  memo: ConfigurationMemo,
): RouteConfigurationSpec {
  const { port, routeName } = servers[0]!;
  const drafts = new Map<string, Draft>();
  for (const server of servers) {
    for (const virtualService of bound.get(server.gateway) ?? []) addRules(server, virtualService, context, drafts, memo);
    if (server.tls?.httpsRedirect !== true) continue;
    const origin = originOf(server.resource, server.path);
    for (const { host } of server.hosts) {
      const draft = drafts.get(host);
      if (draft === undefined) drafts.set(host, { host, rules: [], sources: [], redirect: origin, origin });
      else draft.redirect ??= origin;
    }
  }
  return { port, hosts: [routeName.toLowerCase()], virtualHosts: drafts.size === 0 ? [blackHole(servers[0]!)] : collapsed([...drafts.values()], port, memo) };
}

function addRules(server: GatewayServer, virtualService: VirtualService, context: GatewayRouteContext, drafts: Map<string, Draft>, memo: ConfigurationMemo): void {
  const { gateway, port } = server;
  const hosts = servedHosts(server.hosts, virtualService.hosts, virtualService.resource.namespace);
  if (hosts.length === 0) return;
  const ofPort: RouteContext = { ...context, port, gateway, clusterOf: (destination) => context.clusterOf(destination, port) };
  const rules = memo.rules.of(virtualService, [gateway, context.mesh, ...askedOf(virtualService, ofPort)], () => compileRules(virtualService.rules, ofPort, ''));
  const { routes } = rules;
  context.budget.spend(routes.length * COST.route, () => originOf(virtualService.resource));
  // Without any rule left it makes no host, so that other servers' wildcards have it.
  if (routes.length === 0) return;
  const redirect = server.tls?.httpsRedirect === true ? originOf(server.resource, server.path) : undefined;
  for (const host of hosts) {
    let draft = drafts.get(host);
    if (draft === undefined) drafts.set(host, (draft = { host, rules: [], sources: [], redirect: undefined, origin: originOf(virtualService.resource) }));
    draft.redirect ??= redirect;
    if (draft.sources.some(([name, source]) => name === gateway && source === virtualService)) continue;
    draft.sources.push([gateway, virtualService]);
    draft.rules.push(rules);
  }
}

/** Hosts with the same rules are one virtual host, named after the most specific. Source: istio `collapseDuplicateRoutes`. */
function collapsed(drafts: readonly Draft[], port: number, memo: ConfigurationMemo): VirtualHostSpec[] {
  // By the first VirtualService, of which few hosts have other rules besides.
  const groups = new Map<VirtualService | undefined, Draft[][]>();
  for (const draft of drafts.toSorted((a, b) => compareSpecificity(a.host, b.host))) {
    const first = draft.sources[0]?.[1];
    const alike = groups.get(first) ?? [];
    const group = alike.find(([one]) => one!.redirect === draft.redirect && sameItems(one!.sources.flat(), draft.sources.flat()));
    if (group === undefined) groups.set(first, [...alike, [draft]]);
    else group.push(draft);
  }
  return [...groups.values()]
    .flat()
    .map((group) => {
      const { host, rules, redirect, origin } = group[0]!;
      const name = `${host}:${port}`;
      const domains = group.map((one) => one.host);
      const make = (): VirtualHostSpec => {
        const skipped = rules.flatMap((one) => one.skipped);
        return { name, domains, routes: [...toHttps(redirect), ...inOrder(rules.flatMap(({ routes }) => routes))], ...(skipped.length > 0 && { skipped }), origin };
      };
      const [first, ...others] = rules;
      return first === undefined || redirect !== undefined ? make() : memo.joined.of(first, [name, ...others, ...domains], make);
    })
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** Source: istio `SortVHostRoutes`. */
function inOrder(routes: readonly RouteSpec[]): RouteSpec[] {
  return [...routes.filter(({ match }) => !isCatchAll(match)), ...routes.filter(({ match }) => isCatchAll(match))];
}

/** What a proxy in front that is trusted says counts as TLS too. Source: Envoy `require_tls`, `VirtualHostImpl::getRouteFromEntries`. */
function toHttps(origin: Origin | undefined): RouteSpec[] {
  const match = { withoutHeaders: { 'x-forwarded-proto': { exact: 'https' } } };
  return origin === undefined ? [] : [{ match, action: { kind: 'redirect', redirect: { scheme: 'https', keepsPort: true } }, origin }];
}

/** A server that no rule is bound to knows every Host, and answers none. */
function blackHole({ port, resource, path }: GatewayServer): VirtualHostSpec {
  return { name: `blackhole:${port}`, domains: ['*'], routes: [], origin: originOf(resource, path) };
}
