/** Where a kind keeps what the compiler reads. */
export type BodyOf = 'spec' | 'document';

/** A kind of resource that ts-mesh reads. */
export interface KindInfo {
  readonly kind: string;
  /** API group; empty for Kubernetes' core. */
  readonly group: string;
  readonly versions: readonly string[];
  readonly body: BodyOf;
  /** Other names in references, as for kubectl. */
  readonly aliases: readonly string[];
}

const ISTIO = { group: 'networking.istio.io', versions: ['v1', 'v1beta1', 'v1alpha3'], body: 'spec' } as const;
const CORE = { group: '', versions: ['v1'] } as const;

/** Every kind that is read. */
export const KINDS: readonly KindInfo[] = [
  { kind: 'VirtualService', ...ISTIO, aliases: ['vs', 'virtualservices'] },
  { kind: 'DestinationRule', ...ISTIO, aliases: ['dr', 'destinationrules'] },
  { kind: 'ServiceEntry', ...ISTIO, aliases: ['se', 'serviceentries'] },
  { kind: 'WorkloadEntry', ...ISTIO, aliases: ['we', 'workloadentries'] },
  { kind: 'Sidecar', ...ISTIO, aliases: ['sidecars'] },
  { kind: 'Gateway', ...ISTIO, aliases: ['gw', 'gateways'] },
  { kind: 'Service', ...CORE, body: 'spec', aliases: ['svc', 'services'] },
  { kind: 'Endpoints', ...CORE, body: 'document', aliases: ['ep'] },
  { kind: 'Pod', ...CORE, body: 'document', aliases: ['po', 'pods'] },
  { kind: 'ConfigMap', ...CORE, body: 'document', aliases: ['cm', 'configmaps'] },
  { kind: 'EndpointSlice', group: 'discovery.k8s.io', versions: ['v1', 'v1beta1'], body: 'document', aliases: ['endpointslices'] },
  { kind: 'Deployment', group: 'apps', versions: ['v1'], body: 'spec', aliases: ['deploy', 'deployments'] },
];

const byKind = new Map(KINDS.map((info) => [info.kind, info]));

/** The kind called exactly `kind`. */
export function kindInfo(kind: string): KindInfo | undefined {
  return byKind.get(kind);
}
