import { isIP } from 'node:net';
import type { ConnectionExplanation, Explanation } from '../common/explanation.ts';
import { redactQuery } from '../common/secrets.ts';
import type { FilterChain } from '../route/filter-chains.ts';
import type { RequestHead } from '../route/model.ts';
import { admit } from './admission.ts';
import { blockedBecause, egressOf, strays, type Egress } from './egress.ts';
import { explainDestinations, type ExplainContext } from './explain-destinations.ts';
import { formatCall } from './format-explanation.ts';
import { dialledHost, listenerFor } from './listener-for.ts';
import { mayTake } from './registered.ts';
import { downstreamHeaders, type HeadersInput } from './request-headers.ts';
import type { Target } from './target.ts';

/** A call as it was asked for. */
export interface AskedCall {
  readonly method: string;
  readonly target: Target;
  /** Path and query exactly as they go on the wire. */
  readonly path: string;
  readonly headers: HeadersInput;
  readonly originalDst?: string | null | undefined;
  /** Whether the caller's own retry and timeout headers count. */
  readonly honorsCallerPolicies?: boolean;
  /** Whether the outbound policy has refused it, whatever rules would have done with it. */
  readonly refused?: boolean;
  /** Whether it came in on a connection of a gateway, so that nothing but routes decides. Default `false`. */
  readonly arrived?: boolean;
}

/** A connection as it was asked for. */
export interface AskedConnection {
  readonly host: string;
  readonly port: number;
  /** SNI; absent: the bytes are not TLS. */
  readonly servername?: string | undefined;
  readonly originalDst?: string | null | undefined;
  /** The IP address behind `host`, where it is known. */
  readonly address?: string | undefined;
}

/** Why an HTTP call goes where it goes. */
export function explainCall(context: ExplainContext, asked: AskedCall): Explanation {
  const { snapshot } = context;
  const { method, target, path, originalDst } = asked;
  const { headers, host } = downstreamHeaders(asked.headers, asked.honorsCallerPolicies);
  const head: RequestHead = { method, scheme: target.scheme, authority: host ?? target.authority, path, port: target.port, headers };
  admit(head, snapshot.settings, { options: { uuid: () => 'explained', tracing: false }, random: () => 0 });
  const egress: Egress = asked.refused === true ? { kind: 'blocked' } : asked.arrived === true ? { kind: 'mesh' } : egressOf(snapshot, target, { originalDst });
  const dialled = dialledHost(target.hostname, originalDst);
  const isHttps = egress.kind === 'mesh' && egress.https === true;
  const routes = isHttps ? snapshot.httpsRoutes : snapshot.routes;
  const about = {
    url: `${target.scheme}://${target.authority}${redactQuery(path)}`,
    method,
    route: routes.explain(head, dialled),
  };
  switch (egress.kind) {
    case 'mesh': {
      const matched = routes.virtualHost(head.port, head.authority, dialled)?.match(head);
      const action = matched?.action.kind === 'forward' ? matched.action : undefined;
      const destinations = action === undefined ? [] : explainDestinations(context, action.destinations, isHttps, action.sticky?.pick(head));
      const strayed = destinations.some(({ cluster }) => strays(snapshot, snapshot.clusters.get(cluster), { head, dialled: target, originalDst }));
      if (strayed) return told({ ...about, kind: 'blocked', reason: blockedBecause(target), destinations });
      const reason = 'https by HTTP rules, as ts-mesh.dev/https-routing of its service asks: the mesh does the TLS';
      return told({ ...about, kind: 'mesh', ...(isHttps && { reason }), destinations });
    }
    case 'connection': {
      const secure = target.scheme === 'https';
      const reason = secure
        ? 'https is TLS from end to end: the call is bytes on a connection, which tls rules route by its name (annotate its ServiceEntry with ts-mesh.dev/https-routing: "true" for HTTP rules)'
        : 'no service on this port speaks HTTP: the call is bytes on a connection, which tcp rules route';
      const { chain: _, ...chosen } = chosenChain(context, { host: target.hostname, port: target.port, originalDst, ...(secure && { servername: target.hostname }) });
      return told({ ...about, kind: 'connection', reason, ...chosen });
    }
    case 'passthrough': {
      const reason = head.scheme === 'https' ? 'https is TLS from end to end: HTTP rules do not apply' : 'no registered HTTP service has this port';
      return told({ ...about, kind: 'passthrough', reason, destinations: [] });
    }
    case 'blocked':
      return told({ ...about, kind: 'blocked', reason: blockedBecause(target), destinations: [] });
  }
}

/** Why a connection that is not HTTP goes where it goes. */
export function explainConnection(context: ExplainContext, asked: AskedConnection): Explanation {
  const { host, port, servername } = asked;
  const chosen = chosenChain(context, asked);
  const { snapshot } = context;
  const isTaken = chosen.chain !== undefined && mayTake(snapshot, chosen.chain, asked, asked.address);
  const isBlocked = !isTaken && snapshot.settings.outboundTrafficPolicy === 'REGISTRY_ONLY';
  const { chain, ...connection } = chosen;
  const reason = isBlocked
    ? `${host}:${port} is not in the registry, which the outbound policy REGISTRY_ONLY demands (add a ServiceEntry for host ${host}, port ${port})`
    : chain === undefined
      ? 'nobody registered it, and the outbound policy lets it through'
      : 'a connection that is not HTTP goes by tcp and tls rules';
  const authority = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  return told({
    url: `${servername === undefined ? 'tcp' : 'tls'}://${authority}`,
    method: 'CONNECT',
    kind: isBlocked ? 'blocked' : chain === undefined ? 'passthrough' : 'connection',
    reason,
    route: { port, authority, outcome: 'no-listener', trials: [], action: [], skipped: [], knownOnPorts: [], similarHosts: [] },
    ...connection,
  });
}

function chosenChain(
  context: ExplainContext,
  asked: AskedConnection,
): { readonly chain: FilterChain | undefined; readonly connection: ConnectionExplanation; readonly destinations: Explanation['destinations'] } {
  const listener = listenerFor(context.snapshot.listeners, asked);
  const dialled = dialledHost(asked.host, asked.originalDst);
  const chain = listener?.chains.match(asked.address ?? (isIP(dialled) === 0 ? undefined : dialled), asked.servername);
  const { sniHosts, destinationSubnets, origin } = chain?.spec ?? {};
  const conditions = [
    ...(sniHosts === undefined ? [] : [`sniHosts ${sniHosts.join(', ')}`]),
    ...(destinationSubnets === undefined ? [] : [`destinationSubnets ${destinationSubnets.join(', ')}`]),
  ];
  return {
    chain,
    connection: { ...(listener !== undefined && { listener: listener.spec.name }), ...(origin !== undefined && { origin }), conditions },
    destinations: chain === undefined ? [] : explainDestinations(context, chain.destinations),
  };
}

function told(data: Omit<Explanation, 'toString'>): Explanation {
  return Object.defineProperty({ ...data }, 'toString', { value: () => formatCall(data) }) as Explanation;
}
