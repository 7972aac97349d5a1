import { assertNoIssues, type Issue } from '../common/errors.ts';
import { hits, type Random } from '../common/random.ts';
import type { FaultOptions } from './model.ts';

/** The answer that takes the place of the upstream's. Exactly one of the two is there. */
export interface FaultAbort {
  readonly httpStatus?: number;
  readonly grpcStatus?: number;
}

/** What to do to one request. The caller waits and answers; nothing here does. */
export interface FaultDecision {
  /** Milliseconds to wait before going on; 0 means do not wait. */
  readonly delayMs: number;
  /** The answer to give, after the wait, instead of calling upstream, if any. */
  readonly abort: FaultAbort | undefined;
}

const NO_FAULT: FaultDecision = Object.freeze({ delayMs: 0, abort: undefined });

/**
 * Faults for the requests of one route. They come after the route was chosen, before CORS and the choice of a host, outside
 * the route's timeout, and an abort is never retried; unless their scope is an attempt: then they are part of each. Delay and abort are drawn
 * independently.
 *
 * Source: Istio `VirtualService.http[].fault`; Envoy fault filter.
 */
export class FaultInjector {
  readonly #options: FaultOptions;

  /** @throws {MeshError} `ERR_INVALID_CONFIG`, naming every issue `checkFault` finds. */
  constructor(options: FaultOptions) {
    assertNoIssues(checkFault(options));
    this.#options = options;
  }

  /** Whether the host that was picked for an attempt is to blame for its fault. */
  get blamesHost(): boolean {
    return this.#options.scope === 'host';
  }

  /** Draws the delay first, then the abort; a share of 0 draws nothing. */
  decide(random: Random): FaultDecision {
    const { delay, abort } = this.#options;
    const delayed = delay !== undefined && hits(delay.percentage ?? 0, random);
    // An abort of no kind passes Istio's validation and does nothing.
    const aborted =
      abort !== undefined &&
      (abort.httpStatus !== undefined || abort.grpcStatus !== undefined) &&
      hits(abort.percentage ?? 0, random);
    if (!delayed && !aborted) return NO_FAULT;
    return { delayMs: delayed ? delay.fixedDelayMs : 0, abort: aborted ? abort : undefined };
  }
}

/** Every issue in `options`. */
export function checkFault({ delay, abort }: FaultOptions): Issue[] {
  const issues: Issue[] = [];
  if (delay && !(Number.isInteger(delay.fixedDelayMs) && delay.fixedDelayMs >= 1)) {
    issues.push({ path: 'delay.fixedDelay', problem: `must be at least 1ms, got ${delay.fixedDelayMs}ms` });
  }
  if (abort?.httpStatus !== undefined && !isWithin(abort.httpStatus, 200, 600)) {
    issues.push({ path: 'abort.httpStatus', problem: `must be 200 to 600, got ${abort.httpStatus}` });
  }
  if (abort?.grpcStatus !== undefined && !isWithin(abort.grpcStatus, 0, 16)) {
    issues.push({ path: 'abort.grpcStatus', problem: `must be 0 to 16, got ${abort.grpcStatus}` });
  }
  for (const [kind, fault] of [['delay', delay], ['abort', abort]] as const) {
    const { percentage = 0 } = fault ?? {};
    if (!(percentage >= 0 && percentage <= 100)) {
      issues.push({ path: `${kind}.percentage`, problem: `must be 0 to 100, got ${percentage}` });
    }
  }
  return issues;
}

function isWithin(value: number, from: number, to: number): boolean {
  return Number.isInteger(value) && value >= from && value <= to;
}
