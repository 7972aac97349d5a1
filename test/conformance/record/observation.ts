/** Names and values, sorted by name; `set-cookie` is a list, other repeated headers are joined. */
export type RecordedHeaders = Readonly<Record<string, string | readonly string[]>>;

/** One arrival at a backend, as recorded. */
export interface RecordedAttempt {
  readonly to: string;
  readonly http2?: boolean;
  readonly tls?: unknown;
  readonly method?: string;
  readonly path: string;
  readonly host: string;
  readonly headers?: RecordedHeaders;
  readonly body?: string;
}

/** One call, as recorded. */
export interface RequestObservation {
  readonly status?: number;
  readonly error?: string;
  readonly rst?: string;
  readonly informational?: readonly number[];
  readonly flags: string | null;
  readonly details: string | null;
  readonly cluster: string | null;
  readonly route: string | null;
  readonly headers: RecordedHeaders;
  readonly trailers?: RecordedHeaders;
  readonly body?: string;
  readonly elapsedMs: number;
  readonly attempts: readonly RecordedAttempt[];
  readonly mirrored?: readonly RecordedAttempt[];
  readonly log?: unknown;
  /** What gateways on the way logged, by name. */
  readonly hops?: Readonly<Record<string, unknown>>;
}

/** How often each value was seen. */
export type Tally = Readonly<Record<string, number>>;

/** Several calls, as recorded. */
export interface TallyObservation {
  readonly times: number;
  readonly status?: Tally;
  readonly grpc?: Tally;
  readonly flags?: Tally;
  readonly cluster?: Tally;
  readonly to?: Tally;
  readonly attempts?: Tally;
  readonly distinct?: Tally;
  readonly replies?: Tally;
  readonly elapsedMs?: { readonly min: number; readonly mean: number; readonly max: number };
  readonly mirrored?: Tally;
  readonly sequence?: readonly string[];
}

/** What a proxy logged about one connection. */
export interface RecordedConnection {
  readonly status: number;
  readonly flags: string | null;
  readonly details: string | null;
  readonly cluster: string | null;
  readonly route: string | null;
  readonly to: string | null;
  readonly sni?: string;
}

/** The connections of a step by the name of the proxy that logged them. */
export type Proxies = Readonly<Record<string, readonly RecordedConnection[]>>;

/** One TCP connection, as recorded. */
export interface TcpObservation {
  readonly reply?: string;
  readonly error?: string;
  readonly open?: boolean;
  readonly closedMs?: number;
  /** Absent in a `together`, which has them all. */
  readonly proxies?: Proxies;
  readonly log?: unknown;
}

/** One TLS connection with a GET over it, as recorded. */
export interface TlsObservation {
  /** 0 when no answer came. */
  readonly status: number;
  readonly error?: string;
  readonly attempts: readonly RecordedAttempt[];
  readonly proxies?: Proxies;
  readonly log?: unknown;
}

/** Several connections, as recorded. */
export interface ConnectionTally {
  readonly times: number;
  readonly status?: Tally;
  readonly to?: Tally;
  readonly replies?: Tally;
  /** By proxy. */
  readonly cluster?: Readonly<Record<string, Tally>>;
}

export interface StatsObservation {
  readonly stats: Tally;
}

export interface TogetherObservation {
  readonly together: readonly Observation[];
  readonly proxies?: Proxies;
}

/** Stands where a step could not be run. Never equal to a recording. */
export interface NotYetObservation {
  readonly notYet: string;
}

/** A wait: nothing to see. */
export type NothingObservation = Readonly<Record<never, never>>;

export type Observation =
  | RequestObservation
  | TallyObservation
  | TcpObservation
  | TlsObservation
  | ConnectionTally
  | StatsObservation
  | TogetherObservation
  | NotYetObservation
  | NothingObservation;

/** What a case showed, step by step. */
export interface Recording {
  readonly steps: readonly Observation[];
}
