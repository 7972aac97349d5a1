import { formatOrigin } from '../common/origin.ts';
import type { Explanation } from '../common/explanation.ts';
import type { Destination } from '../route/destination.ts';
import type { Route } from '../route/route.ts';
import { formatFlags } from '../telemetry/response-flags.ts';
import { CallReport, type CallInfo } from './call-info.ts';
import type { Router } from './router.ts';

/** What a report is made of. */
export interface ReportedCall {
  readonly status: number;
  readonly flags: number;
  readonly details: string;
  readonly route: Route | undefined;
  readonly router: Router | undefined;
  readonly destination: Destination | undefined;
  readonly elapsedMs: number;
  explain(): Explanation;
}

/** What `meshInfo` tells of `call`, as far as it has come. */
export function callReport(call: ReportedCall): CallInfo {
  const { route, router, destination } = call;
  const told = {
    status: call.status,
    flags: formatFlags(call.flags),
    details: call.details,
    cluster: router?.cluster.name ?? destination?.cluster,
    route: route?.name,
    rule: route?.origin === undefined ? 'no rule' : formatOrigin(route.origin),
    endpoint: router?.host?.key,
    attempts: router?.attempts ?? 0,
    lane: 'lean' as const,
    durationMs: call.elapsedMs,
  };
  return new CallReport(told, () => call.explain());
}
