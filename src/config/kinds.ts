import type { Field } from './schema/field.ts';
import { destinationRule } from './schema/destination-rule.ts';
import { gateway } from './schema/gateway.ts';
import { deployment, endpoints, endpointSlice, pod, service } from './schema/kubernetes.ts';
import { meshConfig } from './schema/mesh-config.ts';
import { deploymentInside, namespace, node, podInside, requestAuthentication, secret } from './schema/looked-at.ts';
import type { ReadRules } from './read-options.ts';
import { serviceEntry, workloadEntry } from './schema/service-entry.ts';
import { sidecar } from './schema/sidecar.ts';
import { virtualService } from './schema/virtual-service.ts';
import { workloadGroup } from './schema/workload-group.ts';

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

/** Kinds that mean nothing to a mesh of one process, but are checked by `istioctl validate`. */
const CHECKED: readonly KindInfo[] = [{ kind: 'WorkloadGroup', ...ISTIO, schema: workloadGroup, aliases: ['wg', 'workloadgroups'] }];

/** What `istioctl analyze` looks at besides, or looks further into. */
const LOOKED_AT: readonly KindInfo[] = [
  { kind: 'Pod', ...CORE, body: 'document', schema: podInside, aliases: ['po', 'pods'] },
  { kind: 'Deployment', group: 'apps', versions: ['v1'], body: 'spec', schema: deploymentInside, aliases: ['deploy', 'deployments'] },
  { kind: 'Namespace', ...CORE, body: 'document', schema: namespace, aliases: ['ns', 'namespaces'] },
  { kind: 'Node', ...CORE, body: 'document', schema: node, aliases: ['no', 'nodes'] },
  { kind: 'Secret', ...CORE, body: 'document', schema: secret, aliases: ['secrets'] },
  {
    kind: 'RequestAuthentication',
    group: 'security.istio.io',
    versions: ['v1', 'v1beta1'],
    body: 'spec',
    schema: requestAuthentication,
    aliases: ['ra', 'requestauthentications'],
  },
];

const BY_RULES: Readonly<Record<ReadRules, ReadonlyMap<string, KindInfo>>> = {
  apply: byName(KINDS),
  istioctl: byName([...KINDS, ...CHECKED]),
  analysis: byName([...KINDS, ...CHECKED, ...LOOKED_AT]),
};

function byName(kinds: readonly KindInfo[]): ReadonlyMap<string, KindInfo> {
  return new Map(kinds.map((info) => [info.kind, info]));
}

/** The kind called exactly `kind`, where documents are read by `rules`. */
export function kindInfo(kind: string, rules: ReadRules = 'apply'): KindInfo | undefined {
  return BY_RULES[rules].get(kind);
}

/** `networking.istio.io/v1` → group and version; core has no group. */
export function splitApiVersion(apiVersion: string): { group: string; version: string } {
  const slash = apiVersion.lastIndexOf('/');
  return { group: slash === -1 ? '' : apiVersion.slice(0, slash), version: apiVersion.slice(slash + 1) };
}
