import type { Clock } from './common/clock.ts';
import type { Random } from './common/random.ts';
import type { EndpointInput } from './config/compile-options.ts';
import type { AccessLogOption } from './access-log.ts';
import type { HttpsOptions } from './engine/client-tls.ts';
import type { WorkloadCertificates } from './engine/client-tls.ts';
import type { Transport } from './engine/connection.ts';
import type { Connect } from './engine/dial.ts';
import type { RetrySafety } from './route/model.ts';

/**
 * Where rules come from: a path of a file or folder, YAML text (a string with a line break), either with the name that
 * issues shall show, a resource as an object, or several of these.
 */
export type ConfigSource = string | { readonly text: string; readonly file?: string } | { readonly path: string; readonly file?: string } | object | readonly ConfigSource[];

/** How watched files are looked at. */
export interface WatchOptions {
  /**
   * Milliseconds that files have to be left alone before they are read, so that none is read half written. Default 100.
   * Errors: `ERR_INVALID_ARGUMENT` unless from 1 to 86400000, as of `pollMs`.
   */
  readonly debounceMs?: number;
  /** Milliseconds between looks at files whose changes the system does not tell, as on network file systems. Default 5000. */
  readonly pollMs?: number;
}

/** Who calls: what a sidecar would know of its pod. Rules select callers by it. */
export interface WorkloadOptions {
  /** Default `default`. */
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** `region/zone/subzone`; default: unknown. */
  readonly locality?: string;
  /** The workload's own IP address, as mirrored copies and access logs show it. Default `127.0.0.1`. */
  readonly address?: string;
  /** What it shows to others of the mesh where a rule says `ISTIO_MUTUAL`. Default: none, and such connections fail. */
  readonly certificates?: WorkloadCertificates;
}

/** What {@link createMesh} takes; everything has a default. */
export interface MeshOptions {
  /** The rules. Default: none; `mesh.apply` adds them later. Files and folders named here are watched, see `watch`. */
  readonly config?: ConfigSource;
  /**
   * Whether edits of the files and folders of `config` come into force, all of an edit at once. One with an error changes
   * nothing and is told by the `config-error` event. Default `true`. Watching never keeps the process alive.
   */
  readonly watch?: boolean | WatchOptions;
  /**
   * Endpoints from code, by host (`reviews`, `reviews.default`, FQDN), optionally with `:port`. They give life to
   * Kubernetes Services whose pods live elsewhere, and are merged with declared endpoints of the same host.
   */
  readonly endpoints?: Readonly<Record<string, readonly EndpointInput[]>>;
  readonly workload?: WorkloadOptions;
  /**
   * Whom calls to https:// URLs trust that go by the mesh's rules (TLS of the caller's own from end to end, or by HTTP rules where a service is
   * annotated with `ts-mesh.dev/https-routing`), and what they show.
   * Default: as the process does, `NODE_EXTRA_CA_CERTS` included.
   */
  readonly https?: HttpsOptions;
  /**
   * Whether three things are as older Istio had them: mirrored Hosts get `-shadow`, `consecutiveErrors` ejects, a rule
   * with `fault` and no `route` is accepted. Default `true`; `false` is exactly today's Istio.
   */
  readonly legacySemantics?: boolean;
  /**
   * Whether retries are made only where they do no harm: of idempotent methods, of requests with an `Idempotency-Key`, or where surely nothing was
   * sent; within a budget; and while whoever asked still waits. An object sets the budget. For rules that say nothing of it themselves (annotation
   * `ts-mesh.dev/safe-retries`). Default `false`: whatever `retries` lists is retried, as Istio does.
   * Errors: `ERR_INVALID_ARGUMENT` for figures out of bounds.
   */
  readonly safeRetries?: boolean | Partial<RetrySafety>;
  /** Whether unknown fields are errors instead of warnings. Default `false`. */
  readonly strict?: boolean;
  /**
   * Makes every decision reproducible: with a virtual `clock` and in-memory transports the same calls give the same bytes. Default: chance.
   * Ignored when `random` is given.
   */
  readonly seed?: number;
  /** Default: the system's. */
  readonly clock?: Clock;
  /** Default `Math.random`, or seeded by `seed`. */
  readonly random?: Random;
  /** DNS for endpoints and hosts given by name. Default: the system's. */
  readonly lookup?: (host: string) => Promise<readonly string[]>;
  /** Opens the socket to an endpoint. Default `net.connect`. */
  readonly connect?: Connect;
  /** Gives an undici Dispatcher for an endpoint in place of a socket: in-memory services, mocks. */
  readonly transport?: Transport;
  /** Whether calls without a trace context get B3 headers. Default `true`. */
  readonly tracing?: boolean;
  /**
   * What becomes of the headers by which a caller steers its own timeouts and retries (`x-envoy-upstream-rq-timeout-ms`,
   * `x-envoy-retry-on`, `x-envoy-max-retries` and their like): `strip`, as Istio's sidecars do, or `honor`, as an Envoy does that trusts
   * its callers. Default `strip`.
   */
  readonly callerPolicies?: 'strip' | 'honor';
  /** Bytes of a streamed request body that are kept for retries and mirrors. Default 1 MiB, Envoy's figure. */
  readonly maxReplayBytes?: number;
  /**
   * Takes Istio's access log lines, in the form that MeshConfig `accessLogEncoding` says; `false`: none are made. Default: they go
   * where `accessLogFile` says, if that is `/dev/stdout` or `/dev/stderr`, without blocking; else nowhere.
   */
  readonly accessLog?: AccessLogOption;
  /** What `discovery` may do beyond the resources. */
  readonly discovery?: {
    /** Whether a Service without endpoints is looked up by name. Default `false`: it answers 503 `UH`. */
    readonly dns?: boolean;
  };
}
