import type { Field } from './schema/field.ts';
import { destinationRule } from './schema/destination-rule.ts';
import { gateway } from './schema/gateway.ts';
import { deployment, endpoints, endpointSlice, pod, service } from './schema/kubernetes.ts';
import { meshConfig } from './schema/mesh-config.ts';
import { serviceEntry, workloadEntry } from './schema/service-entry.ts';
import { sidecar } from './schema/sidecar.ts';
import { virtualService } from './schema/virtual-service.ts';

/** A kind of resource that ts-mesh reads. */
export interface KindInfo {
  readonly kind: string;
  /** API group; empty for Kubernetes' core. */
  readonly group: string;
  readonly versions: readonly string[];
  /** Where the body is: below `spec`, or the document itself. */
  readonly body: 'spec' | 'document';
  readonly schema: Field;
  /** Other names in references, in lower case, as for kubectl. */
  readonly aliases: readonly string[];
}

export const ISTIO_GROUP = 'networking.istio.io';

// The three versions share one schema.
const ISTIO = { group: ISTIO_GROUP, versions: ['v1', 'v1beta1', 'v1alpha3'], body: 'spec' } as const;
const CORE = { group: '', versions: ['v1'] } as const;

/** Every kind that is read. */
export const KINDS: readonly KindInfo[] = [
  { kind: 'VirtualService', ...ISTIO, schema: virtualService, aliases: ['vs', 'virtualservices'] },
  { kind: 'DestinationRule', ...ISTIO, schema: destinationRule, aliases: ['dr', 'destinationrules'] },
  { kind: 'ServiceEntry', ...ISTIO, schema: serviceEntry, aliases: ['se', 'serviceentries'] },
  { kind: 'WorkloadEntry', ...ISTIO, schema: workloadEntry, aliases: ['we', 'workloadentries'] },
  { kind: 'Sidecar', ...ISTIO, schema: sidecar, aliases: ['sidecars'] },
  { kind: 'Gateway', ...ISTIO, schema: gateway, aliases: ['gw', 'gateways'] },
  { kind: 'Service', ...CORE, body: 'spec', schema: service, aliases: ['svc', 'services'] },
  { kind: 'Endpoints', ...CORE, body: 'document', schema: endpoints, aliases: ['ep'] },
  { kind: 'Pod', ...CORE, body: 'document', schema: pod, aliases: ['po', 'pods'] },
  { kind: 'ConfigMap', ...CORE, body: 'document', schema: meshConfig, aliases: ['cm', 'configmaps'] },
  {
    kind: 'EndpointSlice',
    group: 'discovery.k8s.io',
    versions: ['v1', 'v1beta1'],
    body: 'document',
    schema: endpointSlice,
    aliases: ['endpointslices'],
  },
  {
    kind: 'Deployment',
    group: 'apps',
    versions: ['v1'],
    body: 'spec',
    schema: deployment,
    aliases: ['deploy', 'deployments'],
  },
];

const byKind = new Map(KINDS.map((info) => [info.kind, info]));

/** The kind called exactly `kind`. */
export function kindInfo(kind: string): KindInfo | undefined {
  return byKind.get(kind);
}

/** `networking.istio.io/v1` → group and version; core has no group. */
export function splitApiVersion(apiVersion: string): { group: string; version: string } {
  const slash = apiVersion.lastIndexOf('/');
  return { group: slash === -1 ? '' : apiVersion.slice(0, slash), version: apiVersion.slice(slash + 1) };
}
