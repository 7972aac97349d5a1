import { isWildcardHost } from '../../common/host-name.ts';

/**
 * Values by host, found by the most specific entry that covers a given host: the host itself, else the longest wildcard.
 * The cost of a lookup depends on the length of the host alone, not on the number of entries.
 *
 * Source: istio `MostSpecificHostMatch`.
 */
export class HostMap<T> {
  readonly #exact = new Map<string, T>();
  readonly #wildcards = new Map<string, T>();

  get(host: string): T | undefined {
    return this.#entries(host).get(host);
  }

  set(host: string, value: T): void {
    this.#entries(host).set(host, value);
  }

  /** What governs `host`, which may itself be a wildcard. */
  find(host: string): T | undefined {
    const wildcard = isWildcardHost(host);
    const exact = this.#entries(host).get(host);
    if (exact !== undefined || this.#wildcards.size === 0) return exact;
    const name = wildcard ? host.slice(1) : host;
    // A wildcard stands for one character at least.
    for (let start = 1; start <= name.length; start++) {
      const value = this.#wildcards.get(`*${name.slice(start)}`);
      if (value !== undefined) return value;
    }
    return undefined;
  }

  #entries(host: string): Map<string, T> {
    return isWildcardHost(host) ? this.#wildcards : this.#exact;
  }
}
