import type { Explanation } from '../common/explanation.ts';
import type { AccessRecord } from '../telemetry/access-log.ts';

/** What became of one call; see `meshInfo`. */
export interface CallInfo {
  /** HTTP status; 0 while there is none, and when the call ended without one. */
  readonly status: number;
  /** Envoy response flags in Envoy's order, such as `URX,UF`; `-` for none. */
  readonly flags: string;
  /** Envoy response code details, such as `via_upstream` or `cluster_not_found`. */
  readonly details: string;
  /** The cluster that was chosen, also when it does not exist; absent when no route was. */
  readonly cluster: string | undefined;
  /** Name of the route as access logs show it; absent when it has none. */
  readonly route: string | undefined;
  /** The rule that decided, with file and line; `no rule` when none matched. */
  readonly rule: string;
  /** `ip:port` of the last endpoint tried; absent when the last try never had a connection to it, nor failed to get one. */
  readonly endpoint: string | undefined;
  /** How many times an upstream was tried. */
  readonly attempts: number;
  /**
   * How the call travelled: over the mesh's own connections, as bytes on one that was routed as a whole (the service does not speak
   * HTTP), or past the mesh.
   */
  readonly lane: 'lean' | 'connection' | 'passthrough';
  /** Milliseconds since the call began. */
  readonly durationMs: number;
  /** Why the call went where it went, by the rules it went by and the endpoints of now; made when it is asked for, and not listed among the fields. */
  readonly explanation: Explanation;
}

/** {@link CallInfo} of plain fields. */
export class CallReport implements CallInfo {
  readonly status: number;
  readonly flags: string;
  readonly details: string;
  readonly cluster: string | undefined;
  readonly route: string | undefined;
  readonly rule: string;
  readonly endpoint: string | undefined;
  readonly attempts: number;
  readonly lane: CallInfo['lane'];
  readonly durationMs: number;
  readonly #explain: () => Explanation;
  #explanation: Explanation | undefined;

  constructor(told: Omit<CallInfo, 'explanation'>, explain: () => Explanation) {
    this.status = told.status;
    this.flags = told.flags;
    this.details = told.details;
    this.cluster = told.cluster;
    this.route = told.route;
    this.rule = told.rule;
    this.endpoint = told.endpoint;
    this.attempts = told.attempts;
    this.lane = told.lane;
    this.durationMs = told.durationMs;
    this.#explain = explain;
  }

  get explanation(): Explanation {
    return (this.#explanation ??= this.#explain());
  }
}

/** Under this key a door's result carries whoever can tell its {@link CallInfo}. */
export const CALL = Symbol.for('ts-mesh/1.info');

/** Something that can tell how a call went: undici's handlers carry it as their `context`. */
export interface Call {
  describe(): CallInfo;
}

/** A call that can tell its line of the access log. */
export interface LoggedCall extends Call {
  accessRecord(): AccessRecord;
}

/** Finds the {@link Call} of a `Response` of `mesh.fetch`, or of what `mesh.request` gave. */
export function callOf(result: unknown): Call | undefined {
  if (typeof result !== 'object' || result === null) return undefined;
  const { [CALL]: marked, context } = result as { [CALL]?: Call; context?: Call };
  const call = marked ?? context;
  return typeof call?.describe === 'function' ? call : undefined;
}
