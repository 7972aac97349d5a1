import { hostOf } from './authority.ts';
import type { VirtualHostSpec } from './model.ts';
import type { VirtualHost } from './virtual-host.ts';

/** A virtual host and the one of its domains that selected it. */
export interface HostMatch {
  readonly virtualHost: VirtualHost;
  /** As written, in lower case. */
  readonly domain: string;
}

/** A domain, and which of the virtual hosts has it. */
interface Claim {
  readonly domain: string;
  readonly index: number;
}

/** Wildcards of one length, by the text that stays when `*` is taken away. */
interface WildcardGroup {
  readonly length: number;
  readonly claims: ReadonlyMap<string, Claim>;
}

/** Who has which domain: all that a list of virtual hosts says of names. */
interface Claims {
  readonly exact: ReadonlyMap<string, Claim>;
  readonly suffixes: readonly WildcardGroup[];
  readonly prefixes: readonly WildcardGroup[];
  readonly fallback: Claim | undefined;
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
  readonly #claims: Claims;
  /** Spares the usual Host its slicing and lower-casing; bounded, for callers choose the keys. */
  readonly #remembered = new Map<string, VirtualHost>();

  /**
   * The first virtual host to claim a domain keeps it.
   *
   * @param compile Makes a virtual host of its specification, or finds one made before.
   * @param previous Its names are taken over where all domains are the same lists: most changes of rules change no names.
   */
  constructor(specs: readonly VirtualHostSpec[], compile: (spec: VirtualHostSpec) => VirtualHost, previous?: HostTable) {
    this.virtualHosts = specs.map(compile);
    this.#claims = previous !== undefined && haveSameDomains(this.virtualHosts, previous.virtualHosts) ? previous.#claims : claimsOf(this.virtualHosts);
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
    const claim = claimOn(host, this.#claims);
    return claim && { virtualHost: this.virtualHosts[claim.index]!, domain: claim.domain };
  }

  /** Every host named in full. */
  hosts(): Iterable<string> {
    return this.#claims.exact.keys();
  }
}

function claimOn(host: string, { exact, suffixes, prefixes, fallback }: Claims): Claim | undefined {
  const known = exact.get(host);
  if (known !== undefined) return known;
  for (const { length, claims } of suffixes) {
    const found = length < host.length ? claims.get(host.slice(-length)) : undefined;
    if (found !== undefined) return found;
  }
  for (const { length, claims } of prefixes) {
    const found = length < host.length ? claims.get(host.slice(0, length)) : undefined;
    if (found !== undefined) return found;
  }
  return fallback;
}

function claimsOf(virtualHosts: readonly VirtualHost[]): Claims {
  const exact = new Map<string, Claim>();
  const suffixes = new Map<string, Claim>();
  const prefixes = new Map<string, Claim>();
  let fallback: Claim | undefined;
  for (const [index, { domains }] of virtualHosts.entries()) {
    for (const written of domains) {
      const domain = written.toLowerCase();
      const claim = { domain, index };
      if (domain === '*') fallback ??= claim;
      else if (domain.startsWith('*')) addFirst(suffixes, domain.slice(1), claim);
      else if (domain.endsWith('*')) addFirst(prefixes, domain.slice(0, -1), claim);
      else addFirst(exact, bracketed(domain), claim);
    }
  }
  return { exact, suffixes: longestFirst(suffixes), prefixes: longestFirst(prefixes), fallback };
}

function haveSameDomains(some: readonly VirtualHost[], others: readonly VirtualHost[]): boolean {
  return some.length === others.length && some.every(({ domains }, i) => domains === others[i]!.domains);
}

function addFirst(claims: Map<string, Claim>, text: string, claim: Claim): void {
  if (!claims.has(text)) claims.set(text, claim);
}

function longestFirst(all: ReadonlyMap<string, Claim>): WildcardGroup[] {
  const groups = Map.groupBy(all, ([text]) => text.length);
  return [...groups].sort(([a], [b]) => b - a).map(([length, entries]) => ({ length, claims: new Map(entries) }));
}

// An IPv6 address stands in brackets in a Host, not always in a rule.
function bracketed(host: string): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
}
