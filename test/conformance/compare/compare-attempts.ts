import type { RecordedAttempt } from '../record/observation.ts';
import { compareHeaders } from './compare-headers.ts';
import { compareServer } from './compare-server.ts';
import { type Difference, differenceOf } from './difference.ts';

/**
 * Everything in which what reached the servers differs.
 *
 * @param candidates - the servers that may stand for a recorded one
 */
export function compareAttempts(
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

function describe(attempts: readonly RecordedAttempt[]): string {
  return attempts.length === 0 ? 'none' : `${attempts.length} (${attempts.map(({ to }) => to).join(', ')})`;
}
