import { describe, expect, it } from 'vitest';
import type { Compare } from '../case/case-file.ts';
import type { ConnectionTally, RecordedConnection, TcpObservation, TlsObservation } from '../record/observation.ts';
import type { CompareContext } from './cluster-endpoints.ts';
import { compareConnectionTally, compareTcp, compareTls } from './compare-connection.ts';
import { formatDifference } from './difference.ts';

const ENTRY: RecordedConnection = { status: 0, flags: '-', details: null, cluster: 'one', route: null, to: '127.0.1.93:9000' };
const BALANCED: RecordedConnection = { ...ENTRY, cluster: 'many' };
const CONTEXT: CompareContext = {
  clusters: { of: (cluster) => ({ one: ['127.0.1.93:9000'], many: ['127.0.1.93:9000', '127.0.1.94:9000'] })[cluster ?? ''], mirrors: [] },
  slackMs: 0,
};

function seen(entry: RecordedConnection, rest: TcpObservation = {}): TcpObservation {
  return { reply: 'one hello', proxies: { client: [entry] }, ...rest };
}

function differences(expected: TcpObservation, got: TcpObservation, compare?: Compare): string[] {
  return compareTcp(expected, got, compare, CONTEXT).map(formatDifference);
}

describe('compareTcp', () => {
  it.each([
    [{ reply: 'two hello' }, ['reply: expected "one hello", got "two hello"']],
    [{ error: 'closed' }, ['error: expected nothing, got "closed"']],
    [{ open: true }, ['open: expected nothing, got true']],
    [{ closedMs: 3 }, ['closedMs: expected nothing, got 3']],
    [{ log: { client: [] } }, ['log: expected nothing, got {"client":[]}']],
    [{ proxies: {} }, ['proxies.client: expected ["-"], got []']],
    [{ proxies: { client: [ENTRY], egress: [ENTRY] } }, ['proxies.egress: expected [], got ["-"]']],
  ])('sees %j', (rest, lines) => {
    expect(differences(seen(ENTRY), seen(ENTRY, rest))).toEqual(lines);
  });

  it.each([
    [{ flags: 'UH' }, ['flags: expected "-", got "UH"']],
    [{ cluster: 'two' }, ['cluster: expected "one", got "two"']],
    [{ sni: 'a' }, ['sni: expected nothing, got "a"']],
    [{ to: null }, ['to: expected "127.0.1.93:9000", got null']],
    [{ to: '127.0.1.94:9000' }, ['to: expected "127.0.1.93:9000", got "127.0.1.94:9000"']],
  ])("sees %j in a proxy's entry", (change, lines) => {
    expect(differences(seen(ENTRY), seen({ ...ENTRY, ...change }))).toEqual(lines.map((line) => `proxies.client[0].${line}`));
  });

  it('lets a balancer choose, and then the label of the reply too', () => {
    const other = seen({ ...BALANCED, to: '127.0.1.94:9000' }, { reply: 'two hello | two again' });
    expect(differences(seen(BALANCED, { reply: 'one hello | one again' }), other)).toEqual([]);
    expect(differences(seen(BALANCED, { reply: 'one hello | one again' }), other, 'exact')).toHaveLength(2);
    expect(differences(seen(BALANCED), seen(BALANCED, { reply: 'one hullo' }))).toHaveLength(1);
    expect(differences(seen(BALANCED), seen({ ...BALANCED, to: '127.0.1.95:9000' }))).toHaveLength(1);
    expect(differences(seen(BALANCED), seen({ ...BALANCED, to: null }))).toHaveLength(1);
  });

  it('takes a close that comes a little sooner or later', () => {
    const closed = (closedMs: number): TcpObservation => seen(ENTRY, { closedMs });
    expect(differences(closed(500), closed(260))).toEqual([]);
    expect(differences(closed(500), closed(740))).toEqual([]);
    expect(differences(closed(500), closed(760))).toEqual(['closedMs: expected 250 to 750, got 760']);
    expect(differences(closed(500), closed(760), { closedMs: [700, 800] })).toEqual([]);
    expect(differences(closed(500), closed(500), { closedMs: [700, 800] })).toHaveLength(1);
  });
});

describe('compareTls', () => {
  const attempt = { to: '127.0.1.93:9000', tls: { sni: 'a', alpn: null }, path: '/', host: 'a' };
  const over = (entry: RecordedConnection, rest: Partial<TlsObservation> = {}): TlsObservation => ({ status: 200, attempts: [attempt], proxies: { client: [entry] }, ...rest });
  const compare = (expected: TlsObservation, got: TlsObservation, how?: Compare): string[] => compareTls(expected, got, how, CONTEXT).map(formatDifference);

  it.each([
    [{ status: 0, error: 'closed' }, ['status: expected 200, got 0', 'error: expected nothing, got "closed"']],
    [{ attempts: [] }, ['attempts: expected 1 (127.0.1.93:9000), got none']],
    [{ attempts: [{ ...attempt, tls: null }] }, ['attempts[0].tls: expected {"sni":"a","alpn":null}, got null']],
    [{ attempts: [{ ...attempt, path: '/x', host: 'b' }] }, ['attempts[0].path: expected "/", got "/x"', 'attempts[0].host: expected "a", got "b"']],
    [{ proxies: { client: [] } }, ['proxies.client: expected ["-"], got []']],
  ])('sees %j', (rest, lines) => {
    expect(compare(over(ENTRY), over(ENTRY, rest))).toEqual(lines);
  });

  it('lets a balancer choose', () => {
    const other = '127.0.1.94:9000';
    const got = over({ ...BALANCED, to: other }, { attempts: [{ ...attempt, to: other }] });
    expect(compare(over(BALANCED), got)).toEqual([]);
    expect(compare(over(BALANCED), got, 'exact')).toHaveLength(2);
    expect(compare(over(ENTRY), { ...got, proxies: { client: [ENTRY] } })).toHaveLength(1);
  });
});

describe('compareConnectionTally', () => {
  const tally: ConnectionTally = { times: 400, replies: { one: 320, two: 80 }, cluster: { client: { v1: 320, v2: 80 } } };
  const compare = (got: Partial<ConnectionTally>, how?: Compare): string[] => compareConnectionTally(tally, { ...tally, ...got }, how, CONTEXT).map(formatDifference);

  it('takes shares for shares', () => {
    expect(compare({ replies: { one: 300, two: 100 } })).toEqual([]);
    expect(compare({ replies: { one: 200, two: 200 } })).toHaveLength(2);
    expect(compare({ cluster: { client: { v1: 200, v2: 200 } } })).toHaveLength(2);
    expect(compare({ replies: { one: 320, two: 79, closed: 1 } })).toEqual(['replies.closed: expected 0, got 1']);
    expect(compare({ replies: { one: 321, two: 79 } }, 'exact')).toHaveLength(2);
  });

  it('sees connections through other proxies', () => {
    expect(compare({ cluster: { ...tally.cluster, egress: { v1: 1 } } })).toEqual(['cluster: expected {}, got {"egress":{"v1":1}}']);
  });
});
