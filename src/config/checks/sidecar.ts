import type { ConnectionPoolSpec, DestinationSpec, ServicePortSpec, SidecarSpec } from '../istio-types.ts';
import { isIpAddress, unixPathProblem } from './addresses.ts';
import type { Cursor } from './cursor.ts';
import { isDnsLabel } from './names.ts';
import { checkPort, checkProtocol, checkSelector, isHttpProtocol, isTlsProtocol } from './primitives.ts';
import { checkEgressHost } from './scoped-hosts.ts';
import type { ServerTlsSpec } from './server-tls.ts';
import { warnUnobeyed } from './unobeyed.ts';

const UNIX = 'unix://';

type Egress = NonNullable<SidecarSpec['egress']>[number];

interface Ingress {
  readonly port?: Partial<ServicePortSpec>;
  readonly bind?: string;
  readonly defaultEndpoint?: string;
  readonly tls?: ServerTlsSpec;
  readonly connectionPool?: ConnectionPoolSpec;
}

/** Source: istio `ValidateSidecar`. */
export function checkSidecar(spec: SidecarSpec & { inboundConnectionPool?: unknown }, at: Cursor): void {
  const { workloadSelector, egress = [], ingress = [] } = spec;
  if (workloadSelector !== undefined && !checkSelector(workloadSelector.labels, at.to('workloadSelector', 'labels'))) {
    at.to('workloadSelector').warn(
      'WARN_EMPTY_SELECTOR',
      'has no labels and so selects every workload of the namespace',
    );
  }
  if (
    egress.length + ingress.length === 0 &&
    spec.outboundTrafficPolicy === undefined &&
    spec.inboundConnectionPool === undefined
  ) {
    at.required('needs egress, ingress, outboundTrafficPolicy or inboundConnectionPool');
  }
  const arriving = 'calls that arrive at this process are not the mesh\'s';
  warnUnobeyed(spec, { ingress: arriving, inboundConnectionPool: arriving }, at);
  const ports = new Set<number>();
  (ingress as Ingress[]).forEach((listener, index) => checkIngress(listener, at.to('ingress', index), ports));
  checkEgress(egress, at.to('egress'));
}

function checkIngress(listener: Ingress, at: Cursor, ports: Set<number>): void {
  const { port, bind = '', defaultEndpoint = '', tls } = listener;
  if (port === undefined) {
    at.required('needs a port');
    return;
  }
  const { number = 0, protocol = '' } = port;
  checkListenerPort(port, at.to('port'));
  checkPort(number, at.to('port', 'number'));
  if (bind !== '' && !isIpAddress(bind)) at.to('bind').invalid('must be an IP address');
  if (ports.has(number)) at.to('port', 'number').duplicate(`${number} is also the port of another listener`);
  ports.add(number);
  if (defaultEndpoint !== '') checkDefaultEndpoint(defaultEndpoint, at.to('defaultEndpoint'));
  if (tls !== undefined) checkIngressTls(tls, protocol, at.to('tls'));
  if (listener.connectionPool?.http !== undefined && !isHttpProtocol(protocol)) {
    at.to('connectionPool', 'http').warn('WARN_NO_EFFECT', 'has no effect, since the port is not HTTP');
  }
}

function checkDefaultEndpoint(endpoint: string, at: Cursor): void {
  if (endpoint.startsWith(UNIX)) {
    const problem = unixPathProblem(endpoint.slice(UNIX.length));
    if (problem !== undefined) at.invalid(problem);
    return;
  }
  const form = 'must be 127.0.0.1:PORT, 0.0.0.0:PORT, [::1]:PORT, [::]:PORT, :PORT or unix://PATH';
  const [, host, port] = /^(\[[^[\]]*\]|[^:[\]]*):([^:[\]]*)$/.exec(endpoint) ?? [];
  const isLocal = host !== undefined && ['', '127.0.0.1', '0.0.0.0', '[::1]', '[::]'].includes(host);
  const isPort = port !== undefined && /^[-+]?\d+$/.test(port) && Number(port) >= 1 && Number(port) <= 65_535;
  if (!isLocal) at.invalid(form);
  // Istio finds fault with both, and with both as well where they can't be told apart.
  if (!isPort && (isLocal || at.onApply === undefined)) at.invalid(isLocal ? form : 'must end in a port number from 1 to 65535');
}

