import { LayeredMap } from '../common/layered-map.ts';

/**
 * Finds what belongs to a dialled host: the entry of that very name or address, else that of the longest `*.suffix` it ends
 * in. The first entry for a name keeps it.
 */
export class OwnHosts<T> {
  readonly #entries: ReadonlyMap<string, T>;
  readonly #hasWildcards: boolean;
  /** Whether some name is wanted by several entries. */
  readonly #contested: boolean;

  private constructor(entries: ReadonlyMap<string, T>, hasWildcards: boolean, contested: boolean) {
    this.#entries = entries;
    this.#hasWildcards = hasWildcards;
    this.#contested = contested;
  }

  static of<T>(entries: Iterable<readonly [hosts: Iterable<string>, entry: T]>): OwnHosts<T> {
    const byHost = new Map<string, T>();
    let hasWildcards = false;
    let contested = false;
    for (const [hosts, entry] of entries) {
      for (const host of hosts) {
        const known = byHost.get(host);
        if (known === undefined) byHost.set(host, entry);
        contested ||= known !== undefined && known !== entry;
        hasWildcards ||= host.startsWith('*');
      }
    }
    return new OwnHosts(byHost, hasWildcards, contested);
  }

  /** What there is without the hosts of `gone`, and with `come`. `undefined`: some name is wanted by others too, so that all have to be asked. */
  with(gone: Iterable<string>, come: Iterable<readonly [hosts: Iterable<string>, entry: T]>): OwnHosts<T> | undefined {
    const into = OwnHosts.of(come);
    if (this.#contested || into.#contested) return undefined;
    const out = new Set(gone);
    for (const host of into.#entries.keys()) if (this.#entries.has(host) && !out.has(host)) return undefined;
    return new OwnHosts(LayeredMap.of(this.#entries).with(out, into.#entries), this.#hasWildcards || into.#hasWildcards, false);
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
