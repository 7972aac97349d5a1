import type { Compare } from '../case/case-file.ts';
import type { RequestObservation } from '../record/observation.ts';
import type { ClusterEndpoints, CompareContext } from './cluster-endpoints.ts';
import { compareAttempts } from './compare-attempts.ts';
import { compareHeaders } from './compare-headers.ts';
import { type Difference, differenceOf } from './difference.ts';
import { compareElapsed, compareRange } from './elapsed.ts';

/** What has to be equal, letter by letter. */
const EXACT = ['status', 'flags', 'cluster', 'route', 'rst', 'informational', 'body', 'trailers', 'log', 'hops'] as const;

/** Everything in which one call differs from its recording. */
export function compareRequest(
  expected: RequestObservation,
  got: RequestObservation,
  compare: Compare | undefined,
  { clusters, slackMs }: CompareContext,
): Difference[] {
  const own = clusters?.of(expected.cluster);
  const exact = compare === 'exact';
  const bounds = typeof compare === 'object' ? compare.elapsedMs : undefined;
  return [
    ...EXACT.flatMap((name) => differenceOf(name, expected[name], got[name])),
    ...differenceOf('details', withoutTlsError(expected.details), withoutTlsError(got.details)),
    ...differenceOf('error', failure(expected.error), failure(got.error)),
    ...compareHeaders('headers', expected.headers, got.headers),
    ...compareAttempts('attempts', expected.attempts, got.attempts, (to) => (exact ? [to] : own)),
    ...compareAttempts('mirrored', expected.mirrored ?? [], got.mirrored ?? [], (to) => (exact ? [to] : mirrorEndpoints(to, clusters))),
    ...(typeof bounds === 'object'
      ? compareRange('elapsedMs', [bounds[0], bounds[1] + slackMs], got.elapsedMs)
      : compareElapsed('elapsedMs', expected.elapsedMs, got.elapsedMs, slackMs)),
  ];
}

// Recordings carry the error code of Node's HTTP client behind a proxy. In process there is no connection to be reset, so
// only the kind of failure is compared: the caller left, or the exchange broke.
function failure(error: string | undefined): string | undefined {
  return error === undefined || error === 'CLIENT_TIMEOUT' ? error : 'broken';
}

// What went wrong in a handshake is told in the words and numbers of the library that did it, Envoy's or Node's.
function withoutTlsError(details: string | null): string | null {
  return details?.replace(/\|TLS_error:[^}]*/, '|TLS_error') ?? null;
}

// A recording does not name the cluster of a copy. It is among those that some route mirrors to and that hold the recorded
// server; the smallest of them is the strictest reading.
function mirrorEndpoints(to: string, clusters: ClusterEndpoints | undefined): readonly string[] | undefined {
  const holding = (clusters?.mirrors ?? []).map((name) => clusters?.of(name) ?? []).filter((endpoints) => endpoints.includes(to));
  return holding.sort((a, b) => a.length - b.length)[0];
}
