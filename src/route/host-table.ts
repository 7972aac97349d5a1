import { LayeredMap } from '../common/layered-map.ts';
import { hostOf } from './authority.ts';
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
  readonly claims: ReadonlyMap<string, HostMatch>;
}

/** Who has which domain: all that a list of virtual hosts says of names. */
interface Claims {
  readonly exact: ReadonlyMap<string, HostMatch>;
  readonly suffixes: readonly WildcardGroup[];
  readonly prefixes: readonly WildcardGroup[];
  readonly fallback: HostMatch | undefined;
  /** Whether several want one domain, `*` aside. */
  readonly contested: boolean;
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

  /** The first virtual host to claim a domain keeps it. */
  constructor(virtualHosts: readonly VirtualHost[], claims = claimsOf(virtualHosts)) {
    this.virtualHosts = virtualHosts;
    this.#claims = claims;
  }

  /**
   * A table that has `virtualHosts`: those of this one without `gone`, and `come`. `undefined`: some domain of theirs is wanted by others too, so that
   * all have to be asked.
   */
  with(virtualHosts: readonly VirtualHost[], gone: readonly VirtualHost[], come: readonly VirtualHost[]): HostTable | undefined {
    const { fallback, contested, ...before } = this.#claims;
    if (contested) return undefined;
    const [out, into] = [claimsOf(gone), claimsOf(come)];
    if (out.fallback !== undefined || into.contested || into.fallback !== undefined) return undefined;
    const exact = changed(before.exact, out.exact, into.exact);
    const suffixes = changedGroups(before.suffixes, out.suffixes, into.suffixes);
    const prefixes = changedGroups(before.prefixes, out.prefixes, into.prefixes);
    if (exact === undefined || suffixes === undefined || prefixes === undefined) return undefined;
    return new HostTable(virtualHosts, { exact, suffixes, prefixes, fallback, contested });
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
    return claimOn(host, this.#claims);
  }

  /** Every host named in full. */
  hosts(): Iterable<string> {
    return this.#claims.exact.keys();
  }
}

function claimOn(host: string, { exact, suffixes, prefixes, fallback }: Claims): HostMatch | undefined {
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
  const exact = new Map<string, HostMatch>();
  const suffixes = new Map<string, HostMatch>();
  const prefixes = new Map<string, HostMatch>();
  let fallback: HostMatch | undefined;
  let contested = false;
  for (const virtualHost of virtualHosts) {
    for (const written of virtualHost.domains) {
      const domain = written.toLowerCase();
      const claim = { virtualHost, domain };
      let isFirst = true;
      if (domain === '*') fallback ??= claim;
      else if (domain.startsWith('*')) isFirst = addFirst(suffixes, domain.slice(1), claim);
      else if (domain.endsWith('*')) isFirst = addFirst(prefixes, domain.slice(0, -1), claim);
      else isFirst = addFirst(exact, bracketed(domain), claim);
      contested ||= !isFirst;
    }
  }
  return { exact, suffixes: longestFirst(suffixes), prefixes: longestFirst(prefixes), fallback, contested };
}

function addFirst(claims: Map<string, HostMatch>, text: string, claim: HostMatch): boolean {
  if (claims.has(text)) return false;
  claims.set(text, claim);
  return true;
}

/** `undefined`: something of `into` is another's already. */
function changed(claims: ReadonlyMap<string, HostMatch>, out: ReadonlyMap<string, HostMatch>, into: ReadonlyMap<string, HostMatch>): ReadonlyMap<string, HostMatch> | undefined {
  for (const text of into.keys()) if (claims.has(text) && !out.has(text)) return undefined;
  return out.size + into.size === 0 ? claims : LayeredMap.of(claims).with(out.keys(), into);
}

function changedGroups(groups: readonly WildcardGroup[], out: readonly WildcardGroup[], into: readonly WildcardGroup[]): readonly WildcardGroup[] | undefined {
  const result = new Map(groups.map(({ length, claims }) => [length, claims]));
  const none: ReadonlyMap<string, HostMatch> = new Map();
  for (const length of new Set([...out, ...into].map((group) => group.length))) {
    const of = (some: readonly WildcardGroup[]): ReadonlyMap<string, HostMatch> => some.find((group) => group.length === length)?.claims ?? none;
    const claims = changed(result.get(length) ?? none, of(out), of(into));
    if (claims === undefined) return undefined;
    result.set(length, claims);
  }
  return [...result].filter(([, claims]) => claims.size > 0).sort(([a], [b]) => b - a).map(([length, claims]) => ({ length, claims }));
}

function longestFirst(all: ReadonlyMap<string, HostMatch>): WildcardGroup[] {
  const groups = Map.groupBy(all, ([text]) => text.length);
  return [...groups].sort(([a], [b]) => b - a).map(([length, entries]) => ({ length, claims: new Map(entries) }));
}

// An IPv6 address stands in brackets in a Host, not always in a rule.
function bracketed(host: string): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
}
