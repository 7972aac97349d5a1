import { expandHost } from '../common/host-name.ts';
import type { ClusterSpec } from '../cluster/model.ts';
import type { Snapshot } from '../config/snapshot.ts';

/** A service, or one subset of it, as tests name it. */
export interface ServiceName {
  /** `reviews`, `reviews.default`, a FQDN, or an external host. */
  readonly service: string;
  /** Absent: any. */
  readonly subset: string | undefined;
}

/** `reviews/v2` → service and subset. */
export function parseServiceName(name: string): ServiceName {
  const slash = name.indexOf('/');
  return slash < 0 ? { service: name, subset: undefined } : { service: name.slice(0, slash), subset: name.slice(slash + 1) };
}

/** The last part of a cluster's name, `outbound|9080|v2|reviews.default.svc.cluster.local`; as it is where it has no parts. */
export function clusterParts(cluster: string): { readonly host: string; readonly subset: string } {
  const [, , subset, host] = cluster.split('|');
  return host === undefined ? { host: cluster, subset: '' } : { host, subset: subset! };
}

/** Whether people mean `host` when they say `service`. */
export function isCalled(host: string, service: string, namespace: string): boolean {
  const name = service.toLowerCase().replace(/:\d+$/, '');
  const full = host.toLowerCase();
  return full === name || full === expandHost(name, namespace) || (name.includes('.') && (full === `${name}.svc.cluster.local` || full === `${name}.cluster.local`));
}

/** The shortest name that tells `host` from others: `reviews` in the caller's namespace, else `reviews.prod`, else the host. */
export function shortName(host: string, namespace: string): string {
  const match = /^([^.]+)\.([^.]+)\.svc\.cluster\.local$/.exec(host);
  if (match === null) return host;
  return match[2] === namespace ? match[1]! : `${match[1]}.${match[2]}`;
}

/** The clusters that belong to services, without those for whatever nobody registered. */
export function serviceClusters({ clusters }: Pick<Snapshot, 'clusters'>): ClusterSpec[] {
  return [...clusters.values()].filter(({ name }) => name.startsWith('outbound|'));
}

/** The short names of all services, for messages. */
export function knownServices(snapshot: Pick<Snapshot, 'clusters'>, namespace: string): string[] {
  return [...new Set(serviceClusters(snapshot).map(({ host }) => shortName(host, namespace)))].sort();
}

/** That there is no `service`, and what there is. */
export function noSuchService(snapshot: Pick<Snapshot, 'clusters'>, service: string, namespace: string): string {
  const known = knownServices(snapshot, namespace);
  // Rules alone make no service: that takes somebody who says on which port it is.
  const none = `none: add a Service or ServiceEntry to the rules, or \`services: { '${service.replace(/:\d+$/, '')}:9080': handler }\` with its port`;
  return `there is no service ${service} (there is: ${known.join(', ') || none})`;
}

/** The subsets of a service, and the versions of its endpoints. */
export function knownSubsets(snapshot: Pick<Snapshot, 'clusters'>, service: string, namespace: string): string[] {
  const own = serviceClusters(snapshot).filter(({ host }) => isCalled(host, service, namespace));
  const names = own.flatMap(({ subset, endpoints }) => [subset, ...endpoints.map(({ labels }) => labels['version'] ?? '')]);
  return [...new Set(names)].filter((name) => name !== '').sort();
}
