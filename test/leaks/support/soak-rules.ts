// The rules of the soak, edition by edition, and what each of them allows.

/** Where the endpoints are. */
export interface SoakEndpoints {
  readonly http: number;
  readonly tcp: number;
  readonly tls: number;
}

/** What an answer of one edition may say. */
export interface Edition {
  readonly abortStatus: number;
  /** Percent of requests. */
  readonly aborted: number;
  readonly delayed: number;
  /** Percent that `v1` gets; `v2` gets the rest. */
  readonly toV1: number;
}

export const VERSIONS = ['v1', 'v2'] as const;
const HOSTS_PER_VERSION = 4;

export function editionOf(n: number): Edition {
  return { abortStatus: [418, 429, 503][n % 3]!, aborted: [1, 5, 0, 2][n % 4]!, delayed: [2, 0, 1][n % 3]!, toV1: [50, 100, 0, 90, 10][n % 5]! };
}

/** Loopback addresses of the endpoints of a version; each edition leaves another one out. */
function addressesOf(version: number, n: number): string[] {
  return Array.from({ length: HOSTS_PER_VERSION }, (_, i) => `127.0.${200 + version}.${i + 1}`).filter((_, i) => i !== n % (HOSTS_PER_VERSION + 2));
}

const NETWORKING = 'networking.istio.io/v1';

function entry(n: number, name: string, protocol: string, port: number): object {
  const endpoints = VERSIONS.flatMap((version, v) => addressesOf(v, n).map((address) => ({ address, ports: { main: port }, labels: { version } })));
  return {
    apiVersion: NETWORKING, kind: 'ServiceEntry', metadata: { name, namespace: 'default' },
    spec: { hosts: [`${name}.local`], location: 'MESH_INTERNAL', resolution: 'STATIC', ports: [{ number: 80, name: 'main', protocol }], endpoints },
  };
}

function destinations(n: number, name: string): object {
  return {
    apiVersion: NETWORKING, kind: 'DestinationRule', metadata: { name, namespace: 'default' },
    spec: {
      host: `${name}.local`,
      trafficPolicy: { loadBalancer: { simple: ['ROUND_ROBIN', 'LEAST_REQUEST', 'RANDOM'][n % 3] }, connectionPool: { tcp: { connectTimeout: '5s' } } },
      subsets: VERSIONS.map((version) => ({ name: version, labels: { version } })),
    },
  };
}

function shares(n: number, name: string): object[] {
  const { toV1 } = editionOf(n);
  return VERSIONS.map((subset) => ({ destination: { host: `${name}.local`, subset }, weight: subset === 'v1' ? toV1 : 100 - toV1 }));
}

function bound(name: string, spec: object): object {
  return { apiVersion: NETWORKING, kind: 'VirtualService', metadata: { name, namespace: 'default' }, spec: { gateways: ['edge'], ...spec } };
}

/** Edition `n`: weights, faults, balancing and the endpoints themselves change. */
export function soakRules(n: number, { http, tcp, tls }: SoakEndpoints): object[] {
  const { abortStatus, aborted, delayed } = editionOf(n);
  const fault = {
    ...(delayed > 0 && { delay: { percentage: { value: delayed }, fixedDelay: '3ms' } }),
    ...(aborted > 0 && { abort: { percentage: { value: aborted }, httpStatus: abortStatus } }),
  };
  return [
    entry(n, 'shop', 'HTTP', http), destinations(n, 'shop'), entry(n, 'echo', 'TCP', tcp), destinations(n, 'echo'), entry(n, 'secure', 'TLS', tls), destinations(n, 'secure'),
    bound('shop', {
      hosts: ['soak.test'],
      http: [
        { match: [{ uri: { prefix: '/moved' } }], redirect: { uri: '/go' } },
        {
          match: [{ uri: { prefix: '/go' } }], route: shares(n, 'shop'), retries: { attempts: 0 },
          ...(Object.keys(fault).length > 0 && { fault }),
          headers: { response: { set: { 'x-told': '%RESPONSE_FLAGS%', 'x-edition': String(n) } } },
        },
      ],
    }),
    bound('echo', { hosts: ['*'], tcp: [{ match: [{ port: 9000 }], route: shares(n, 'echo') }] }),
    bound('secure', { hosts: ['*.example.com'], tls: [{ match: [{ port: 443, sniHosts: ['*.example.com'] }], route: shares(n, 'secure') }] }),
  ];
}

export const SOAK_GATEWAY = {
  apiVersion: NETWORKING, kind: 'Gateway', metadata: { name: 'edge', namespace: 'default' },
  spec: {
    selector: { istio: 'edge' },
    servers: [
      { port: { number: 80, name: 'http', protocol: 'HTTP' }, hosts: ['*'] },
      { port: { number: 9000, name: 'tcp', protocol: 'TCP' }, hosts: ['*'] },
      { port: { number: 443, name: 'tls', protocol: 'TLS' }, hosts: ['*.example.com'], tls: { mode: 'PASSTHROUGH' } },
    ],
  },
};
