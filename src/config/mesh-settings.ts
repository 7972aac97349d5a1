import { parse } from 'yaml';
import { parseDurationMs } from '../common/duration.ts';
import type { ConnectionPoolSpec, LocalityLbSpec, MeshConfigSpec, OutlierDetectionSpec, ProxyHeadersSpec, RetrySpec } from './istio-types.ts';
import type { Resource } from './resource.ts';
import type { ClientCertificateHeader, MeshSettings, ProxyHeaders } from './snapshot.ts';

/** MeshConfig with every default filled in: what the compiler asks while it builds routes and clusters. */
export interface MeshConfig {
  readonly settings: MeshSettings;
  readonly rootNamespace: string;
  readonly serviceExportTo: readonly string[];
  readonly virtualServiceExportTo: readonly string[];
  readonly destinationRuleExportTo: readonly string[];
  readonly retryPolicy: RetrySpec | undefined;
  readonly connectionPool: ConnectionPoolSpec | undefined;
  readonly outlierDetection: OutlierDetectionSpec | undefined;
  readonly localityLb: LocalityLbSpec;
  readonly tcpKeepalive: { probes?: number; time?: string; interval?: string } | undefined;
  readonly h2Upgrade: boolean;
  /** Milliseconds; absent: the default. */
  readonly dnsRefreshMs: number | undefined;
}

const EVERYWHERE: readonly string[] = ['*'];
const OWN_NAMESPACE: readonly string[] = ['.'];
const NOWHERE: readonly string[] = ['~'];

/**
 * The mesh-wide settings that `resources` put in force: those of the ConfigMap `istio` of `istio-system` when there is one,
 * else of the oldest mesh ConfigMap at all. Fields replace Istio's defaults one by one, at the top level only.
 *
 * Source: semantics of istiod's MeshConfig; `DefaultMeshConfig`.
 */
export function readMeshConfig(resources: readonly Resource[]): MeshConfig {
  const maps = resources.filter((resource) => resource.kind === 'ConfigMap' && isObject(resource.spec));
  const chosen = maps.find((map) => map.name === 'istio' && map.namespace === 'istio-system') ?? maps[0];
  return completeMeshConfig(chosen === undefined ? {} : meshOf(chosen.spec as ConfigMapBody));
}

/** The document's own body, with `data.mesh` parsed by the reader, or that part alone. */
type ConfigMapBody = MeshConfigSpec & { readonly data?: { readonly mesh?: unknown } };

function meshOf(body: ConfigMapBody): MeshConfigSpec {
  if (body.data === undefined) return body;
  const { mesh } = body.data;
  if (typeof mesh !== 'string') return isObject(mesh) ? (mesh as MeshConfigSpec) : {};
  try {
    const parsed: unknown = parse(mesh, { maxAliasCount: 100 });
    return isObject(parsed) ? (parsed as MeshConfigSpec) : {};
  } catch {
    // Checking the text is the reader's work; what it let through cannot stop the compiler.
    return {};
  }
}

