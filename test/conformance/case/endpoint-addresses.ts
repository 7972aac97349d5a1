import { isIP } from 'node:net';
import type { Document, DocumentEndpoint, DocumentPort } from './documents.ts';

/** A server that the documents name. */
export interface ServerAddress {
  /** `ip:port`, as recorded. */
  readonly address: string;
  /** Its `version` label; its answers carry it. */
  readonly version?: string;
  /** Every port that leads to it is declared to be HTTP: it speaks nothing else. */
  readonly plainHttp: boolean;
}

/**
 * Every address that the documents give to a service. Rather one too many than one too few: a server that no rule reaches
 * costs nothing, and one that a wrong rule reaches shows up as a wrong `to`.
 */
export function endpointAddresses(
  documents: readonly Document[],
  dns: ReadonlyMap<string, readonly string[]>,
): ServerAddress[] {
  const resolve = (host: string): readonly string[] => (isIP(host) ? [host] : dns.get(host) ?? (host === 'localhost' ? ['127.0.0.1'] : []));
  const entries = documents.filter(({ kind }) => kind === 'ServiceEntry');
  const selectable = selectableEndpoints(documents);
  const podVersions = new Map(
    documents.filter(({ kind }) => kind === 'Pod').map(({ body, labels }) => [body.status?.podIP ?? '', labels.version]),
  );
  const fromEntries = entries.flatMap(({ body }) => {
    const spec = body.spec ?? {};
    const ports = (Array.isArray(spec.ports) ? spec.ports : []) as readonly DocumentPort[];
    const own = spec.endpoints ?? [];
    const looked = own.length > 0 || !spec.resolution?.startsWith('DNS') ? [] : (spec.hosts ?? []).map((address) => ({ address }));
    const selected = spec.workloadSelector === undefined ? [] : selectable;
    return [...own, ...looked, ...selected].flatMap((endpoint) => ports.flatMap((port) => serversOf(endpoint, port, resolve)));
  });
  const fromSlices = documents
    .filter(({ kind }) => kind === 'EndpointSlice')
    .flatMap(({ body }) => (body.endpoints ?? []).flatMap(({ addresses }) => addresses).flatMap((ip) => (body.ports ?? []).map(({ port }) => ({ ip, port }))));
  const fromEndpoints = documents
    .filter(({ kind }) => kind === 'Endpoints')
    .flatMap(({ body }) => body.subsets ?? [])
    .flatMap(({ addresses = [], notReadyAddresses = [], ports = [] }) =>
      [...addresses, ...notReadyAddresses].flatMap(({ ip }) => ports.map(({ port }) => ({ ip, port }))),
    );
  const fromPods = documents
    .filter(({ kind, body }) => kind === 'Pod' && body.status?.podIP !== undefined)
    .flatMap(({ body }) =>
      (body.spec?.containers ?? []).flatMap(({ ports = [] }) => ports.map(({ containerPort }) => ({ ip: body.status?.podIP ?? '', port: containerPort }))),
    );
  const kubernetes = [...fromSlices, ...fromEndpoints, ...fromPods].map(({ ip, port }) => ({
    address: joinAddress(ip, port),
    version: podVersions.get(ip),
    plainHttp: false,
  }));
  return distinct([...fromEntries, ...kubernetes]);
}

// WorkloadEntries and Pods, as endpoints that a ServiceEntry may select.
function selectableEndpoints(documents: readonly Document[]): DocumentEndpoint[] {
  return documents.flatMap(({ kind, labels, body }) => {
    if (kind === 'WorkloadEntry') {
      const { address, ports, labels: own } = body.spec ?? {};
      return [{ address, ports: ports as Record<string, number> | undefined, labels: { ...own, ...labels } }];
    }
    return kind === 'Pod' ? [{ address: body.status?.podIP, labels }] : [];
  });
}

function serversOf(
  endpoint: DocumentEndpoint,
  port: DocumentPort,
  resolve: (host: string) => readonly string[],
): ServerAddress[] {
  const number = endpoint.ports?.[port.name ?? ''] ?? port.targetPort ?? port.number;
  if (endpoint.address === undefined || typeof number !== 'number') return [];
  const plainHttp = port.protocol?.toUpperCase() === 'HTTP';
  return resolve(endpoint.address).map((ip) => ({ address: joinAddress(ip, number), version: endpoint.labels?.version, plainHttp }));
}

function joinAddress(ip: string, port: number): string {
  return ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`;
}

// The first source that knows a version names it; one source that does not say HTTP is enough for more than that.
function distinct(servers: readonly ServerAddress[]): ServerAddress[] {
  const byAddress = new Map<string, ServerAddress>();
  for (const server of servers) {
    const known = byAddress.get(server.address) ?? server;
    const { address } = server;
    byAddress.set(address, { address, version: known.version ?? server.version, plainHttp: known.plainHttp && server.plainHttp });
  }
  return [...byAddress.values()];
}
