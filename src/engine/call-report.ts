import { formatOrigin } from '../common/origin.ts';
import { formatFlags } from '../telemetry/response-flags.ts';
import { CallReport, type CallInfo } from './call-info.ts';
import type { RequestWalk } from './request-walk.ts';

/** What `meshInfo` tells of `walk`, as far as it has come. */
export function callReport(walk: RequestWalk): CallInfo {
  const { route, router, destination } = walk;
  const told = {
    status: walk.status,
    flags: formatFlags(walk.flags),
    details: walk.details,
    cluster: router?.cluster.name ?? destination?.cluster,
    route: route?.name,
    rule: route?.origin === undefined ? 'no rule' : formatOrigin(route.origin),
    endpoint: router?.host?.key,
    attempts: router?.attempts ?? 0,
    lane: 'lean' as const,
    durationMs: walk.elapsedMs,
  };
  return new CallReport(told, () => walk.explain());
}
