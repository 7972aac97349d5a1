import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Dispatcher } from 'undici';
import { createMesh, type Mesh } from '../../../src/index.ts';
import type { BackendSet } from '../backend/backend-set.ts';
import type { ConformanceCase } from '../case/case-file.ts';
import type { CaseText } from '../case/documents.ts';
import { CallHandler } from './call-handler.ts';
import { CaseGateways } from './case-gateways.ts';
import { EndedConnections } from './ended-connections.ts';
import { connectVia, watchConnections } from './mesh-connections.ts';
import type { Call, MeshUnderTest } from './outcome.ts';

/** The mesh's own address; recordings call it `<proxy ip>`. */
export const PROXY_IP = '127.0.9.200';

/** ts-mesh under the rules of a case, its sockets led to the case's servers. */
export async function startMesh(
  conformanceCase: ConformanceCase,
  texts: readonly CaseText[],
  backends: BackendSet,
): Promise<MeshUnderTest> {
  const { client, mesh: meshConfig, dns, accessLog } = conformanceCase;
  const logLines: string[] = [];
  // Their addresses are the mesh's endpoints, and it is their mesh.
  const late: { gateways?: CaseGateways } = {};
  const mesh = await createMesh({
    config: [...texts, ...(meshConfig === undefined ? [] : [meshConfigMap(meshConfig)])],
    workload: { ...client, address: PROXY_IP },
    legacySemantics: false,
    tracing: false,
    lookup: async (host) => resolve(host, dns),
    connect: ({ address, port }, callback) => {
      if (late.gateways?.connect(address, port, callback) !== true) backends.connect(address, port, callback);
    },
    ...(accessLog && { accessLog: (line: string) => void logLines.push(line) }),
  });
  const clusterExists = (name: string): boolean => mesh.snapshot.clusters.has(name);
  const ended = new EndedConnections();
  const gateways = (late.gateways = await CaseGateways.start(conformanceCase, mesh, PROXY_IP));
  watchConnections(mesh, ended);
  return {
    send: (call) => new CallHandler(call, clusterExists).outcome((handler) => mesh.dispatcher.dispatch(optionsOf(call), handler)),
    connect: (dial) => connectVia(mesh, dial),
    ended,
    stats: (pattern) => mesh.stats(pattern),
    logLines,
    gateways: gateways.byName,
    clusters: {
      of: (cluster) => mesh.snapshot.clusters.get(cluster ?? '')?.endpoints.map(({ address, port }) => `${address}:${port}`),
      mirrors: mirrorClusters(mesh),
    },
    close: async () => {
      await gateways.close();
      await mesh.close({ drainMs: 0 });
    },
  };
}

// The dispatcher, not `request`: some paths of the cases would not survive a URL.
function optionsOf(call: Call): Dispatcher.DispatchOptions {
  const { url, path, method, headers, body, http2, bodyDelayMs, originalDst, sourceAddress } = call;
  return {
    origin: url.origin,
    path,
    method,
    headers,
    body: body !== undefined && bodyDelayMs > 0 ? Readable.from(inTwoParts(body, bodyDelayMs)) : body,
    ...{ originalDst, sourceAddress, ...(http2 && { http2 }) },
  };
}

async function* inTwoParts(body: Uint8Array, delayMs: number): AsyncGenerator<Uint8Array> {
  yield body.subarray(0, 1);
  await sleep(delayMs);
  yield body.subarray(1);
}

function meshConfigMap(mesh: unknown): object {
  const metadata = { name: 'istio', namespace: 'istio-system' };
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { mesh: JSON.stringify(mesh) } };
}

function resolve(host: string, dns: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const known = dns.get(host) ?? (host === 'localhost' ? ['127.0.0.1'] : undefined);
  if (known === undefined) throw Object.assign(new Error(`getaddrinfo ENOTFOUND ${host}`), { code: 'ENOTFOUND' });
  return known;
}

function mirrorClusters(mesh: Mesh): string[] {
  return mesh.snapshot.routes.configurations
    .flatMap(({ virtualHosts }) => virtualHosts)
    .flatMap(({ routes }) => routes)
    .flatMap(({ action }) => (action.kind === 'forward' ? (action.mirrors ?? []) : []))
    .map(({ cluster }) => cluster);
}
