import type { Origin } from '../../common/origin.ts';
import type { FilterChainSpec } from '../../route/listener-model.ts';
import type { Snapshot } from '../snapshot.ts';

/** What one gateway workload serves. */
export interface GatewaySnapshot {
  /** Of the gateway as a caller: its routes and clusters are the gateway's, its listeners those that leave bytes as they are. */
  readonly snapshot: Snapshot;
  readonly listeners: readonly GatewayListenerSpec[];
  /** Servers that are not served, and why, such as `Gateway default/b spec.servers[0]: port 80 …`. */
  readonly rejected: readonly string[];
}

/** One port on which callers are taken. Source: Envoy listener, as Istio sends it to a gateway. */
export interface GatewayListenerSpec {
  /** Such as `0.0.0.0_443`. */
  readonly name: string;
  readonly port: number;
  /** The address to listen on; empty: all. */
  readonly bind: string;
  /** A plain HTTP or TCP port has one chain; of TLS ports there is one for each server, or each match of a `tls` rule. */
  readonly chains: readonly GatewayChainSpec[];
}

/** What becomes of a connection. Source: Envoy filter chain. */
export interface GatewayChainSpec {
  /** Names asked for in the TLS handshake, exact or `*.suffix`; absent: any, and none. */
  readonly sniHosts?: readonly string[];
  /** The TLS that ends here; absent: bytes are taken as they come. */
  readonly tls?: GatewayTls;
  readonly serves: GatewayService;
  readonly origin: Origin;
}

/** HTTP by the route configuration of a name, or bytes by a filter chain. */
export type GatewayService = { readonly kind: 'http'; readonly routes: string } | { readonly kind: 'bytes'; readonly chain: FilterChainSpec };

/** How a server ends TLS. Source: Istio `ServerTLSSettings`. */
export interface GatewayTls {
  /** `SIMPLE` asks callers for no certificate, `OPTIONAL_MUTUAL` takes none or a good one, `MUTUAL` and `ISTIO_MUTUAL` demand a good one. */
  readonly mode: 'SIMPLE' | 'MUTUAL' | 'OPTIONAL_MUTUAL' | 'ISTIO_MUTUAL';
  /** Paths of PEM files; several for keys of several kinds. */
  readonly certificates: readonly { readonly certificate: string; readonly privateKey: string }[];
  /** Path of a PEM file: who may sign callers' certificates. */
  readonly caCertificates?: string;
  /** Names of credentials that the gateway is given apart from its rules. */
  readonly credentialNames: readonly string[];
  /** The credential whose authorities take the place of all others. */
  readonly caCredentialName?: string;
  /** Path of a PEM file: certificates that their authorities have taken back. */
  readonly caCrl?: string;
  /** One of these a caller's certificate must have; empty: no matter which. */
  readonly subjectAltNames: readonly string[];
  /** SHA-256 of certificates, hexadecimal in lower case. With these or `keyHashes` a caller's certificate must be one of either. */
  readonly certificateHashes: readonly string[];
  /** SHA-256 of certificates' keys (SubjectPublicKeyInfo), in base64. */
  readonly keyHashes: readonly string[];
  /** `1.0` to `1.3`. Default `1.2`. */
  readonly minVersion: string;
  readonly maxVersion: string;
  /** OpenSSL's names; empty: the usual ones. */
  readonly cipherSuites: readonly string[];
}
