import type { SkippedRule } from '../common/explanation.ts';
import type { HeaderList } from '../common/headers.ts';
import type { Origin } from '../common/origin.ts';

/** What routing sees of a request. Headers are lower-case; `path` includes the query. */
export interface RequestHead {
  method: string;
  /** `http` or `https`. */
  scheme: string;
  /** The Host as the caller wrote it, with its port if it had one. */
  authority: string;
  path: string;
  /** The port that was called: 80 for `http://reviews`. Source: Envoy's listener port. */
  readonly port: number;
  headers: HeaderList;
}

/** One of the three ways to compare text; none of them set means "is present". Source: Istio `StringMatch`. */
export interface StringMatch {
  readonly exact?: string;
  readonly prefix?: string;
  /** RE2 syntax; must match the whole text. */
  readonly regex?: string;
}

/**
 * The conditions of one entry of `http[].match`, all of which must hold; `{}` holds always. What can be decided without a
 * request (port, gateways, source labels and namespace) has been decided before and is not here.
 */
export interface RouteMatch {
  readonly uri?: StringMatch;
  /** Applies to `exact` and `prefix` of `uri` only. */
  readonly ignoreUriCase?: boolean;
  readonly scheme?: StringMatch;
  readonly method?: StringMatch;
  readonly authority?: StringMatch;
  /** By lower-case name; pseudo-headers such as `:path` are allowed. */
  readonly headers?: Readonly<Record<string, StringMatch>>;
  readonly withoutHeaders?: Readonly<Record<string, StringMatch>>;
  /** By exact name. */
  readonly queryParams?: Readonly<Record<string, StringMatch>>;
}

/** Names are lower-case; `host` and `:authority` never appear here (see `hostRewrite`). Source: Istio `Headers.HeaderOperations`. */
export interface HeaderOperations {
  readonly set?: Readonly<Record<string, string | readonly string[]>>;
  /** A list where a rule spells one name in several cases. */
  readonly add?: Readonly<Record<string, string | readonly string[]>>;
  readonly remove?: readonly string[];
}

/** Source: `http[].headers` and `route[].headers`. */
export interface HeaderRules {
  readonly request?: HeaderOperations;
  readonly response?: HeaderOperations;
}

/**
 * When faults are decided. `request`: once, before anything is tried, as Istio does, so that no retry sees them; `attempt`: for each try, as if
 * something on the way failed; `host`: for each try, as if the host that was picked had failed.
 */
export type FaultScope = 'request' | 'attempt' | 'host';

/** Source: `http[].fault` (HTTPFaultInjection). */
export interface FaultOptions {
  /** Default `request`. Source: annotation `ts-mesh.dev/fault-scope`. */
  readonly scope?: FaultScope;
  readonly delay?: {
    /** Milliseconds; an integer >= 1. */
    readonly fixedDelayMs: number;
    /** Share of requests in percent. Default 0: none. */
    readonly percentage?: number;
  };
  readonly abort?: {
    /** 200 to 600; absent when only `grpcStatus` is given. */
    readonly httpStatus?: number;
    /** 0 to 16. */
    readonly grpcStatus?: number;
    /** Share of requests in percent. Default 0: none. */
    readonly percentage?: number;
  };
}

/** Source: `http[].retries` (HTTPRetry), with every default filled in. */
export interface RetryOptions {
  /** Retries after the first try; 0 turns retries off. */
  readonly attempts: number;
  /** Comma-separated tokens, numbers included, such as `connect-failure,503`. */
  readonly retryOn: string;
  /** Milliseconds; 0 for none. */
  readonly perTryTimeoutMs: number;
  /** Base of the back-off in milliseconds. Default 25; the ceiling is ten times it. */
  readonly backoffBaseMs: number;
  /** Whether a retry avoids the hosts already tried. */
  readonly ignorePreviousHosts: boolean;
  readonly retryRemoteLocalities: boolean;
  /** Response headers, in lower case, that are retried by the token `retriable-headers` when they are there. */
  readonly retriableHeaders?: readonly string[];
  /** Absent: whatever is listed is retried, as Istio does. */
  readonly safety?: RetrySafety | undefined;
}

/** Retries only where they do no harm. Source: annotation `ts-mesh.dev/safe-retries`. */
export interface RetrySafety {
  /** Retries in percent of the calls of the last ten seconds. Default 20. */
  readonly budgetPercent: number;
  /** Retries a second, on average of the last ten, that are allowed however few calls there are. Default 3. */
  readonly leastPerSecond: number;
  /** Milliseconds that must be left for a retry, after its pause, until the caller stops waiting. Default 1. */
  readonly leastTimeMs: number;
}

/** Where the key of a sticky split is looked for. */
export interface StickyKey {
  readonly kind: 'header' | 'cookie' | 'query';
  /** In lower case for a header. */
  readonly name: string;
}

/** A split that keeps each key on its side. Source: annotation `ts-mesh.dev/sticky-by`. */
export interface StickyOptions {
  /** The first that a request has is its key. */
  readonly keys: readonly StickyKey[];
  /** Splits with the same one treat a key alike. */
  readonly salt: string;
}

