/**
 * One arrival at an endpoint: each try of a call, and each mirrored copy, is one of its own. A call that was answered before it came to any
 * endpoint (a fault, no route, an open breaker) is one too, with `attempt` 0.
 */
export interface CallRecord {
  /** The shortest name of the service, such as `reviews`; of a call that came to no service, the Host it asked for. */
  readonly service: string;
  /** Subset or version of the endpoint; empty where it has none. */
  readonly subset: string;
  /** `ip:port`; absent when it came to none. */
  readonly endpoint: string | undefined;
  readonly cluster: string | undefined;
  readonly method: string;
  /** With its query, the values of secret parameters as `<redacted>`. */
  readonly path: string;
  /** As they came to the endpoint, or from the caller; by lower-case name, secrets as `<redacted>`. */
  readonly headers: Readonly<Record<string, string>>;
  /** Which try of its call it was, from 1. */
  readonly attempt: number;
  /** Whether it is a mirrored copy, whose answer nobody waits for. */
  readonly mirrored: boolean;
  /** What the endpoint answered (of `attempt` 0 the caller got); 0 while there is nothing, and where it broke or hung. */
  readonly status: number;
  /** Envoy response flags of the whole call; `-` for none, and while it is under way. */
  readonly flags: string;
  /** The rule that decided, with file and line. */
  readonly rule: string;
  /** Milliseconds of the mesh's clock. */
  readonly startedAtMs: number;
  /** When the endpoint had its answer, in milliseconds of the mesh's clock; -1 while it has none. */
  readonly answeredAtMs: number;
}

/** Who writes it. */
export type WritableRecord = { -readonly [Field in keyof CallRecord]: CallRecord[Field] };

/** `GET /ratings/1 → ratings/v1 10.0.0.1:9080, try 2: 503 UF,URX`. */
export function formatCallRecord({ service, subset, endpoint, method, path, attempt, mirrored, status, flags }: CallRecord): string {
  const where = `${service}${subset === '' ? '' : `/${subset}`}${endpoint === undefined ? '' : ` ${endpoint}`}`;
  const how = mirrored ? 'a mirrored copy' : attempt === 0 ? 'came to no endpoint' : `try ${attempt}`;
  return `${method} ${path} → ${where}, ${how}: ${status === 0 ? 'no answer' : status}${flags === '-' ? '' : ` ${flags}`}`;
}
