import { addressBytes, Subnet, type AddressBytes } from '../common/subnet.ts';
import type { FilterChainSpec, TcpDestination } from './listener-model.ts';
import { WeightedClusters } from './weighted-clusters.ts';

/** One filter chain, ready to draw from. */
export interface FilterChain {
  readonly spec: FilterChainSpec;
  readonly destinations: WeightedClusters<TcpDestination>;
}

interface Compiled extends FilterChain {
  readonly subnets: readonly Subnet[];
}

/**
 * The filter chains of one listener. The dialled address narrows them to those of the longest range that holds it, or, when
 * none does, to those without ranges; among these the SNI chooses: its very name, the longest `*.suffix`, a chain that takes
 * any. Nothing is tried twice: where the SNI finds no chain in the narrowed list, the chain without any condition serves.
 *
 * Source: Envoy `FilterChainManagerImpl::findFilterChain`; Istio makes the unconditional chain the default one.
 */
export class FilterChains {
  readonly #chains: readonly Compiled[];
  readonly #fallback: Compiled | undefined;
  /** Whether the dialled address can make a difference. */
  readonly needsAddress: boolean;
  /** Whether the SNI can make a difference. */
  readonly needsServerName: boolean;

  constructor(specs: readonly FilterChainSpec[]) {
    this.#chains = specs.map((spec) => ({
      spec,
      destinations: new WeightedClusters(spec.destinations),
      subnets: (spec.destinationSubnets ?? []).flatMap((text) => Subnet.parse(text) ?? []),
    }));
    this.#fallback = this.#chains.find(({ spec }) => spec.destinationSubnets === undefined && spec.sniHosts === undefined);
    this.needsAddress = this.#chains.some(({ spec }) => spec.destinationSubnets !== undefined);
    this.needsServerName = this.#chains.some(({ spec }) => spec.sniHosts !== undefined);
  }

  /**
   * The chain for a connection; `undefined` when none wants it.
   *
   * @param address - the IP address that was dialled, where it is known
   * @param serverName - the SNI of a TLS handshake; absent for other bytes
   */
  match(address: string | undefined, serverName: string | undefined): FilterChain | undefined {
    const candidates = this.#forAddress(address === undefined ? undefined : addressBytes(address));
    return bySni(candidates, serverName) ?? this.#fallback;
  }

  #forAddress(address: AddressBytes | undefined): readonly Compiled[] {
    if (address !== undefined && this.needsAddress) {
      const bits = (chain: Compiled): number => Math.max(-1, ...chain.subnets.filter((subnet) => subnet.contains(address)).map((subnet) => subnet.bits));
      const longest = Math.max(-1, ...this.#chains.map(bits));
      if (longest >= 0) return this.#chains.filter((chain) => bits(chain) === longest);
    }
    return this.#chains.filter(({ spec }) => spec.destinationSubnets === undefined);
  }
}

/** The chain of the very name, else of the longest `*.suffix`, else one that takes any. */
export function bySni<Chain extends { readonly spec: Pick<FilterChainSpec, 'sniHosts'> }>(chains: readonly Chain[], serverName: string | undefined): Chain | undefined {
  const named = (name: string): Chain | undefined =>
    chains.find(({ spec }) => spec.sniHosts?.some((host) => host.toLowerCase() === name) ?? false);
  if (serverName !== undefined) {
    const name = serverName.toLowerCase();
    const exact = named(name);
    if (exact !== undefined) return exact;
    for (let dot = name.indexOf('.', 1); dot > 0; dot = name.indexOf('.', dot + 1)) {
      const wildcard = named(`*${name.slice(dot)}`);
      if (wildcard !== undefined) return wildcard;
    }
  }
  return chains.find(({ spec }) => spec.sniHosts === undefined);
}