/** Source: `http[].mirror`, `mirrors`, with their percentages. */
export interface MirrorOptions {
  readonly cluster: string;
  /** Share of requests in percent. */
  readonly percentage: number;
  readonly origin?: Origin;
}

/** Source: `http[].corsPolicy`. */
export interface CorsOptions {
  readonly allowOrigins: readonly StringMatch[];
  readonly allowMethods: readonly string[];
  readonly allowHeaders: readonly string[];
  readonly exposeHeaders: readonly string[];
  /** Seconds, as the header says them. */
  readonly maxAgeSeconds?: number;
  readonly allowCredentials?: boolean;
  /** Whether a preflight of an origin that is not allowed is answered here (`IGNORE`) or forwarded. Default `FORWARD`. */
  readonly unmatchedPreflights?: 'FORWARD' | 'IGNORE';
}

/** Where the hash of a consistent-hash balancer comes from. Source: `loadBalancer.consistentHash`. */
export type HashPolicy =
  | { readonly kind: 'header'; readonly name: string }
  | { readonly kind: 'cookie'; readonly name: string; readonly path?: string; readonly ttlMs?: number; readonly attributes?: readonly (readonly [string, string])[] }
  | { readonly kind: 'query'; readonly name: string }
  | { readonly kind: 'source-ip' };

/** One share of a route. Source: `http[].route[]`. */
export interface WeightedDestination {
  /** `outbound|PORT|SUBSET|HOST` */
  readonly cluster: string;
  /** Relative to the sum of the route's weights; a lone destination gets everything. */
  readonly weight: number;
  readonly headers?: HeaderRules;
  /** From a `host` or `:authority` in the destination's `headers.request.set` or `add`. */
  readonly hostRewrite?: string;
  readonly hashPolicy?: HashPolicy | undefined;
  readonly origin?: Origin | undefined;
}

/** Source: `http[].rewrite`. `authority` already includes a rule-level `host` header operation. */
export interface RewriteOptions {
  /** Replaces the matched prefix, or the whole path after an exact or regex match. */
  readonly uri?: string;
  readonly uriRegex?: { readonly match: string; readonly rewrite: string };
  readonly authority?: string;
}

/** Source: `http[].redirect`. */
export interface RedirectOptions {
  readonly uri?: string;
  readonly prefixRewrite?: string;
  readonly authority?: string;
  readonly scheme?: string;
  readonly port?: number;
  readonly derivePort?: 'FROM_PROTOCOL_DEFAULT' | 'FROM_REQUEST_PORT';
  /** Default 301. */
  readonly redirectCode?: number;
  /** The Host keeps its port, be it the old scheme's default or not. Source: Envoy `require_tls`. */
  readonly keepsPort?: boolean;
}

/** What a route does with a request. */
export type RouteAction =
  | {
      readonly kind: 'forward';
      readonly destinations: readonly WeightedDestination[];
      /** Absent: chance alone splits. */
      readonly sticky?: StickyOptions;
      readonly rewrite?: RewriteOptions;
      /** Milliseconds for the whole exchange; 0 or absent: none. */
      readonly timeoutMs?: number;
      readonly retries?: RetryOptions;
      readonly mirrors?: readonly MirrorOptions[];
      readonly cors?: CorsOptions;
    }
  | { readonly kind: 'redirect'; readonly redirect: RedirectOptions }
  | { readonly kind: 'direct'; readonly status: number; readonly body?: string | Uint8Array };

/** One route of a virtual host, as data; `RouteTable` compiles it. */
export interface RouteSpec {
  /** What `%ROUTE_NAME%` logs; absent when the rule has no name. */
  readonly name?: string;
  readonly match: RouteMatch;
  readonly action: RouteAction;
  readonly fault?: FaultOptions;
  /** The rule's own header operations; those of a destination are on the destination. */
  readonly headers?: HeaderRules;
  /** Under which its requests are counted beside their cluster. */
  readonly statPrefix?: string;
  readonly origin?: Origin;
}

/** The routes that a Host selects. Source: Envoy virtual host. */
export interface VirtualHostSpec {
  /** Such as `reviews.default.svc.cluster.local:9080`, `allow_any`, `block_all`. */
  readonly name: string;
  /** Lower-case hosts without port: exact, `*.suffix`, `prefix.*`, or `*`. */
  readonly domains: readonly string[];
  readonly routes: readonly RouteSpec[];
  readonly skipped?: readonly SkippedRule[];
  /** The VirtualService or service it comes from. */
  readonly origin?: Origin;
}

/** All virtual hosts of one port, or of one service's own addresses on it. Source: Envoy route configuration. */
export interface RouteConfigurationSpec {
  readonly port: number;
  /**
   * Lower-case names and addresses that lead to these virtual hosts alone, whatever the Host, `*.suffix` among them; absent:
   * the virtual hosts of everything else on the port.
   */
  readonly hosts?: readonly string[];
  readonly virtualHosts: readonly VirtualHostSpec[];
}
