/** What is spoken on a service port. `SNIFFED`: undeclared, told by the first bytes of each connection. */
export type PortProtocol = 'HTTP' | 'HTTP2' | 'GRPC' | 'GRPC_WEB' | 'HTTP_PROXY' | 'HTTPS' | 'TLS' | 'TCP' | 'UDP' | 'SNIFFED';

const BY_NAME: ReadonlyMap<string, PortProtocol> = byName({
  http: 'HTTP',
  http2: 'HTTP2',
  grpc: 'GRPC',
  'grpc-web': 'GRPC_WEB',
  http_proxy: 'HTTP_PROXY',
  https: 'HTTPS',
  tls: 'TLS',
  tcp: 'TCP',
  udp: 'UDP',
  mongo: 'TCP',
  redis: 'TCP',
  mysql: 'TCP',
});

/** `appProtocol` values that Kubernetes defines itself. */
const KUBERNETES_APP_PROTOCOLS: ReadonlyMap<string, PortProtocol> = byName({
  'kubernetes.io/h2c': 'HTTP2',
  'kubernetes.io/ws': 'HTTP',
  'kubernetes.io/wss': 'HTTPS',
});

/** Ports where the server speaks first, so that sniffing would wait for ever: SMTP, DNS, MySQL, MongoDB. */
const SERVER_FIRST_PORTS: ReadonlySet<number> = new Set([25, 53, 3306, 27017]);

/** A protocol as a ServiceEntry or a Sidecar spells it; an unknown or missing one is sniffed. */
export function parseProtocol(text: string | undefined): PortProtocol {
  return BY_NAME.get((text ?? '').toLowerCase()) ?? 'SNIFFED';
}

/**
 * The protocol of a Kubernetes Service port: `appProtocol` beats the name; of either the part before the first `-` counts.
 * An `appProtocol` that says nothing to Istio makes the port a sniffed one, whatever its name.
 *
 * Source: istio pkg/config/kube `ConvertProtocol`.
 */
export function kubernetesProtocol(port: { name?: string; port: number; protocol?: string; appProtocol?: string }): PortProtocol {
  if (port.protocol === 'UDP') return 'UDP';
  const standard = KUBERNETES_APP_PROTOCOLS.get(port.appProtocol ?? '');
  if (standard !== undefined) return standard;
  const text = (port.appProtocol ?? port.name ?? '').toLowerCase();
  if (text.startsWith('grpc-web')) return 'GRPC_WEB';
  const protocol = BY_NAME.get(text.split('-', 1)[0]!);
  if (protocol !== undefined) return protocol;
  return SERVER_FIRST_PORTS.has(port.port) ? 'TCP' : 'SNIFFED';
}

/** Whether `http` rules of VirtualServices apply: HTTP in the clear, declared or told by sniffing. */
export function isHttp(protocol: PortProtocol): boolean {
  return protocol === 'SNIFFED' || isDeclaredHttp(protocol);
}

/** HTTP in the clear that the port declares. */
export function isDeclaredHttp(protocol: PortProtocol): boolean {
  return isHttp2(protocol) || protocol === 'HTTP' || protocol === 'HTTP_PROXY';
}

/** Whether the port's own protocol asks for HTTP/2 to the endpoints, whatever the caller speaks. */
export function isHttp2(protocol: PortProtocol): boolean {
  return protocol === 'HTTP2' || protocol === 'GRPC' || protocol === 'GRPC_WEB';
}

/** A port may be called `constructor`, so no plain object. */
function byName(protocols: Readonly<Record<string, PortProtocol>>): ReadonlyMap<string, PortProtocol> {
  return new Map(Object.entries(protocols));
}
