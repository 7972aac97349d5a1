import type { ServerTlsSpec } from '../checks/server-tls.ts';
import type { GatewaySpec } from '../istio-types.ts';
import { byAge, hasLabels } from '../registry/endpoint-fields.ts';
import { isDeclaredHttp, parseProtocol } from '../registry/port-protocol.ts';
import { resourceName, type Resource } from '../resource.ts';
import { serverHost, type ServerHost } from './server-hosts.ts';

/**
 * What a server does: HTTP in the clear; HTTP in TLS that ends here; bytes in TLS that ends here; TLS that passes, by rules or by
 * the cluster that its name spells; bytes.
 */
export type ServerKind = 'http' | 'https' | 'tls' | 'passthrough' | 'auto-passthrough' | 'tcp';

/** One server of a Gateway, as a workload serves it. */
export interface GatewayServer {
  /** `namespace/name` of the Gateway. */
  readonly gateway: string;
  readonly resource: Resource;
  /** Such as `spec.servers[0]`. */
  readonly path: string;
  readonly kind: ServerKind;
  readonly port: number;
  readonly bind: string;
  /** Of the route configuration that its requests go by. Source: istio `gatewayRDSRouteName`. */
  readonly routeName: string;
  readonly hosts: readonly ServerHost[];
  readonly tls: ServerTlsSpec | undefined;
}

/** The servers of one workload, and those that others keep it from serving, with the reason. */
export interface MergedServers {
  readonly servers: readonly GatewayServer[];
  readonly rejected: readonly string[];
}

/**
 * The servers of all Gateways that select a workload with `labels`, the oldest first. On one port of one address only HTTP servers
 * go together, or only TLS servers, each with hosts of its own: what doesn't fit is left out.
 *
 * Source: istio `mergeGateways`.
 */
export function gatewayServers(resources: readonly Resource[], labels: Readonly<Record<string, string>>): MergedServers {
  const servers: GatewayServer[] = [];
  const rejected: string[] = [];
  for (const resource of resources.filter(({ kind }) => kind === 'Gateway').toSorted(byAge)) {
    const { selector = {}, servers: specs = [] } = resource.spec as GatewaySpec;
    if (!hasLabels(labels, selector)) continue;
    for (const [index, spec] of specs.entries()) {
      const server = serverOf(resource, spec, `spec.servers[${index}]`);
      const reason = server === undefined ? 'a Unix socket is not served' : whyNotBeside(server, servers);
      if (server !== undefined && reason === undefined) servers.push(server);
      else rejected.push(`${resourceName(resource)} spec.servers[${index}]: ${reason}`);
    }
  }
  return { servers, rejected };
}

function serverOf(resource: Resource, spec: NonNullable<GatewaySpec['servers']>[number], path: string): GatewayServer | undefined {
  const { number = 0, name: portName = '', protocol } = spec.port ?? {};
  const { bind = '' } = spec;
  const tls = spec.tls as ServerTlsSpec | undefined;
  const kind = kindOf(protocol, tls?.mode);
  if (bind.startsWith('unix:') || number === 0) return undefined;
  const { namespace, name } = resource;
  const at = bind === '' ? '' : `.${bind}`;
  return {
    gateway: `${namespace}/${name}`,
    resource,
    path,
    kind,
    port: number,
    bind,
    routeName: kind === 'https' ? `https.${number}.${portName}.${name}.${namespace}${at}` : kind === 'http' ? `http.${number}${at}` : '',
    hosts: spec.hosts.map((host) => serverHost(host, namespace)),
    tls,
  };
}

/** Source: istio `IsHTTPServer`, `IsPassThroughServer`; `PASSTHROUGH` is what a mode is when none is given. */
function kindOf(protocol: string | undefined, mode = 'PASSTHROUGH'): ServerKind {
  const parsed = parseProtocol(protocol);
  if (isDeclaredHttp(parsed)) return 'http';
  if (parsed !== 'HTTPS' && parsed !== 'TLS') return 'tcp';
  if (mode === 'PASSTHROUGH') return 'passthrough';
  if (mode === 'AUTO_PASSTHROUGH') return 'auto-passthrough';
  return parsed === 'HTTPS' ? 'https' : 'tls';
}

function whyNotBeside(server: GatewayServer, others: readonly GatewayServer[]): string | undefined {
  const beside = others.filter(({ port, bind }) => port === server.port && bind === server.bind);
  const [first] = beside;
  if (first === undefined) return undefined;
  const where = `port ${server.port}`;
  if (family(server) !== family(first) || family(server) === 'tcp') return `${where} is taken by ${first.gateway}, which speaks something else`;
  // Settings for TLS make hosts their server's own, also where they only lead plain HTTP to https.
  const known = new Set(server.tls === undefined ? [] : beside.filter(({ tls }) => tls !== undefined).flatMap(({ hosts }) => hosts.map(({ text }) => text)));
  const twice = server.hosts.find(({ text }) => known.has(text));
  if (twice !== undefined) return `another server has ${twice.text} on ${where}`;
  if (server.kind === 'https' && beside.some(({ routeName }) => routeName === server.routeName)) return `another server of ${where} has its port's name`;
  return undefined;
}

function family({ kind }: GatewayServer): 'http' | 'tls' | 'tcp' {
  return kind === 'http' || kind === 'tcp' ? kind : 'tls';
}
