import type { ClusterSpec } from '../../cluster/model.ts';
import { hostsOverlap } from '../../common/host-name.ts';
import type { ServerTlsSpec } from '../checks/server-tls.ts';
import type { L4MatchSpec } from '../istio-types.ts';
import { named, ruleChain, type ChainContext } from '../listeners/filter-chains.ts';
import { originOf } from '../resource.ts';
import { gatewayName } from '../routes/gateway-name.ts';
import type { VirtualService } from '../routes/virtual-service.ts';
import type { GatewayChainSpec, GatewayListenerSpec, GatewayTls } from './gateway-model.ts';
import type { GatewayServer } from './gateway-servers.ts';
import { servesAny } from './server-hosts.ts';

/** What listeners of gateways depend on beside their servers. */
export interface GatewayListenerContext extends Pick<ChainContext, 'serviceOf' | 'ruleOf'> {
  readonly bound: ReadonlyMap<string, readonly VirtualService[]>;
  readonly clusters: readonly ClusterSpec[];
}

/**
 * One listener for each port and address, with the chains of all its servers. A port whose servers come to nothing (bytes that no
 * rule is bound to) has none, and refuses connections.
 *
 * Source: istio `buildGatewayListeners`.
 */
export function gatewayListeners(servers: readonly GatewayServer[], context: GatewayListenerContext): GatewayListenerSpec[] {
  const byPlace = Map.groupBy(servers, ({ port, bind }) => `${bind === '' ? '0.0.0.0' : bind}_${port}`);
  return [...byPlace]
    .map(([name, [first, ...others]]) => ({ name, port: first!.port, bind: first!.bind, chains: chainsOf([first!, ...others], context) }))
    .filter(({ chains }) => chains.length > 0);
}

function chainsOf(servers: readonly GatewayServer[], context: GatewayListenerContext): GatewayChainSpec[] {
  const [first] = servers;
  // Servers of plain HTTP share their routes, and so one chain.
  if (first?.kind === 'http') return [{ serves: { kind: 'http', routes: first.routeName }, origin: originOf(first.resource, first.path) }];
  const taken = new Set<string>();
  return servers.flatMap((server) => {
    const { kind, routeName } = server;
    const origin = originOf(server.resource, server.path);
    if (kind === 'https') return [{ ...sniOf(server), tls: tlsOf(server.tls), serves: { kind: 'http', routes: routeName }, origin } as const];
    if (kind === 'passthrough') return passthroughChains(server, context, taken);
    if (kind === 'auto-passthrough') return spelledChains(server, context);
    return bytesChains(server, context).map((chain) => (kind === 'tls' ? { ...chain, ...sniOf(server), tls: tlsOf(server.tls) } : chain));
  });
}

/** By the SNI of each match of `tls` rules; of two for one name the first counts. Source: istio `buildGatewayNetworkFiltersFromTLSRoutes`. */
function passthroughChains(server: GatewayServer, context: GatewayListenerContext, taken: Set<string>): GatewayChainSpec[] {
  const chains: GatewayChainSpec[] = [];
  for (const virtualService of servedBy(server, context)) {
    for (const rule of virtualService.tls) {
      for (const match of rule.match) {
        const { sniHosts = [] } = match;
        if (!appliesTo(match, server, virtualService) || sniHosts.some((host) => taken.has(host))) continue;
        for (const host of sniHosts) taken.add(host);
        const chain = ruleChain(rule, virtualService.resource, { number: server.port }, context);
        if (chain !== undefined) chains.push({ ...named(sniHosts), serves: { kind: 'bytes', chain: { ...chain, ...named(sniHosts) } }, origin: chain.origin });
      }
    }
  }
  return chains;
}

/** The first `tcp` rule that applies has everything. Source: istio `buildGatewayNetworkFiltersFromTCPRoutes`. */
function bytesChains(server: GatewayServer, context: GatewayListenerContext): GatewayChainSpec[] {
  for (const virtualService of servedBy(server, context)) {
    for (const rule of virtualService.tcp) {
      if (rule.match.length > 0 && !rule.match.some((match) => appliesTo(match, server, virtualService))) continue;
      const chain = ruleChain(rule, virtualService.resource, { number: server.port }, context);
      return chain === undefined ? [] : [{ serves: { kind: 'bytes', chain }, origin: chain.origin }];
    }
  }
  return [];
}

/** `outbound_.9080_.v1_.reviews.default.svc.cluster.local` is a cluster. Source: istio `buildGatewayNetworkFiltersFromAutoPassthrough`. */
function spelledChains(server: GatewayServer, { clusters }: GatewayListenerContext): GatewayChainSpec[] {
  const origin = originOf(server.resource, server.path);
  return clusters
    .filter(({ host }) => host !== '' && server.hosts.some((one) => hostsOverlap(one.host, host)))
    .map(({ name, host, port, subset }) => {
      const sniHosts = [`outbound_.${port}_.${subset}_.${host}`];
      const chain = { sniHosts, destinations: [{ cluster: name, weight: 0 }], hashesSourceIp: false, idleTimeoutMs: 0, maxConnectionDurationMs: 0, origin };
      return { sniHosts, serves: { kind: 'bytes', chain }, origin } as const;
    });
}

function servedBy({ gateway, hosts }: GatewayServer, { bound }: GatewayListenerContext): readonly VirtualService[] {
  return (bound.get(gateway) ?? []).filter(({ hosts: own, resource }) => servesAny(hosts, own, resource.namespace));
}

/** Of gateways only port and gateway count. Source: istio `l4SingleMatch`. */
function appliesTo({ port = 0, gateways = [] }: L4MatchSpec, server: GatewayServer, { resource }: VirtualService): boolean {
  const isHere = gateways.length === 0 || gateways.some((name) => gatewayName(name, resource.namespace) === server.gateway);
  return isHere && (port === 0 || port === server.port);
}

/** Source: istio `GetSNIHostsForServer`. */
function sniOf({ hosts }: GatewayServer): Pick<GatewayChainSpec, 'sniHosts'> {
  return named([...new Set(hosts.map(({ host }) => host))].sort());
}

const VERSIONS: Readonly<Record<string, string>> = { TLSV1_0: '1.0', TLSV1_1: '1.1', TLSV1_2: '1.2', TLSV1_3: '1.3' };

function tlsOf(tls: ServerTlsSpec = {}): GatewayTls {
  const { mode, serverCertificate, privateKey, caCertificates, caCrl, credentialName, caCertCredentialName, tlsCertificates = [], credentialNames = [], subjectAltNames = [], cipherSuites = [] } = tls;
  const listed = [...tlsCertificates, ...(tlsCertificates.length === 0 ? [{ serverCertificate, privateKey }] : [])];
  return {
    mode: mode as GatewayTls['mode'],
    certificates: listed.flatMap((one) => (one.serverCertificate && one.privateKey ? [{ certificate: one.serverCertificate, privateKey: one.privateKey }] : [])),
    ...(caCertificates && { caCertificates }),
    credentialNames: credentialNames.length > 0 ? credentialNames : credentialName ? [credentialName] : [],
    ...(caCertCredentialName && { caCredentialName: caCertCredentialName }),
    ...(caCrl && { caCrl }),
    subjectAltNames,
    certificateHashes: (tls.verifyCertificateHash ?? []).map((hash) => hash.replaceAll(':', '').toLowerCase()),
    keyHashes: tls.verifyCertificateSpki ?? [],
    minVersion: VERSIONS[tls.minProtocolVersion ?? ''] ?? '1.2',
    maxVersion: VERSIONS[tls.maxProtocolVersion ?? ''] ?? '1.3',
    cipherSuites,
  };
}
