import type { Labels, Metadata } from './resources.ts';

// §2 Host name resolution.

export function namespaceOf(metadata: Metadata): string {
  return metadata.namespace ?? 'default';
}

/** A name without any dot belongs to the namespace of the rule that says it; whatever has a dot stays as it is. */
export function fullName(host: string, ruleNamespace: string): string {
  if (host === '' || host === '*' || host.includes('.') || host.includes(':')) return host;
  return `${host}.${ruleNamespace}.svc.cluster.local`;
}

export function isWildcard(host: string): boolean {
  return host.startsWith('*');
}

/** Istio's SubsetOf: everything that `narrow` stands for, `wide` stands for too. */
export function isWithin(narrow: string, wide: string): boolean {
  if (narrow === wide) return true;
  if (!isWildcard(wide)) return false;
  const suffix = wide.slice(1);
  if (isWildcard(narrow)) return narrow.slice(1).endsWith(suffix);
  return narrow.endsWith(suffix);
}

/** Istio's Matches, symmetric: some name that both stand for. */
export function overlap(a: string, b: string): boolean {
  return isWithin(a, b) || isWithin(b, a);
}

/** Without wildcard before with wildcard, then the longer. */
export function isMoreSpecific(a: string, b: string): boolean {
  if (isWildcard(a) !== isWildcard(b)) return !isWildcard(a);
  return a.length > b.length;
}

export function hasLabels(wanted: Labels | undefined, labels: Labels): boolean {
  return Object.entries(wanted ?? {}).every(([name, value]) => labels[name] === value);
}

/** §2.1: an empty list means `whenEmpty`, the mesh's default. */
export function isExportedTo(exportTo: readonly string[] | undefined, whenEmpty: readonly string[] | undefined, own: string, caller: string): boolean {
  const list = exportTo !== undefined && exportTo.length > 0 ? exportTo : (whenEmpty ?? ['*']);
  return list.some((entry) => entry === '*' || (entry === '.' && own === caller) || entry === caller);
}

/** By age, then name, then namespace. What has no timestamp is oldest. */
export function inOrderOfCreation<T extends { readonly metadata: Metadata }>(resources: readonly T[]): T[] {
  const key = ({ metadata }: T): [number, string, string] => [
    metadata.creationTimestamp === undefined ? 0 : Date.parse(metadata.creationTimestamp),
    metadata.name,
    namespaceOf(metadata),
  ];
  return [...resources].sort((a, b) => {
    const [timeA, nameA, namespaceA] = key(a);
    const [timeB, nameB, namespaceB] = key(b);
    if (timeA !== timeB) return timeA - timeB;
    if (nameA !== nameB) return nameA < nameB ? -1 : 1;
    if (namespaceA !== namespaceB) return namespaceA < namespaceB ? -1 : 1;
    return 0;
  });
}

/** Milliseconds of a Go duration such as `1.5s`, `100ms`, `1h2m`. */
export function milliseconds(text: string): number {
  const UNIT: Readonly<Record<string, number>> = { ns: 1e-6, us: 1e-3, ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
  let total = 0;
  for (const [, amount = '', unit = ''] of text.matchAll(/([0-9.]+)(ns|us|ms|s|m|h)/g)) total += Number(amount) * (UNIT[unit] ?? 0);
  return total;
}
