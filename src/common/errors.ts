import type { Explanation } from './explanation.ts';

/** One thing wrong with given options: where (a path such as `delay.fixedDelay`) and what. */
export interface Issue {
  readonly path: string;
  readonly problem: string;
}

/** What a {@link MeshError} may carry besides its message. */
export interface MeshErrorDetails {
  /** Envoy response flags in Envoy's order, such as `URX,UF`; `-` or absent for none. */
  readonly flags?: string;
  /** Envoy's response code details, such as `cluster_not_found`. */
  readonly details?: string;
  /** How many times an upstream was tried. */
  readonly attempts?: number;
  /** The cluster that was chosen, such as `outbound|9080|v1|reviews.default.svc.cluster.local`. */
  readonly cluster?: string;
  /** The rule that decided, such as `VirtualService default/reviews http[0] (mesh/reviews.yaml:8)`. */
  readonly rule?: string;
  /** Every issue found, for `ERR_INVALID_CONFIG`. */
  readonly issues?: readonly unknown[];
  /** Tells the decisions of the call; called at most once, when somebody asks. */
  readonly explain?: (() => Explanation) | undefined;
  readonly cause?: unknown;
}

const BRAND = Symbol.for('ts-mesh/1.error');

/**
 * Every error that ts-mesh itself raises. `code` is stable and part of the public API; message texts are not.
 *
 * Codes: `ERR_INVALID_CONFIG` (rules or options; see `issues`), `ERR_INVALID_ARGUMENT`, `ERR_NOT_FOUND` (nothing of that name to
 * delete), `ERR_MESH_CLOSED`, `ERR_EGRESS_BLOCKED` (the outbound policy), `ERR_UPSTREAM` (a connection failed where there is no
 * HTTP answer to give), `ERR_TIMEOUT` (a route timeout that expired after the headers), `ERR_LISTEN` (a gateway's port can't be had).
 */
export class MeshError extends Error {
  override readonly name = 'MeshError';
  readonly code: string;
  /** Envoy response flags; `-` for none. */
  readonly flags: string;
  readonly details: string | undefined;
  readonly attempts: number;
  readonly cluster: string | undefined;
  readonly rule: string | undefined;
  readonly issues: readonly unknown[];
  readonly #explain: (() => Explanation) | undefined;
  #explanation: Explanation | undefined;

  constructor(code: string, message: string, about: MeshErrorDetails = {}) {
    super(message, about.cause === undefined ? undefined : { cause: about.cause });
    this.code = code;
    this.flags = about.flags ?? '-';
    this.details = about.details;
    this.attempts = about.attempts ?? 0;
    this.cluster = about.cluster;
    this.rule = about.rule;
    this.issues = about.issues ?? [];
    this.#explain = about.explain;
    Object.defineProperty(this, BRAND, { value: true });
  }

  /** Why the call went where it went, made when it is asked for; `undefined` for errors that are of no call. */
  get explanation(): Explanation | undefined {
    return (this.#explanation ??= this.#explain?.());
  }
}

/** Whether `value` is a {@link MeshError}, also of another copy (ESM and CJS) of this library. */
export function isMeshError(value: unknown): value is MeshError {
  return typeof value === 'object' && value !== null && BRAND in value;
}

/** @throws {MeshError} `ERR_INVALID_CONFIG` naming every issue, when there is one. */
export function assertNoIssues(issues: readonly Issue[]): void {
  if (issues.length === 0) return;
  throw new MeshError('ERR_INVALID_CONFIG', issues.map((issue) => `${issue.path} ${issue.problem}`).join('; '), {
    issues,
  });
}
