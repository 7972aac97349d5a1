import type { Origin } from './origin.ts';

/** What would happen to a call, or did, and why: plain data. `toString()` tells it to a person. */
export interface Explanation {
  /** As it was called; the values of secret query parameters are replaced by `<redacted>`, user and password are left out. */
  readonly url: string;
  /** `CONNECT` for a connection that is not HTTP. */
  readonly method: string;
  /** `mesh`: by rules; `connection`: as bytes to a service that does not speak HTTP; `passthrough`: past the mesh; `blocked`: REGISTRY_ONLY. */
  readonly kind: 'mesh' | 'connection' | 'passthrough' | 'blocked';
  /** Why it is of that kind; absent for calls that are simply HTTP on a port of the mesh. */
  readonly reason?: string;
  /** What the HTTP rules of the port say. */
  readonly route: RouteExplanation;
  /** For `connection`: who chose its destinations. */
  readonly connection?: ConnectionExplanation;
  readonly destinations: readonly DestinationExplanation[];
  /** Several lines: the URL, what each rule said, what is missing. */
  toString(): string;
}

/** Why a request goes where it goes. */
export interface RouteExplanation {
  readonly port: number;
  /** The Host as the caller wrote it. */
  readonly authority: string;
  /**
   * `routed`; `no-route`: the virtual host has none for this request, which is 404 `NR`; `unknown-host`: no virtual host
   * wants the Host; `no-listener`: no HTTP service has this port, so the call is none of the mesh's.
   */
  readonly outcome: 'routed' | 'no-route' | 'unknown-host' | 'no-listener';
  readonly virtualHost?: {
    readonly name: string;
    /** The domain that the Host fits, such as `reviews` or `*.example.com`; `*` takes what nothing else wants. */
    readonly domain: string;
    readonly origin?: Origin;
  };
  /** The routes tried, in order, the matching one last. */
  readonly trials: readonly RouteTrial[];
  /** What the matching route does. */
  readonly action: readonly string[];
  /** Rules of this virtual host that cannot apply to this caller or port, with the reason. */
  readonly skipped: readonly SkippedRule[];
  /** When no domain but `*` fits: the ports on which this host is known. */
  readonly knownOnPorts: readonly number[];
  /** When no domain but `*` fits: hosts of this port that look like it, the nearest first. */
  readonly similarHosts: readonly string[];
}

/** One route and whether it matched. */
export interface RouteTrial {
  readonly name?: string;
  readonly origin?: Origin;
  readonly matched: boolean;
  /** All conditions that held, or the first that failed with its expected and actual value. */
  readonly reason: string;
}

/**
 * A rule, or an entry of its match, that cannot apply to this caller on this port. It takes no part in matching; only
 * explanations show it.
 */
export interface SkippedRule {
  readonly origin: Origin;
  /** Such as `gateways [edge] do not include mesh`. */
  readonly reason: string;
}

/** Why a connection that is not HTTP goes where it goes. */
export interface ConnectionExplanation {
  /** The listener that takes it, such as `0.0.0.0_5432`; absent: none does, and the outbound policy decides. */
  readonly listener?: string;
  /** The rule of its filter chain, or the service that has none; absent: no chain wants it. */
  readonly origin?: Origin;
  /** What the chain asks for: SNI hosts and ranges of addresses. */
  readonly conditions: readonly string[];
}

/** One cluster that a call may go to. */
export interface DestinationExplanation {
  readonly cluster: string;
  /** Percent of such calls: of the route's, or all or none of those with this key where a split is sticky. */
  readonly share: number;
  /** `ok`; `NC`: there is no such cluster; `UH`: it has no endpoint to use. */
  readonly outcome: 'ok' | 'NC' | 'UH';
  /** For `NC` and `UH`: which object is missing or empty, and what to do. */
  readonly problem?: string;
  readonly endpoints: readonly { readonly address: string; readonly version?: string; readonly ejected: boolean }[];
  /** Policies in force, in words. */
  readonly policies: readonly string[];
  /** The service and the DestinationRules that made it. */
  readonly origins: readonly Origin[];
}
