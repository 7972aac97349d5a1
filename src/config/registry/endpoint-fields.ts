import type { Locality } from '../../cluster/model.ts';

const NOWHERE: Locality = Object.freeze({ region: '', zone: '', subzone: '' });

/** `region/zone/subzone`, later parts optional; of a pod label also with dots. */
export function parseLocality(text: string | undefined, separator = '/'): Locality {
  if (text === undefined || text === '') return NOWHERE;
  const [region = '', zone = '', subzone = ''] = text.split(separator);
  return { region, zone, subzone };
}

/** A subset's or selector's labels are all there, with the same values. No labels: always. */
export function hasLabels(labels: Readonly<Record<string, string>>, wanted: Readonly<Record<string, string>>): boolean {
  for (const key in wanted) {
    if (labels[key] !== wanted[key]) return false;
  }
  return true;
}

/** Order of creation: by time stamp, then by arrival. For `Array.prototype.sort`. */
export function byAge(a: { createdAtMs: number; order: number }, b: { createdAtMs: number; order: number }): number {
  return a.createdAtMs - b.createdAtMs || a.order - b.order;
}

/** Whether `text` is an IPv4 or IPv6 address, not a CIDR. Loose: it tells addresses from names and ranges, no more. */
export function isIpAddress(text: string): boolean {
  return /^\d{1,3}(\.\d{1,3}){3}$/.test(text) || (text.includes(':') && /^[\da-f:.]+$/i.test(text));
}
