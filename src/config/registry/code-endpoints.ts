import { MeshError } from '../../common/errors.ts';
import { expandHost } from '../../common/host-name.ts';
import type { CompileOptions, EndpointInput } from '../compile-options.ts';
import type { ConfigIssue } from '../issue.ts';
import { parseLocality } from './endpoint-fields.ts';
import type { Service, ServiceEndpoint, ServicePort } from './service.ts';

/** The services of a registry, for adding to it what code says about endpoints. */
interface Services {
  has(host: string): boolean;
  find(host: string): readonly Service[];
}

/** Endpoints from code, by the host they belong to. */
export interface CodeEndpoints {
  readonly byHost: ReadonlyMap<string, readonly CodeEndpoint[]>;
  /** Services that no document declares, made from keys that name a port. */
  readonly newServices: readonly Service[];
  readonly issues: readonly ConfigIssue[];
}

/** One endpoint and the service port it is for; no port: all of them. */
export interface CodeEndpoint {
  readonly input: EndpointInput;
  readonly servicePort: number | undefined;
}

/**
 * Finds the service that each key of `options.endpoints` means: a host of the registry as it stands, else a short name of
 * the caller's namespace, `name.namespace`, or `name.namespace.svc`. A key nobody declares becomes a plain HTTP service when
 * it names a port.
 *
 * @throws {MeshError} `ERR_INVALID_ARGUMENT` for what is no list of endpoints.
 */
export function resolveCodeEndpoints(options: CompileOptions, services: Services, namespaces: ReadonlySet<string>): CodeEndpoints {
  const domain = options.domain ?? 'cluster.local';
  const byHost = new Map<string, CodeEndpoint[]>();
  const newPorts = new Map<string, Set<number>>();
  const issues: ConfigIssue[] = [];
  for (const [key, inputs] of Object.entries(options.endpoints ?? {})) {
    assertInputs(key, inputs);
    const { port } = splitPort(key);
    const candidates = hostCandidates(key, options.workload.namespace, domain, namespaces);
    const host = candidates.find((candidate) => services.has(candidate)) ?? candidates[0]!;
    if (!services.has(host)) {
      if (port === undefined) {
        issues.push(undeclared(key, host));
        continue;
      }
      newPorts.set(host, (newPorts.get(host) ?? new Set()).add(port));
    } else if (port !== undefined && !services.find(host).some((service) => service.ports.some(({ number }) => number === port))) {
      issues.push(unknownPort(key, host, port, services.find(host)));
      continue;
    }
    const list = byHost.get(host) ?? [];
    list.push(...inputs.map((input) => ({ input, servicePort: port })));
    byHost.set(host, list);
  }
  return { byHost, issues, newServices: [...newPorts].map(([host, ports]) => codeService(host, ports, options, domain)) };
}

function assertInputs(key: string, inputs: unknown): void {
  if (Array.isArray(inputs) && inputs.every((input: unknown) => typeof (input as Partial<EndpointInput> | null)?.address === 'string')) return;
  throw new MeshError('ERR_INVALID_ARGUMENT', `endpoints["${key}"] must be a list such as [{ address: '127.0.0.1:9081' }], got ${JSON.stringify(inputs)}`);
}

/** `endpoint` as one of `ports`' services has it; it goes to its very port when it names one. */
export function serviceEndpoint({ input, servicePort }: CodeEndpoint, ports: readonly ServicePort[]): ServiceEndpoint {
  const { name: address, port: own } = input.address.startsWith('/') ? { name: input.address, port: 0 } : splitPort(input.address);
  const served = ports.filter(({ number }) => servicePort === undefined || number === servicePort);
  return {
    address,
    ports: new Map(served.map((port) => [port.name, input.port ?? own ?? port.targetPort])),
    labels: input.labels ?? {},
    weight: input.weight ?? 1,
    locality: parseLocality(input.locality),
  };
}

/** The hosts that a key of `options.endpoints` may mean, best first. */
export function hostCandidates(key: string, callerNamespace: string, domain: string, namespaces: ReadonlySet<string>): string[] {
  const lower = splitPort(key).name.toLowerCase();
  const labels = lower.split('.');
  if (labels.length === 1) return [expandHost(lower, callerNamespace, domain), lower];
  const inCluster = labels[2] === 'svc' || labels.length === 2 ? [expandHost(labels[0]!, labels[1]!, domain)] : [];
  // `reviews.default` and `example.com` look alike; only the registry or a known namespace tells them apart.
  return namespaces.has(labels[1]!) ? [...inCluster, lower] : [lower, ...inCluster];
}

function codeService(host: string, ports: ReadonlySet<number>, options: CompileOptions, domain: string): Service {
  const [, namespace = ''] = host.endsWith(`.svc.${domain}`) ? host.split('.') : [];
  return {
    host,
    namespace: namespace === '' ? options.workload.namespace : namespace,
    registry: 'code',
    ports: [...ports].map((number) => ({ number, name: `http-${number}`, protocol: 'HTTP', targetPort: number })),
    addresses: [],
    discovery: 'static',
    headless: false,
    aliases: [],
    exportTo: ['*'],
    endpoints: [],
    origin: { kind: 'endpoints', namespace: options.workload.namespace, name: host, path: '' },
  };
}

/** `host:port`, `[::1]:port`, or an address without port (IPv6 too). */
function splitPort(text: string): { name: string; port: number | undefined } {
  const bracketed = /^\[([^\]]*)\](?::(\d+))?$/.exec(text);
  const plain = /^([^:]*):(\d+)$/.exec(text);
  const found = bracketed ?? plain;
  if (found === null) return { name: text, port: undefined };
  return { name: found[1]!, port: found[2] === undefined ? undefined : Number(found[2]) };
}

function undeclared(key: string, host: string): ConfigIssue {
  return {
    ...optionIssue(key),
    code: 'WARN_UNKNOWN_SERVICE',
    message: `no Service or ServiceEntry declares ${host}, so these endpoints are not used`,
    hint: `declare it, or name the port in the key, such as "${key}:80"`,
  };
}

function unknownPort(key: string, host: string, port: number, services: readonly Service[]): ConfigIssue {
  const ports = services.flatMap((service) => service.ports.map(({ number }) => number)).join(', ');
  return {
    ...optionIssue(key),
    code: 'WARN_UNKNOWN_PORT',
    message: `${host} has no port ${port}, so these endpoints are not used`,
    hint: `its ports: ${ports === '' ? 'none' : ports}`,
  };
}

function optionIssue(key: string): Omit<ConfigIssue, 'code' | 'message'> {
  return { file: '<endpoints>', line: 1, column: 1, severity: 'warning', resource: '', path: `endpoints["${key}"]`, value: '' };
}
