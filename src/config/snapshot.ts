import type { ClusterSpec } from '../cluster/model.ts';
import type { ListenerTable } from '../route/listener-table.ts';
import type { RouteTable } from '../route/route-table.ts';
import type { ConfigIssue } from './issue.ts';
import type { Resource } from './resource.ts';

/**
 * Everything that decides about requests, compiled from one set of resources, frozen, swapped by one assignment.
 * Shaped like Envoy's model: ports → virtual hosts → routes → clusters → endpoints.
 */
export interface Snapshot {
  /** Counts up with each change in force. */
  readonly version: number;
  readonly resources: readonly Resource[];
  readonly routes: RouteTable;
  /** For calls to `https://` URLs of services that ask for HTTP rules (`ts-mesh.dev/https-routing`). */
  readonly httpsRoutes: RouteTable;
  /** For connections that are not HTTP. */
  readonly listeners: ListenerTable;
  /** By cluster name, in no order that would mean anything. */
  readonly clusters: ReadonlyMap<string, ClusterSpec>;
  readonly settings: MeshSettings;
  /** Warnings of the resources in force. */
  readonly warnings: readonly ConfigIssue[];
}

/** What of MeshConfig and options the engine needs at run time. */
export interface MeshSettings {
  readonly outboundTrafficPolicy: 'ALLOW_ANY' | 'REGISTRY_ONLY';
  readonly pathNormalization: 'NONE' | 'BASE' | 'MERGE_SLASHES' | 'DECODE_AND_MERGE_SLASHES';
  /** Milliseconds; for clusters that say nothing. */
  readonly connectTimeoutMs: number;
  readonly accessLogFile: string;
  readonly accessLogEncoding: 'TEXT' | 'JSON';
  readonly accessLogFormat: string;
  /** Percent of requests whose trace is sampled. Default 1. */
  readonly traceSampling: number;
  readonly proxyHeaders: ProxyHeaders;
  readonly clientCertificates: ClientCertificateHeader;
  /** Proxies in front of gateways whose `x-forwarded-*` are believed. Source: Istio `defaultConfig.gatewayTopology.numTrustedProxies`. */
  readonly trustedProxies: number;
}

/** Which headers the mesh adds to requests and responses. Source: Istio `defaultConfig.proxyHeaders`. */
export interface ProxyHeaders {
  /** What responses get as `server`; `undefined`: it is the endpoint's business. */
  readonly server: string | undefined;
  /** Whether requests without `x-request-id` get one. */
  readonly requestId: boolean;
  /** `x-envoy-attempt-count` */
  readonly attemptCount: boolean;
  /** `x-envoy-upstream-service-time`, `-expected-rq-timeout-ms`, `-original-path`, `-original-host`, `-overloaded` */
  readonly debug: boolean;
}

/**
 * What a gateway makes of `x-forwarded-client-cert`. Source: Istio `defaultConfig.gatewayTopology.forwardClientCertDetails` and
 * `proxyHeaders.setCurrentClientCertDetails`.
 */
export interface ClientCertificateHeader {
  /** Default `SANITIZE_SET`: what callers say is taken away, and what their certificate says is set. */
  readonly forward: 'SANITIZE' | 'FORWARD_ONLY' | 'APPEND_FORWARD' | 'SANITIZE_SET' | 'ALWAYS_FORWARD_ONLY';
  readonly subject: boolean;
  /** The certificate itself. */
  readonly cert: boolean;
  /** With those that vouch for it. Default `false`. */
  readonly chain: boolean;
  readonly uri: boolean;
  readonly dns: boolean;
}
