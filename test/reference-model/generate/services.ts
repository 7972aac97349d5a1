import * as fc from 'fast-check';
import type { EndpointSlice, KubernetesService, Pod, Resource, ServiceEntry } from '../model/resources.ts';
import { compact, maybe, oneOf } from './vocabulary.ts';

/** Names that rules and requests use; not every one of them is always registered. */
export const HOSTS = [
  'a.default.svc.cluster.local',
  'b.default.svc.cluster.local',
  'a.shop.svc.cluster.local',
  'c.shop.svc.cluster.local',
  'k.default.svc.cluster.local',
  'k.shop.svc.cluster.local',
  'api.example.com',
  '*.example.com',
  '*.deep.example.com',
  'www.deep.example.com',
] as const;

interface Draft {
  readonly host: string;
  readonly namespace: string;
  readonly address: string;
}

// Every service has addresses of its own.
const DRAFTS: readonly Draft[] = [
  { host: 'a.default.svc.cluster.local', namespace: 'default', address: '10.9.0.1' },
  { host: 'b.default.svc.cluster.local', namespace: 'default', address: '10.9.0.2' },
  { host: 'a.shop.svc.cluster.local', namespace: 'shop', address: '10.9.0.3' },
  { host: 'c.shop.svc.cluster.local', namespace: 'shop', address: '2001:db8::4' },
  { host: 'api.example.com', namespace: 'default', address: '10.9.0.5' },
  { host: 'api.example.com', namespace: 'shop', address: '10.9.0.6' },
  { host: '*.example.com', namespace: 'default', address: '10.9.0.7' },
  { host: '*.deep.example.com', namespace: 'shop', address: '10.9.0.8' },
  { host: 'www.deep.example.com', namespace: 'istio-system', address: '10.9.0.9' },
];

export const ADDRESSES = [...DRAFTS.map(({ address }) => address), '10.8.0.1', '10.8.0.2'];

/** As a Host says it. */
export const ADDRESS_HOSTS = ADDRESSES.map((address) => (address.includes(':') ? `[${address}]` : address));

const HTTP_80 = { number: 80, name: 'http', protocol: 'HTTP' };
const HTTP_8080 = { number: 8080, name: 'http-alt', protocol: 'HTTP', targetPort: 18080 };
/** Told by its first bytes. */
const SNIFFED_7070 = { number: 7070, name: 'anything' };
const TCP_9000 = { number: 9000, name: 'tcp', protocol: 'TCP' };

const serviceExport = maybe(oneOf<readonly string[]>([['*'], ['.'], ['shop'], ['~'], ['default', 'shop']]), 0.5);

/** Some of the services, each as a ServiceEntry. */
const serviceEntries: fc.Arbitrary<Resource[]> = fc.tuple(...DRAFTS.map((draft, index) => fc.option(serviceEntry(draft, index), { freq: index % 2 === 0 ? 20 : 5, nil: undefined }))).map((entries) => entries.filter((entry) => entry !== undefined));

function serviceEntry({ host, namespace, address }: Draft, index: number): fc.Arbitrary<ServiceEntry> {
  return fc
    .record({
      ports: oneOf([[HTTP_80], [HTTP_80], [HTTP_8080], [HTTP_80, HTTP_8080], [HTTP_80, HTTP_8080], [HTTP_80, HTTP_8080], [HTTP_80, TCP_9000], [HTTP_80, SNIFFED_7070]]),
      hasAddress: fc.boolean(),
      exportTo: serviceExport,
      resolution: oneOf(['STATIC', 'STATIC', 'STATIC', 'STATIC', 'STATIC', 'NONE']),
      versions: oneOf([['v1', 'v2'], ['v1', 'v2'], ['v1'], ['v1', 'v1', 'v2', 'v3'], ['v1', 'v2'], []]),
      ownPort: fc.boolean(),
    })
    .map(({ ports, hasAddress, exportTo, resolution, versions, ownPort }) =>
      compact({
        kind: 'ServiceEntry' as const,
        // Labels of the entry are not its endpoints'.
        metadata: { name: `se-${String(index)}`, namespace, labels: { version: 'none' } },
        spec: {
          hosts: [host],
          addresses: hasAddress ? [address] : undefined,
          location: 'MESH_INTERNAL',
          resolution,
          ports,
          exportTo,
          endpoints:
            resolution === 'NONE' || versions.length === 0
              ? undefined
              : versions.map((version, at) => ({ address: `10.1.${String(index)}.${String(at + 1)}`, labels: { app: 'x', version }, ports: ownPort && at === 0 ? { [ports[0]?.name ?? '']: 7000 } : undefined })),
        },
      }),
    );
}

/** `k` in two namespaces, with slices and pods, and a headless `db`. */
const kubernetesServices: fc.Arbitrary<Resource[]> = fc
  .tuple(kubernetesService('k', 'default', '10.8.0.1', 1), kubernetesService('k', 'shop', '10.8.0.2', 2), kubernetesService('db', 'default', 'None', 3))
  .map((groups) => groups.flat());

function kubernetesService(name: string, namespace: string, clusterIP: string, index: number): fc.Arbitrary<Resource[]> {
  return fc
    .record({
      present: fc.boolean(),
      portName: oneOf(['http', 'http-x', 'grpc', 'HTTP2-a']),
      exportTo: maybe(oneOf(['*', '.', 'shop', '.,default']), 1),
      ready: fc.array(fc.record({ ready: oneOf([true, true, false, undefined]), terminating: oneOf([undefined, undefined, true]), version: oneOf(['v1', 'v2']), hasPod: oneOf([true, true, false]) }), { maxLength: 3 }),
      notReadyToo: oneOf([undefined, undefined, true]),
    })
    .map(({ present, portName, exportTo, ready, notReadyToo }) => {
      if (!present) return [];
      const service: KubernetesService = compact({
        kind: 'Service',
        metadata: { name, namespace, annotations: exportTo === undefined ? undefined : { 'networking.istio.io/exportTo': exportTo } },
        spec: {
          clusterIP,
          publishNotReadyAddresses: notReadyToo,
          ports: [
            { name: portName, port: 80, targetPort: 8000 },
            { name: 'tcp-y', port: 9000, targetPort: 9001 },
          ],
        },
      });
      const slice: EndpointSlice = compact({
        kind: 'EndpointSlice',
        metadata: { name: `${name}-1`, namespace, labels: { 'kubernetes.io/service-name': name } },
        ports: [
          { name: portName, port: 8000 },
          { name: 'tcp-y', port: 9001 },
        ],
        endpoints: ready.map(({ ready: isReady, terminating, hasPod }, at) => ({
          addresses: [`10.2.${String(index)}.${String(at + 1)}`],
          conditions: isReady === undefined && terminating === undefined ? undefined : { ready: terminating === true ? false : isReady, terminating },
          targetRef: hasPod ? { kind: 'Pod', name: `${name}-pod-${String(at)}`, namespace } : undefined,
        })),
      });
      const pods = ready.map(({ version }, at): Pod => ({ kind: 'Pod', metadata: { name: `${name}-pod-${String(at)}`, namespace, labels: { app: name, version } } }));
      return [service, slice, ...pods];
    });
}

export const services: fc.Arbitrary<Resource[]> = fc.tuple(serviceEntries, kubernetesServices).map(([entries, kubernetes]) => [...entries, ...kubernetes]);
