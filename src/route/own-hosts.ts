/**
 * Finds what belongs to a dialled host: the entry of that very name or address, else that of the longest `*.suffix` it ends
 * in. The first entry for a name keeps it.
 */
export class OwnHosts<T> {
  readonly #entries = new Map<string, T>();
  #hasWildcards = false;

  add(hosts: Iterable<string>, entry: T): void {
    for (const host of hosts) {
      if (!this.#entries.has(host)) this.#entries.set(host, entry);
      if (host.startsWith('*')) this.#hasWildcards = true;
    }
  }

  /** @param host - without port and brackets */
  find(host: string): T | undefined {
    const name = host.toLowerCase();
    const exact = this.#entries.get(name);
    if (exact !== undefined || !this.#hasWildcards) return exact;
    for (let dot = name.indexOf('.', 1); dot > 0; dot = name.indexOf('.', dot + 1)) {
      const found = this.#entries.get(`*${name.slice(dot)}`);
      if (found !== undefined) return found;
    }
    return undefined;
  }
}