function checkIngressTls(tls: ServerTlsSpec, protocol: string, at: Cursor): void {
  const unsupported = ['subjectAltNames', 'credentialName', 'credentialNames', 'tlsCertificates'] as const;
  for (const field of unsupported) {
    if ((tls[field] ?? []).length > 0) at.to(field).conflict('is not supported in a Sidecar');
  }
  if (tls.httpsRedirect === true) at.to('httpsRedirect').conflict('is not supported in a Sidecar');
  if (tls.mode === 'ISTIO_MUTUAL' || tls.mode === 'AUTO_PASSTHROUGH') {
    at.to('mode').invalid('must be SIMPLE, MUTUAL, OPTIONAL_MUTUAL or PASSTHROUGH in a Sidecar');
  }
  if (!isTlsProtocol(protocol)) at.conflict('must be left out, since the protocol of the port is not HTTPS or TLS');
}

function checkEgress(listeners: readonly Egress[], at: Cursor): void {
  const ports = new Set<number | string>();
  listeners.forEach((listener, index) => {
    const place = at.to(index);
    const { port, bind = '', captureMode = 'DEFAULT', hosts = [] } = listener as Partial<Egress>;
    if (port === undefined) {
      if (index !== listeners.length - 1) {
        place.conflict('has no port and takes everything left over: it must be the last one', 'move it to the end');
      }
    } else {
      const { number = 0 } = port as Partial<ServicePortSpec>;
      checkListenerPort(port, place.to('port'));
      checkEgressBind(number, bind, captureMode, place);
      const key = number === 0 ? bind : number;
      if (ports.has(key)) place.to('port', 'number').duplicate(`${key} is also the place of another listener`);
      ports.add(key);
    }
    if (hosts.length === 0) place.required('needs at least one host', 'write hosts: ["*/*"] for all');
    hosts.forEach((host, hostIndex) => checkEgressHost(host, place.to('hosts', hostIndex)));
    warnOfCovered(hosts, place.to('hosts'));
  });
}

function checkEgressBind(number: number, bind: string, captureMode: string, at: Cursor): void {
  if (number !== 0) {
    checkPort(number, at.to('port', 'number'));
    if (bind !== '' && !isIpAddress(bind)) at.to('bind').invalid('must be an IP address');
    return;
  }
  if (!bind.startsWith(UNIX)) {
    at.to('bind').required('must be unix://PATH for a port without a number');
  } else {
    const problem = unixPathProblem(bind.slice(UNIX.length));
    if (problem !== undefined) at.to('bind').invalid(problem);
  }
  if (captureMode === 'IPTABLES') at.to('captureMode').invalid('must be DEFAULT or NONE for a Unix socket');
}

function checkListenerPort(port: Partial<ServicePortSpec>, at: Cursor): void {
  const { name = '', protocol = '', targetPort = 0 } = port;
  if (targetPort > 0) at.to('targetPort').conflict('has no meaning in a Sidecar', 'remove it');
  if (name !== '' && !isDnsLabel(name)) at.to('name').invalid('must be a DNS label');
  checkProtocol(protocol, at.to('protocol'));
}

function warnOfCovered(hosts: readonly string[], at: Cursor): void {
  const byNamespace = new Map<string, Set<string>>();
  hosts.forEach((host, index) => {
    const slash = host.indexOf('/');
    if (slash === -1) return;
    const written = host.slice(0, slash);
    const namespace = written === '.' ? at.context.namespace : written;
    const names = byNamespace.get(namespace) ?? new Set<string>();
    const name = host.slice(slash + 1);
    const covered = name === '*' ? names.size > 0 : names.has(name) || names.has('*');
    if (covered) {
      at.to(index).warn('WARN_DUPLICATE', `${JSON.stringify(host)} is covered by another entry, or covers one`);
    }
    byNamespace.set(namespace, names.add(name));
  });
  if (byNamespace.get('*')?.has('*') === true && byNamespace.size > 1) {
    at.warn('WARN_DUPLICATE', 'has */*, which selects everything, so that the other entries change nothing');
  }
}

type OutboundPolicy = { mode?: string; egressProxy?: DestinationSpec };

export function checkSidecarOutbound(policy: OutboundPolicy, at: Cursor): void {
  const { mode = 'REGISTRY_ONLY', egressProxy } = policy;
  if (mode === 'ALLOW_ANY_DYNAMIC_DNS') at.to('mode').invalid('must be ALLOW_ANY or REGISTRY_ONLY in a Sidecar');
  if (egressProxy === undefined) return;
  if (mode !== 'ALLOW_ANY') {
    at.to('egressProxy').conflict('is allowed with mode ALLOW_ANY only');
    return;
  }
  if ((egressProxy.host ?? '').includes('*')) at.to('egressProxy', 'host').invalid('must be the name of one service');
  if (egressProxy.port === undefined) at.to('egressProxy').required('needs a port');
}
