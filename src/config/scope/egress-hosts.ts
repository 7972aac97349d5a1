/** One `namespace/dnsName` of a Sidecar's egress hosts. */
interface EgressHost {
  readonly namespace: string;
  readonly host: string;
}

/**
 * The `hosts` of a Sidecar's egress listener, as a question: does one of them, for things of this namespace, say yes?
 *
 * Source: Istio `IstioEgressListener.hosts`: the namespace is a name, `*`, `.` (the caller's own) or `~` (none); `~name/host`
 * takes hosts of a namespace out again.
 */
export class EgressHosts {
  readonly #byNamespace = new Map<string, string[]>();
  readonly #excluded: EgressHost[] = [];

  constructor(hosts: readonly string[], callerNamespace: string) {
    for (const text of hosts) {
      const slash = text.indexOf('/');
      if (slash <= 0) continue;
      const [first, host] = [text.slice(0, slash), text.slice(slash + 1)];
      if (first === '~') continue;
      const excluded = first.startsWith('~');
      const name = excluded ? first.slice(1) : first;
      const namespace = name === '.' ? callerNamespace : name;
      if (excluded) this.#excluded.push({ namespace, host });
      else this.#byNamespace.set(namespace, [...(this.#byNamespace.get(namespace) ?? []), host]);
    }
  }

  some(namespace: string, matches: (host: string) => boolean): boolean {
    const excluded = this.#excluded.some(
      (entry) => (entry.namespace === namespace || entry.namespace === '*') && matches(entry.host),
    );
    return !excluded && (this.#any(namespace, matches) || this.#any('*', matches));
  }

  #any(namespace: string, matches: (host: string) => boolean): boolean {
    return this.#byNamespace.get(namespace)?.some(matches) ?? false;
  }
}
