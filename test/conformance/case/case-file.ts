/** One case of a suite: a configuration, a caller, and the steps whose observations are compared. */
export interface ConformanceCase {
  readonly topic: string;
  readonly slug: string;
  readonly about: string;
  /** Names of world files, loaded before `config`. */
  readonly worlds: readonly string[];
  /** YAML, several documents; may be empty. */
  readonly config: string;
  /** MeshConfig of the case, or `undefined` for Istio's defaults. */
  readonly mesh: unknown;
  readonly client: CaseClient;
  /** Gateways that run beside the caller's mesh. */
  readonly gateways: readonly GatewaySpec[];
  readonly backends: readonly BackendSpec[];
  /** Endpoints, `ip:port`, where nothing listens. */
  readonly down: readonly string[];
  /** Calls carry the address that an application would have dialled. */
  readonly capture: boolean;
  /** Addresses by host name. */
  readonly dns: ReadonlyMap<string, readonly string[]>;
  /** Observations carry the access log lines they caused. */
  readonly accessLog: boolean;
  readonly steps: readonly Step[];
  /** What of the case this runner can't do yet, such as a field it doesn't know; empty when it can do everything. */
  readonly notYet: readonly string[];
}

/** Who calls. */
export interface CaseClient {
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  /** `region/zone/subzone` */
  readonly locality?: string;
}

/** A gateway that runs in a case. */
export interface GatewaySpec {
  readonly name: string;
  /** Where the rules' endpoints say it is. */
  readonly ip: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** A server beyond those that the configuration names, or with manners of its own. */
export interface BackendSpec {
  /** `ip:port` */
  readonly address: string;
  /** `HTTP` or absent: plain HTTP/1.1 and nothing else; any other (`TLS`, `TCP`, `SNIFF`): told apart by the first bytes. */
  readonly protocol?: string;
  /** Whether its TLS wants a certificate of its callers. Absent: it asks for none. */
  readonly clientCert?: 'required' | 'optional';
  /** Its TLS offers HTTP/2. */
  readonly http2: boolean;
  /** Attempts to connect get no answer. */
  readonly silent: boolean;
}

export type Step = CallStep | WaitStep | TogetherStep | StatsStep;

/** A step that calls, and so may stand side by side with others. */
export type CallStep = RequestStep | ConnectionStep | NotYetStep;

/** A step that opens a connection of its own, below HTTP. */
export type ConnectionStep = TcpStep | TlsStep;

export interface RequestStep {
  readonly kind: 'request';
  readonly request: RequestSpec;
  /** Absent: one call, observed in full. Given: that many, observed as tallies. */
  readonly times?: number;
  /** Calls at once. Default 1. */
  readonly concurrency: number;
  readonly compare?: Compare;
}

export interface TcpStep {
  readonly kind: 'tcp';
  readonly tcp: TcpSpec;
  /** Absent: one connection, observed in full. Given: that many, observed as tallies. */
  readonly times?: number;
  /** Connections at once. Default 1. */
  readonly concurrency: number;
  readonly compare?: Compare;
}

export interface WaitStep {
  readonly kind: 'wait';
  readonly ms: number;
}

export interface TogetherStep {
  readonly kind: 'together';
  readonly items: readonly { readonly afterMs: number; readonly step: CallStep }[];
}

export interface StatsStep {
  readonly kind: 'stats';
  readonly pattern: RegExp;
  readonly compare?: Compare;
}

/** A step that this runner can't do yet; it is observed as a failure, never left out. */
export interface NotYetStep {
  readonly kind: 'not-yet';
  /** Such as the name of a field. */
  readonly what: string;
}

/** One HTTP call. `{n}` in the url, in `from` and in header values is the number of the call. */
export interface RequestSpec {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string;
  /** A body of that many `x`. */
  readonly bodyBytes?: number;
  /** Milliseconds between the first byte of the body and the rest. */
  readonly bodyDelayMs?: number;
  readonly plan?: string;
  /** Sent exactly so, in place of the url's path and query. */
  readonly rawPath?: string;
  /** The caller speaks HTTP/2. */
  readonly http2: boolean;
  /** It is a gRPC call, by HTTP/2, with `body` as its one message. */
  readonly grpc: boolean;
  /** The caller keeps and sends cookies. */
  readonly cookies: boolean;
  /** The caller's IP. */
  readonly from?: string;
  /** `ip:port` that the application dialled. */
  readonly dst?: string;
  /** Milliseconds after which the caller leaves. */
  readonly timeoutMs?: number;
  /** The gateway that it is sent to. Absent: it goes through the caller's mesh. */
  readonly via?: string;
}

/** One TCP connection: a line is sent, and what comes back is read. */
export interface TcpSpec {
  readonly host: string;
  readonly port: number;
  /** The line to send, without its end. Absent: nothing is sent. */
  readonly send?: string;
  /** Milliseconds that the connection is kept open after the reply. Absent: it ends with the reply. */
  readonly holdMs?: number;
  /** Milliseconds after the dial when a second line, `again`, is sent. */
  readonly sendAfterMs?: number;
  /** Notes when a refused connection was closed. */
  readonly timed: boolean;
  /** As for a request. */
  readonly via?: string;
}

export interface TlsStep {
  readonly kind: 'tls';
  readonly tls: TlsSpec;
  /** As for {@link TcpStep}. */
  readonly times?: number;
  readonly concurrency: number;
  readonly compare?: Compare;
}

/** One TLS connection of the caller's own, with a GET over it. */
export interface TlsSpec {
  readonly host: string;
  readonly port: number;
  /** The server name of the handshake; empty for none. */
  readonly sni: string;
  readonly path: string;
  /** The certificate to present, as the beginning of its file name. */
  readonly cert?: string;
  /** As for a request. */
  readonly via?: string;
}

/** How a step is compared when the general rule does not fit. */
export type Compare = 'exact' | 'rotation' | 'same' | Bounds;

/** By name, such as `status.503` or `elapsedMs`: the least and the greatest value; or the tally that a stat equals. */
export type Bounds = Readonly<Record<string, readonly [number, number] | string>>;
