import type { CallRecord } from '../backend/call-book.ts';
import type { Outcome } from '../runner/outcome.ts';
import type { Tally, TallyObservation } from './observation.ts';

/** Serial runs up to this long show the order of their calls. */
const SHOWN_SEQUENCE = 60;

/** One call of many. */
export interface TalliedCall {
  readonly outcome: Outcome;
  readonly record: CallRecord;
}

/** The observation of several calls; `serial`: they were made one after the other. */
export function recordTally(calls: readonly TalliedCall[], serial: boolean): TallyObservation {
  const servers = calls.map(({ record }) => record.attempts.map(({ to }) => to));
  const elapsed = calls.map(({ outcome }) => outcome.elapsedMs);
  const grpc = calls.map(({ outcome }) => grpcStatus(outcome)).filter((status) => status !== undefined);
  const retried = servers.some((to) => to.length > 1);
  return {
    times: calls.length,
    status: tally(calls.map(({ outcome }) => statusOf(outcome))),
    ...(grpc.length > 0 && { grpc: tally(grpc) }),
    flags: tally(calls.map(({ outcome }) => String(outcome.facts.flags))),
    cluster: tally(calls.map(({ outcome }) => String(outcome.facts.cluster))),
    to: tally(servers.flat()),
    attempts: tally(servers.map((to) => String(to.length))),
    ...(retried && { distinct: tally(servers.map((to) => String(new Set(to).size))) }),
    elapsedMs: {
      min: Math.round(Math.min(...elapsed)),
      mean: Math.round(elapsed.reduce((sum, ms) => sum + ms, 0) / elapsed.length),
      max: Math.round(Math.max(...elapsed)),
    },
    mirrored: tally(calls.flatMap(({ record }) => record.mirrored.map(({ to }) => to))),
    ...(serial &&
      calls.length <= SHOWN_SEQUENCE && {
        sequence: calls.map(({ outcome }, i) => `${statusOf(outcome)} ${servers[i]?.join('>') || '-'}`),
      }),
  };
}

/** How often each value occurs, sorted by value. */
export function tally(values: readonly string[]): Tally {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function statusOf({ status, error }: Outcome): string {
  return String(status ?? error ?? 0);
}

function grpcStatus({ trailers, headers }: Outcome): string | undefined {
  const status = trailers['grpc-status'] ?? headers['grpc-status'];
  return typeof status === 'string' ? status : undefined;
}
