import type { RetrySafety } from '../route/model.ts';

/** An endpoint given in code, for a service that the documents declare (or, with a port in the key, for a new one). */
export interface EndpointInput {
  /** `127.0.0.1:9081`, `[::1]:9081`, `127.0.0.1`, `host`, `host:9081`, or the path of a Unix socket. */
  readonly address: string;
  /** The port to connect to; takes the place of one in `address`. Default: the service's target port. */
  readonly port?: number;
  /** What subsets select by. Default: none. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Relative to the other endpoints. Default 1. */
  readonly weight?: number;
  /** `region/zone/subzone`, later parts optional. */
  readonly locality?: string;
}

/** Who calls: what a sidecar would know of its own pod. */
export interface CallerOptions {
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  /** `region/zone/subzone`, later parts optional. Default: unknown. */
  readonly locality?: string;
}

/** Everything beside the documents that decides what a snapshot looks like. */
export interface CompileOptions {
  /** Goes into the snapshot as it is. */
  readonly version: number;
  readonly workload: CallerOptions;
  /** By service: `reviews`, `reviews.default`, or a FQDN or external host; `…:9080` for that port only. */
  readonly endpoints?: Readonly<Record<string, readonly EndpointInput[]>>;
  /** `consecutiveErrors` still ejects, as consecutive gateway errors. */
  readonly legacySemantics: boolean;
  /** For retries of rules and services that say nothing of it. Default: retries are as Istio makes them. */
  readonly retrySafety?: RetrySafety | undefined;
  /** Default `cluster.local`. */
  readonly domain?: string;
  /** Whether a Service without endpoints is looked up by its name, as one unlabelled group. Default false: no healthy upstream. */
  readonly dnsDiscovery?: boolean;
}