function completeMeshConfig(spec: MeshConfigSpec): MeshConfig {
  return {
    settings: {
      outboundTrafficPolicy: outboundMode(spec.outboundTrafficPolicy, 'ALLOW_ANY'),
      pathNormalization: normalization(spec.pathNormalization?.normalization),
      connectTimeoutMs: durationOr(spec.connectTimeout, 10_000),
      accessLogFile: spec.accessLogFile ?? '',
      accessLogEncoding: spec.accessLogEncoding === 'JSON' ? 'JSON' : 'TEXT',
      accessLogFormat: spec.accessLogFormat ?? '',
      traceSampling: spec.defaultConfig?.tracing?.sampling ?? 1,
      proxyHeaders: proxyHeaders(spec.defaultConfig?.proxyHeaders),
      clientCertificates: clientCertificates(spec.defaultConfig),
      trustedProxies: spec.defaultConfig?.gatewayTopology?.numTrustedProxies ?? 0,
    },
    rootNamespace: spec.rootNamespace ?? 'istio-system',
    serviceExportTo: defaultExport(spec.defaultServiceExportTo),
    virtualServiceExportTo: defaultExport(spec.defaultVirtualServiceExportTo),
    destinationRuleExportTo: defaultExport(spec.defaultDestinationRuleExportTo),
    retryPolicy: spec.defaultHttpRetryPolicy,
    connectionPool: spec.defaultTrafficPolicy?.connectionPool,
    outlierDetection: spec.defaultTrafficPolicy?.outlierDetection,
    localityLb: spec.localityLbSetting ?? {},
    tcpKeepalive: spec.tcpKeepalive,
    h2Upgrade: spec.h2UpgradePolicy === 'UPGRADE',
    // Envoy takes none of a millisecond or less.
    dnsRefreshMs: durationOr(spec.dnsRefreshRate, 0) > 1 ? durationOr(spec.dnsRefreshRate, 0) : undefined,
  };
}

/** `REGISTRY_ONLY` is the enum's zero: a policy that is given without a mode means it. */
export function outboundMode(
  policy: { mode?: string } | undefined,
  absent: MeshSettings['outboundTrafficPolicy'],
): MeshSettings['outboundTrafficPolicy'] {
  if (policy === undefined) return absent;
  return policy.mode?.startsWith('ALLOW_ANY') === true ? 'ALLOW_ANY' : 'REGISTRY_ONLY';
}

/** Source: istio `GetProxyHeadersFromProxyConfig`. */
function proxyHeaders({ server, requestId, attemptCount, envoyDebugHeaders }: ProxyHeadersSpec = {}): ProxyHeaders {
  return {
    server: server?.disabled === true ? undefined : server?.value || 'envoy',
    requestId: requestId?.disabled !== true,
    attemptCount: attemptCount?.disabled !== true,
    debug: envoyDebugHeaders?.disabled !== true,
  };
}

const FORWARDING: ReadonlySet<string> = new Set<ClientCertificateHeader['forward']>(['SANITIZE', 'FORWARD_ONLY', 'APPEND_FORWARD', 'SANITIZE_SET', 'ALWAYS_FORWARD_ONLY']);

/** Source: istio `buildGatewayConnectionManager`. Details that are given take the place of all defaults. */
function clientCertificates({ gatewayTopology, proxyHeaders: headers }: NonNullable<MeshConfigSpec['defaultConfig']> = {}): ClientCertificateHeader {
  const forward = gatewayTopology?.forwardClientCertDetails ?? '';
  const details = headers?.setCurrentClientCertDetails ?? { subject: true, cert: true, uri: true, dns: true };
  const { subject = false, cert = false, chain = false, uri = false, dns = false } = details;
  return { forward: FORWARDING.has(forward) ? (forward as ClientCertificateHeader['forward']) : 'SANITIZE_SET', subject, cert, chain, uri, dns };
}

/** Milliseconds of `text`, or `absent` when it is not given. */
export function durationOr(text: string | undefined, absent: number): number {
  return text === undefined ? absent : (parseDurationMs(text) ?? absent);
}

function normalization(name: string | undefined): MeshSettings['pathNormalization'] {
  if (name === 'NONE' || name === 'MERGE_SLASHES' || name === 'DECODE_AND_MERGE_SLASHES') return name;
  return 'BASE';
}

/** As a default only `.` and `*` mean something, in this order. Source: istio `initServiceRegistry`, `initVirtualServices`. */
function defaultExport(exportTo: readonly string[] | undefined): readonly string[] {
  if (exportTo === undefined || exportTo.length === 0) return EVERYWHERE;
  if (exportTo.includes('.')) return OWN_NAMESPACE;
  return exportTo.includes('*') ? EVERYWHERE : NOWHERE;
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}
