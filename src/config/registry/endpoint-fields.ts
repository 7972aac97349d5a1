import type { Locality } from '../../cluster/model.ts';
import type { Resource } from '../resource.ts';

const NOWHERE: Locality = Object.freeze({ region: '', zone: '', subzone: '' });

/** `region/zone/subzone`, later parts optional. */
export function parseLocality(text: string | undefined, separator = '/'): Locality {
  if (text === undefined || text === '') return NOWHERE;
  const [region = '', zone = '', subzone = ''] = text.split(separator);
  return { region, zone, subzone };
}

/**
 * The locality that is given, else the one in the label `istio-locality`, where dots part it: a label cannot hold slashes in Kubernetes.
 *
 * Source: istio `GetLocalityLabel`, `SanitizeLocalityLabel`.
 */
export function labelledLocality(given: string | undefined, labels: Readonly<Record<string, string>> = {}): Locality {
  const label = labels['istio-locality'] ?? '';
  return given ? parseLocality(given) : parseLocality(label, label.includes('/') ? '/' : '.');
}

/** A subset's or selector's labels are all there, with the same values. No labels: always. */
export function hasLabels(labels: Readonly<Record<string, string>>, wanted: Readonly<Record<string, string>>): boolean {
  for (const key in wanted) {
    if (labels[key] !== wanted[key]) return false;
  }
  return true;
}

/** What {@link byAge} compares of a resource. */
export type Aged = Pick<Resource, 'createdAtMs' | 'order' | 'name' | 'namespace'>;

/**
 * Order of creation, for `Array.prototype.sort`: by time stamp; what has none is oldest and stays in order of arrival. Time
 * stamps count seconds, so that one `kubectl apply` gives many resources the same: these go by name, then namespace.
 *
 * Source: istio `sortByCreationComparator`.
 */
export function byAge(a: Aged, b: Aged): number {
  if (a.createdAtMs !== b.createdAtMs) return a.createdAtMs - b.createdAtMs;
  if (a.createdAtMs === 0) return a.order - b.order;
  return compareText(a.name, b.name) || compareText(a.namespace, b.namespace) || a.order - b.order;
}

function compareText(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

/** Whether `text` is an IPv4 or IPv6 address, not a CIDR. Loose: it tells addresses from names and ranges, no more. */
export function isIpAddress(text: string): boolean {
  return /^\d{1,3}(\.\d{1,3}){3}$/.test(text) || (text.includes(':') && /^[\da-f:.]+$/i.test(text));
}
