import { formatDurationMs } from '../common/duration.ts';
import type { ForwardAction } from './forward-action.ts';
import type { FaultOptions } from './model.ts';
import type { Route } from './route.ts';

/** What `route` does with a request, a phrase each: its destinations or its answer first, then all else that it asks for. */
export function describeAction(route: Route): string[] {
  const { action, spec } = route;
  return [
    ...(action.kind === 'forward' ? describeDestinations(action) : [`${action.kind === 'redirect' ? 'redirect' : 'direct response'} ${action.status}`]),
    ...describeFault(spec.fault ?? {}),
    ...(action.kind === 'forward' ? describeTreatment(action) : []),
  ];
}

function describeDestinations({ destinations }: ForwardAction): string[] {
  return destinations.choices.map((choice) =>
    destinations.choices.length === 1 ? `to ${choice.cluster || 'no cluster'}` : `${round(destinations.percentage(choice))} % to ${choice.cluster}`,
  );
}

function describeFault({ delay, abort }: FaultOptions): string[] {
  const phrases: string[] = [];
  if (delay !== undefined) phrases.push(`delays ${round(delay.percentage ?? 0)} % by ${formatDurationMs(delay.fixedDelayMs)}`);
  if (abort?.httpStatus !== undefined) phrases.push(`aborts ${round(abort.percentage ?? 0)} % with ${abort.httpStatus}`);
  else if (abort?.grpcStatus !== undefined) phrases.push(`aborts ${round(abort.percentage ?? 0)} % with gRPC status ${abort.grpcStatus}`);
  return phrases;
}

function describeTreatment({ timeout, retry, mirrors, cors }: ForwardAction): string[] {
  const phrases: string[] = [];
  if (timeout.routeTimeoutMs > 0) phrases.push(`timeout ${formatDurationMs(timeout.routeTimeoutMs)}`);
  if (timeout.perTryTimeoutMs > 0) phrases.push(`per try ${formatDurationMs(timeout.perTryTimeoutMs)}`);
  if (retry.attempts > 0) phrases.push(`${retry.attempts} retries on ${[...retry.tokens, ...retry.statusCodes].join(',')}`);
  for (const mirror of mirrors) phrases.push(`mirrors ${round(mirror.options.percentage)} % to ${mirror.cluster}`);
  if (cors !== undefined) phrases.push('CORS policy');
  return phrases;
}

function round(percentage: number): number {
  return Math.round(percentage * 10_000) / 10_000;
}
