import type { Origin } from '../common/origin.ts';

/** One share of the connections of a filter chain. Source: `tcp[].route[]`, `tls[].route[]`. */
export interface TcpDestination {
  /** `outbound|PORT|SUBSET|HOST` */
  readonly cluster: string;
  /** Relative to the sum of the weights; a lone destination gets everything. */
  readonly weight: number;
}

/** Which connections of a listener go where, and how they live. Source: Envoy filter chain with a TCP proxy. */
export interface FilterChainSpec {
  /** Ranges of dialled addresses such as `10.1.0.0/16`; absent: any. */
  readonly destinationSubnets?: readonly string[];
  /** Names asked for in the TLS handshake, exact or `*.suffix`; absent: any, and none. */
  readonly sniHosts?: readonly string[];
  readonly destinations: readonly TcpDestination[];
  /** Whether the caller's address decides the endpoint. Source: `consistentHash.useSourceIp`. */
  readonly hashesSourceIp: boolean;
  /** Milliseconds without a byte either way after which a connection ends; 0: never. Source: `tcp.idleTimeout`. */
  readonly idleTimeoutMs: number;
  /** Milliseconds; 0: unlimited. Source: `tcp.maxConnectionDuration`. */
  readonly maxConnectionDurationMs: number;
  /** The rule, or the service that has none. */
  readonly origin: Origin;
}

/**
 * Where connections to one port, or to the addresses of one service on it, are told apart. Source: Envoy listener, as Istio
 * sends them to a sidecar.
 */
export interface ListenerSpec {
  readonly port: number;
  /**
   * Lower-case names and addresses that lead to this listener alone, `*.suffix` among them; absent: the listener of everything
   * else on the port (`0.0.0.0`).
   */
  readonly hosts?: readonly string[];
  /** Such as `10.0.0.1_9000`, or the service's host where its address is not known. */
  readonly name: string;
  /** Whether bytes that look like HTTP are a matter of the port's virtual hosts instead. */
  readonly http: boolean;
  readonly chains: readonly FilterChainSpec[];
}
