/**
 * `name` as Istio reads it in a rule of `namespace`: a name without a dot is a service of that namespace; anything with
 * a dot, `*` and IP addresses are taken literally.
 *
 * Source: istio `ResolveShortnameToFQDN`.
 */
export function expandHost(name: string, namespace: string, domain = 'cluster.local'): string {
  if (name === '' || name === '*' || name.includes('.') || name.includes(':')) return name;
  return `${name}.${namespace}.svc.${domain}`;
}

export function isWildcardHost(host: string): boolean {
  return host.startsWith('*');
}

/**
 * Whether two hosts, either of them possibly a wildcard, can name the same thing. Symmetric.
 *
 * Source: istio `host.Name.Matches`.
 */
export function hostsOverlap(a: string, b: string): boolean {
  const wildA = isWildcardHost(a);
  const wildB = isWildcardHost(b);
  if (!wildA && !wildB) return a === b;
  if (wildA && wildB) {
    const suffixA = a.slice(1);
    const suffixB = b.slice(1);
    return suffixA.endsWith(suffixB) || suffixB.endsWith(suffixA);
  }
  const [wild, plain] = wildA ? [a, b] : [b, a];
  return plain.length >= wild.length - 1 && plain.endsWith(wild.slice(1)) && plain.length > wild.length - 1;
}

/**
 * Whether every name that `inner` covers is covered by `outer`.
 *
 * Source: istio `host.Name.SubsetOf`.
 */
export function hostCovers(outer: string, inner: string): boolean {
  if (!isWildcardHost(outer)) return outer === inner;
  const suffix = outer.slice(1);
  const rest = isWildcardHost(inner) ? inner.slice(1) : inner;
  if (isWildcardHost(inner)) return rest.endsWith(suffix);
  return rest.endsWith(suffix) && (suffix === '' || rest.length > suffix.length);
}

/**
 * Order of precedence: plain names first, then longer, then alphabetical. For `Array.prototype.sort`.
 *
 * Source: istio `host.MoreSpecific`.
 */
export function compareSpecificity(a: string, b: string): number {
  const wild = Number(isWildcardHost(a)) - Number(isWildcardHost(b));
  return wild || b.length - a.length || (a < b ? -1 : a > b ? 1 : 0);
}
