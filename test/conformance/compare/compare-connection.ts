import type { Compare } from '../case/case-file.ts';
import type { ConnectionTally, Proxies, RecordedConnection, TallyObservation, TcpObservation, TlsObservation } from '../record/observation.ts';
import type { CompareContext } from './cluster-endpoints.ts';
import { compareAttempts } from './compare-attempts.ts';
import { compareServer } from './compare-server.ts';
import { compareTally } from './compare-tally.ts';
import { type Difference, differenceOf } from './difference.ts';
import { compareRange } from './elapsed.ts';

/** Milliseconds by which the time of a close may differ. */
const CLOSED_MS = 250;

/** The proxy that the caller itself has; others are gateways. */
const OWN = 'client';

/** Everything in which one TCP connection differs from its recording. */
export function compareTcp(expected: TcpObservation, got: TcpObservation, compare: Compare | undefined, context: CompareContext): Difference[] {
  const proxies = expected.proxies ?? context.proxies;
  return [
    ...differenceOf('reply', replyOf(expected, proxies, compare, context), replyOf(got, proxies, compare, context)),
    ...differenceOf('error', expected.error, got.error),
    ...differenceOf('open', expected.open, got.open),
    ...compareClosed(expected.closedMs, got.closedMs, compare, context.slackMs),
    ...compareProxies(expected.proxies, got.proxies, compare, context),
    ...differenceOf('log', expected.log, got.log),
  ];
}

/** Everything in which one TLS connection differs from its recording. */
export function compareTls(expected: TlsObservation, got: TlsObservation, compare: Compare | undefined, context: CompareContext): Difference[] {
  const entries = (expected.proxies ?? context.proxies)?.[OWN] ?? [];
  const own = entries.flatMap(({ cluster }) => context.clusters?.of(cluster) ?? []);
  return [
    ...differenceOf('status', expected.status, got.status),
    ...differenceOf('error', expected.error, got.error),
    ...compareAttempts('attempts', expected.attempts, got.attempts, (to) => (compare === 'exact' ? [to] : own)),
    ...compareProxies(expected.proxies, got.proxies, compare, context),
    ...differenceOf('log', expected.log, got.log),
  ];
}

/** Everything in which the proxies' entries of one or several connections differ. */
export function compareProxies(
  expected: Proxies | undefined,
  got: Proxies | undefined,
  compare: Compare | undefined,
  context: CompareContext,
): Difference[] {
  const names = new Set([...Object.keys(expected ?? {}), ...Object.keys(got ?? {})]);
  return [...names].flatMap((name) => compareEntries(`proxies.${name}`, expected?.[name] ?? [], got?.[name] ?? [], compare, context));
}

/** Everything in which several connections differ from their recording. */
export function compareConnectionTally(
  expected: ConnectionTally,
  got: ConnectionTally,
  compare: Compare | undefined,
  context: CompareContext,
): Difference[] {
  const others = (observation: ConnectionTally): object => ({ ...observation.cluster, [OWN]: undefined });
  return [
    ...compareTally(ownTally(expected), ownTally(got), compare, context),
    ...differenceOf('cluster', others(expected), others(got)),
  ];
}

/** The tally as one of calls, which have one proxy only. */
export function ownTally(observation: ConnectionTally): TallyObservation {
  return { ...observation, cluster: observation.cluster?.[OWN] };
}

function compareEntries(
  what: string,
  expected: readonly RecordedConnection[],
  got: readonly RecordedConnection[],
  compare: Compare | undefined,
  { clusters }: CompareContext,
): Difference[] {
  if (expected.length !== got.length) return differenceOf(what, expected.map(({ flags }) => flags), got.map(({ flags }) => flags));
  return expected.flatMap((entry, i) => {
    const other = got[i];
    if (other === undefined) return [];
    const candidates = compare === 'exact' ? undefined : clusters?.of(entry.cluster);
    return [
      ...(['status', 'flags', 'details', 'cluster', 'route', 'sni'] as const).flatMap((name) => differenceOf(`${what}[${i}].${name}`, entry[name], other[name])),
      ...compareServer(`${what}[${i}].to`, entry.to, other.to, candidates),
    ];
  });
}

// A reply begins with the label of its server. Where a balancer chose that server, the label is chance; its entry in the
// proxy's log says whether it is one of the right ones.
function replyOf({ reply }: TcpObservation, proxies: Proxies | undefined, compare: Compare | undefined, { clusters }: CompareContext): string | undefined {
  const balanced = compare !== 'exact' && (proxies?.[OWN] ?? []).some(({ cluster }) => (clusters?.of(cluster)?.length ?? 0) > 1);
  return balanced ? reply?.replaceAll(/(^|\| )\S+ /g, '$1* ') : reply;
}

function compareClosed(expected: number | undefined, got: number | undefined, compare: Compare | undefined, slackMs: number): Difference[] {
  if (expected === undefined || got === undefined) return differenceOf('closedMs', expected, got);
  const bounds = typeof compare === 'object' ? compare.closedMs : undefined;
  const [least, most] = typeof bounds === 'object' ? bounds : [expected - CLOSED_MS, expected + CLOSED_MS];
  return compareRange('closedMs', [least, most + slackMs], got);
}
