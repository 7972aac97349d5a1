import type { HeaderLine } from './requests.ts';
import type { Reply } from './replies.ts';
import type { Cluster } from './clusters.ts';

/** What becomes of one call. */
export type Answer =
  /** Nothing listens for HTTP on the port: the bytes are treated as TCP. */
  | { readonly kind: 'no-listener' }
  | { readonly kind: 'bad-path' }
  /** Nobody knows the host: 502. */
  | { readonly kind: 'blackhole' }
  /** Nobody knows the host: it goes where the caller dialled. */
  | { readonly kind: 'passthrough'; readonly request: SentRequest }
  /** 404 NR */
  | { readonly kind: 'no-route'; readonly virtualHost: string }
  | ({ readonly kind: 'reply'; readonly reply: Reply } & Decision)
  | ({ readonly kind: 'forward' } & Decision & Forward);

export interface Decision {
  readonly virtualHost: string;
  /** `namespace/name#index`, `default` for a service without VirtualService. */
  readonly rule: string;
  /** Name in the access log; empty when it has none. */
  readonly routeName: string;
  readonly fault: Fault;
}

export interface Fault {
  /** Of a million. */
  readonly delay?: { readonly ms: number; readonly share: number };
  readonly abort?: { readonly httpStatus?: number; readonly grpcStatus?: string; readonly share: number };
}

export interface Forward {
  /** The caller gets this at once, nothing is forwarded. */
  readonly preflight?: Reply;
  readonly destinations: readonly Destined[];
  /** 0: none. */
  readonly timeoutMs: number;
  readonly retry?: Retry;
  readonly mirrors: readonly { readonly cluster: Cluster; readonly share: number }[];
}

export interface SentRequest {
  readonly authority: string;
  readonly path: string;
  readonly headers: readonly HeaderLine[];
}

export interface Destined {
  /** Its part of all weights, 1 for a single one. */
  readonly share: number;
  readonly cluster: Cluster;
  /** What a balancer's hash is made of. */
  readonly hash?: string;
  /** What the endpoint sees. */
  readonly request: SentRequest;
  /** Headers of the answer when the endpoint gives the probe's, or of the local reply when there is no cluster or no endpoint. */
  readonly responseHeaders: readonly HeaderLine[];
  /** Headers of the answer when a fault aborts the call. */
  readonly abortHeaders: readonly HeaderLine[];
}

export interface Retry {
  readonly attempts: number;
  /** Tokens and status codes, sorted, joined by commas. */
  readonly on: string;
  readonly statusCodes: string;
  /** 0: none. */
  readonly perTryTimeoutMs: number;
  readonly backoffMs: number;
  readonly avoidsPreviousHosts: boolean;
}
