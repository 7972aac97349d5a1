import type { Compare } from '../case/case-file.ts';
import type { RecordedAttempt, RequestObservation } from '../record/observation.ts';
import type { ClusterEndpoints, CompareContext } from './cluster-endpoints.ts';
import { compareHeaders } from './compare-headers.ts';
import { compareServer } from './compare-server.ts';
import { type Difference, differenceOf } from './difference.ts';
import { compareElapsed, compareRange } from './elapsed.ts';

/** What has to be equal, letter by letter. */
const EXACT = ['status', 'flags', 'details', 'cluster', 'route', 'rst', 'informational', 'body', 'trailers', 'log', 'hops'] as const;

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

function compareAttempts(
  what: string,
  expected: readonly RecordedAttempt[],
  got: readonly RecordedAttempt[],
  candidates: (to: string) => readonly string[] | undefined,
): Difference[] {
  if (expected.length !== got.length) {
    return [{ what, expected: describe(expected), got: describe(got) }];
  }
  return expected.flatMap((attempt, i) => {
    const other = got[i];
    if (other === undefined) return [];
    const at = `${what}[${i}]`;
    return [
      ...compareServer(`${at}.to`, attempt.to, other.to, candidates(attempt.to)),
      ...(['method', 'path', 'host', 'body', 'http2', 'tls'] as const).flatMap((name) => differenceOf(`${at}.${name}`, attempt[name], other[name])),
      ...compareHeaders(`${at}.headers`, attempt.headers, other.headers, i > 0),
    ];
  });
}

// A recording does not name the cluster of a copy. It is among those that some route mirrors to and that hold the recorded
// server; the smallest of them is the strictest reading.
function mirrorEndpoints(to: string, clusters: ClusterEndpoints | undefined): readonly string[] | undefined {
  const holding = (clusters?.mirrors ?? []).map((name) => clusters?.of(name) ?? []).filter((endpoints) => endpoints.includes(to));
  return holding.sort((a, b) => a.length - b.length)[0];
}

function describe(attempts: readonly RecordedAttempt[]): string {
  return attempts.length === 0 ? 'none' : `${attempts.length} (${attempts.map(({ to }) => to).join(', ')})`;
}
