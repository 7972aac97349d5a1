import { hostOf } from './authority.ts';
import type { VirtualHostSpec } from './model.ts';
import type { VirtualHost } from './virtual-host.ts';

/** A virtual host and the one of its domains that selected it. */
export interface HostMatch {
  readonly virtualHost: VirtualHost;
  /** As written, in lower case. */
  readonly domain: string;
}

/** Wildcards of one length, by the text that stays when `*` is taken away. */
interface WildcardGroup {
  readonly length: number;
  readonly hosts: ReadonlyMap<string, HostMatch>;
}

const MAX_REMEMBERED = 4096;
/** As long as a name in DNS gets, with a port. */
const MAX_REMEMBERED_LENGTH = 261;

/**
 * The virtual hosts of one port. A Host selects, whatever its case and port: the domain that equals it, else the longest
 * `*.suffix`, else the longest `prefix.*`, else `*`. A wildcard stands for at least one character.
 *
 * Source: Envoy `RouteMatcher::findVirtualHost`. Istio's listeners ignore the port (`ignore_port_in_host_matching`).
 */
export class HostTable {
  readonly virtualHosts: readonly VirtualHost[];
  readonly #exact = new Map<string, HostMatch>();
  readonly #suffixes: readonly WildcardGroup[];
  readonly #prefixes: readonly WildcardGroup[];
  readonly #fallback: HostMatch | undefined;
  /** Spares the usual Host its slicing and lower-casing; bounded, for callers choose the keys. */
  readonly #remembered = new Map<string, VirtualHost>();

  /**
   * The first virtual host to claim a domain keeps it.
   *
   * @param compile Makes a virtual host of its specification, or finds one made before.
   */
  constructor(specs: readonly VirtualHostSpec[], compile: (spec: VirtualHostSpec) => VirtualHost) {
    this.virtualHosts = specs.map(compile);
    const suffixes = new Map<string, HostMatch>();
    const prefixes = new Map<string, HostMatch>();
    let fallback: HostMatch | undefined;
    for (const virtualHost of this.virtualHosts) {
      for (const written of virtualHost.domains) {
        const domain = written.toLowerCase();
        const match = { virtualHost, domain };
        if (domain === '*') fallback ??= match;
        else if (domain.startsWith('*')) addFirst(suffixes, domain.slice(1), match);
        else if (domain.endsWith('*')) addFirst(prefixes, domain.slice(0, -1), match);
        else addFirst(this.#exact, bracketed(domain), match);
      }
    }
    this.#suffixes = longestFirst(suffixes);
    this.#prefixes = longestFirst(prefixes);
    this.#fallback = fallback;
  }

  /** The virtual host for a Host as the caller wrote it. */
  find(authority: string): VirtualHost | undefined {
    const remembered = this.#remembered.get(authority);
    if (remembered !== undefined) return remembered;
    const found = this.lookUp(authority)?.virtualHost;
    if (found !== undefined && authority.length <= MAX_REMEMBERED_LENGTH) {
      if (this.#remembered.size >= MAX_REMEMBERED) this.#remembered.clear();
      this.#remembered.set(authority, found);
    }
    return found;
  }

  /** As {@link find}, with the domain that decided. */
  lookUp(authority: string): HostMatch | undefined {
    const host = bracketed(hostOf(authority));
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

  /** Every host named in full. */
  hosts(): Iterable<string> {
    return this.#exact.keys();
  }
}

function addFirst(hosts: Map<string, HostMatch>, text: string, match: HostMatch): void {
  if (!hosts.has(text)) hosts.set(text, match);
}

function longestFirst(hosts: ReadonlyMap<string, HostMatch>): WildcardGroup[] {
  const groups = Map.groupBy(hosts, ([text]) => text.length);
  return [...groups]
    .sort(([a], [b]) => b - a)
    .map(([length, entries]) => ({ length, hosts: new Map(entries) }));
}

// An IPv6 address stands in brackets in a Host, not always in a rule.
function bracketed(host: string): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
}
