import { hostOf } from './authority.ts';
import type { VirtualHostSpec } from './model.ts';
import { VirtualHost } from './virtual-host.ts';

/** Wildcards of one length, by the text that stays when `*` is taken away. */
interface WildcardGroup {
  readonly length: number;
  readonly hosts: Map<string, VirtualHost>;
}

const MAX_REMEMBERED = 512;

/**
 * The virtual hosts of one port. A Host selects, whatever its case and port: the domain that equals it, else the longest
 * `*.suffix`, else the longest `prefix.*`, else `*`. A wildcard stands for at least one character.
 *
 * Source: Envoy `RouteMatcher::findVirtualHost`. Istio's listeners ignore the port (`ignore_port_in_host_matching`).
 */
export class HostTable {
  readonly virtualHosts: readonly VirtualHost[];
  readonly #exact = new Map<string, VirtualHost>();
  readonly #suffixes: readonly WildcardGroup[];
  readonly #prefixes: readonly WildcardGroup[];
  readonly #fallback: VirtualHost | undefined;
  /** Spares the usual Host its lower-casing and slicing; bounded, for callers choose the keys. */
  readonly #remembered = new Map<string, VirtualHost>();

  /** The first virtual host to claim a domain keeps it. */
  constructor(specs: readonly VirtualHostSpec[]) {
    this.virtualHosts = specs.map((spec) => new VirtualHost(spec));
    const suffixes = new Map<string, VirtualHost>();
    const prefixes = new Map<string, VirtualHost>();
    const all = new Map<string, VirtualHost>();
    for (const virtualHost of this.virtualHosts) {
      for (const domain of virtualHost.domains) {
        const text = domain.toLowerCase();
        if (text === '*') addFirst(all, text, virtualHost);
        else if (text.startsWith('*')) addFirst(suffixes, text.slice(1), virtualHost);
        else if (text.endsWith('*')) addFirst(prefixes, text.slice(0, -1), virtualHost);
        else addFirst(this.#exact, bracketed(text), virtualHost);
      }
    }
    this.#suffixes = longestFirst(suffixes);
    this.#prefixes = longestFirst(prefixes);
    this.#fallback = all.get('*');
  }

  find(authority: string): VirtualHost | undefined {
    const remembered = this.#remembered.get(authority);
    if (remembered !== undefined) return remembered;
    const found = this.#resolve(bracketed(hostOf(authority)));
    if (found !== undefined) {
      if (this.#remembered.size >= MAX_REMEMBERED) this.#remembered.clear();
      this.#remembered.set(authority, found);
    }
    return found;
  }

  #resolve(host: string): VirtualHost | undefined {
    if (host === '') return undefined;
    const exact = this.#exact.get(host);
    if (exact !== undefined) return exact;
    for (const { length, hosts } of this.#suffixes) {
      const found = length < host.length ? hosts.get(host.slice(-length)) : undefined;
      if (found !== undefined) return found;
    }
    for (const { length, hosts } of this.#prefixes) {
      const found = length < host.length ? hosts.get(host.slice(0, length)) : undefined;
      if (found !== undefined) return found;
    }
    return this.#fallback;
  }
}

function addFirst(hosts: Map<string, VirtualHost>, text: string, virtualHost: VirtualHost): void {
  if (!hosts.has(text)) hosts.set(text, virtualHost);
}

function longestFirst(hosts: ReadonlyMap<string, VirtualHost>): WildcardGroup[] {
  const groups = Map.groupBy(hosts, ([text]) => text.length);
  return [...groups]
    .sort(([a], [b]) => b - a)
    .map(([length, entries]) => ({ length, hosts: new Map(entries) }));
}

// An IPv6 address stands in brackets in a Host, not always in a rule.
function bracketed(host: string): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
}
