import type { RecordedHeaders } from '../record/observation.ts';
import { isLeftOut } from '../record/headers.ts';
import { type Difference, differenceOf } from './difference.ts';

/** Milliseconds by which a remaining budget may differ. */
const BUDGET_MS = 30;

const GRPC_UNIT_MS: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 1e-3, n: 1e-6 };

/** Headers that reached a backend, or the caller. `retry`: the attempt is not the first. */
export function compareHeaders(
  what: string,
  expected: RecordedHeaders | undefined,
  got: RecordedHeaders | undefined,
  retry = false,
): Difference[] {
  const names = new Set([...Object.keys(expected ?? {}), ...Object.keys(got ?? {})]);
  return [...names]
    .filter((name) => !isLeftOut(name))
    .sort()
    .flatMap((name) =>
      isSameBudget(name, expected?.[name], got?.[name], retry) ? [] : differenceOf(`${what}.${name}`, expected?.[name], got?.[name]),
    );
}

// Budgets count down while the call is under way; a first grpc-timeout is the caller's own and exact.
function isSameBudget(name: string, expected: unknown, got: unknown, retry: boolean): boolean {
  const parse = name === 'x-envoy-expected-rq-timeout-ms' ? Number : name === 'grpc-timeout' && retry ? grpcTimeoutMs : undefined;
  if (parse === undefined || typeof expected !== 'string' || typeof got !== 'string') return false;
  return Math.abs(parse(expected) - parse(got)) <= BUDGET_MS;
}

function grpcTimeoutMs(text: string): number {
  return Number(text.slice(0, -1)) * (GRPC_UNIT_MS[text.slice(-1)] ?? Number.NaN);
}
