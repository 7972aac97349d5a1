import { formatDurationMs } from '../common/duration.ts';
import type { ForwardAction } from './forward-action.ts';
import type { FaultOptions, RequestHead, RetrySafety } from './model.ts';
import type { Route } from './route.ts';

/**
 * What `route` does with a request, a phrase each: its destinations or its answer first, then all else that it asks for.
 *
 * @param head - of a request, where the destinations depend on it
 */
export function describeAction(route: Route, head?: RequestHead): string[] {
  const { action, spec } = route;
  return [
    ...(action.kind === 'forward' ? [...describeDestinations(action), ...describeSticky(action, head)] : [`${action.kind === 'redirect' ? 'redirect' : 'direct response'} ${action.status}`]),
    ...describeFault(spec.fault ?? {}),
    ...(action.kind === 'forward' ? describeTreatment(action) : []),
  ];
}

function describeDestinations({ destinations }: ForwardAction): string[] {
  return destinations.choices.map((choice) =>
    destinations.choices.length === 1 ? `to ${choice.cluster || 'no cluster'}` : `${round(destinations.percentage(choice))} % to ${choice.cluster}`,
  );
}

/** Never the key itself, which may be a secret. */
function describeSticky({ sticky }: ForwardAction, head: RequestHead | undefined): string[] {
  if (sticky === undefined) return [];
  const chosen = head === undefined ? undefined : sticky.pick(head);
  const outcome = head === undefined ? [] : [chosen === undefined ? 'this request has no key, so chance decides' : `the key of this request goes to ${chosen.cluster}`];
  return [[`sticky by ${sticky.keys.map(({ kind, name }) => `${kind} ${name}`).join(', ')}`, ...outcome].join(': ')];
}

function describeFault({ scope = 'request', delay, abort }: FaultOptions): string[] {
  const phrases: string[] = [];
  if (delay !== undefined) phrases.push(`delays ${round(delay.percentage ?? 0)} % by ${formatDurationMs(delay.fixedDelayMs)}`);
  if (abort?.httpStatus !== undefined) phrases.push(`aborts ${round(abort.percentage ?? 0)} % with ${abort.httpStatus}`);
  else if (abort?.grpcStatus !== undefined) phrases.push(`aborts ${round(abort.percentage ?? 0)} % with gRPC status ${abort.grpcStatus}`);
  if (scope !== 'request' && phrases.length > 0) phrases.push(`faults are drawn for each try, and retried${scope === 'host' ? '; hosts are ejected for them' : ''}`);
  return phrases;
}

function describeTreatment({ timeout, retry, mirrors, cors }: ForwardAction): string[] {
  const phrases: string[] = [];
  if (timeout.routeTimeoutMs > 0) phrases.push(`timeout ${formatDurationMs(timeout.routeTimeoutMs)}`);
  if (timeout.perTryTimeoutMs > 0) phrases.push(`per try ${formatDurationMs(timeout.perTryTimeoutMs)}`);
  if (retry.attempts > 0) phrases.push(`${retry.attempts} ${retry.attempts === 1 ? 'retry' : 'retries'} on ${[...retry.tokens, ...retry.statusCodes].join(',')}`);
  if (retry.attempts > 0 && retry.safety !== undefined) phrases.push(describeSafety(retry.safety));
  for (const mirror of mirrors) phrases.push(`mirrors ${round(mirror.options.percentage)} % to ${mirror.cluster}`);
  if (cors !== undefined) phrases.push('CORS policy');
  return phrases;
}

function describeSafety({ budgetPercent, leastPerSecond, leastTimeMs }: RetrySafety): string {
  return `retries only where safe: at most ${round(budgetPercent)} % of calls (or ${round(leastPerSecond)}/s), with ${formatDurationMs(leastTimeMs)} left of the deadline`;
}

function round(percentage: number): number {
  return Math.round(percentage * 10_000) / 10_000;
}
