import { describe, expect, it } from 'vitest';
import type { Arrival } from '../backend/arrival.ts';
import type { CallRecord } from '../backend/call-book.ts';
import type { Outcome } from '../runner/outcome.ts';
import { recordLogLine } from './log-line.ts';
import { recordTls } from './record-connection.ts';
import { recordRequest } from './record-request.ts';
import { recordTally } from './record-tally.ts';

const ARRIVAL: Arrival = {
  to: '127.0.1.21:9080',
  method: 'POST',
  path: '/x?y=1',
  headers: [['host', 'reviews'], ['x-list', 'a'], ['x-call', '1'], ['x-list', 'b'], ['x-request-id', 'u'], ['x-forwarded-for', '127.0.9.200'], ['x-b3-sampled', '1']],
  body: 'hello',
  bodyBytes: 5,
};
const OUTCOME: Outcome = {
  status: 200,
  informational: [],
  headers: { 'content-type': 'text/plain', date: 'now', 'x-b': ['1', '2'], 'x-a': '1' },
  trailers: {},
  body: 'v1',
  elapsedMs: 3.4,
  facts: { flags: '-', details: 'via_upstream', cluster: 'c', route: null },
  planned: '',
};

function record(outcome: Partial<Outcome>, calls: Partial<CallRecord> = {}): unknown {
  return recordRequest({ ...OUTCOME, ...outcome }, { attempts: [ARRIVAL], mirrored: [], ...calls }, '127.0.9.200');
}

describe('recordRequest', () => {
  it('records a call in full', () => {
    expect(record({})).toEqual({
      status: 200,
      flags: '-',
      details: 'via_upstream',
      cluster: 'c',
      route: null,
      headers: { 'content-type': 'text/plain', 'x-a': '1', 'x-b': '1, 2' },
      elapsedMs: 3,
      attempts: [
        { to: '127.0.1.21:9080', method: 'POST', path: '/x?y=1', host: 'reviews', headers: { 'x-forwarded-for': '<proxy ip>', 'x-list': 'a, b' }, body: 'hello' },
      ],
    });
  });

  it('shows what was not plain HTTP/1.1', () => {
    const tls = { sni: 'a', alpn: 'h2', client: 'c' };
    expect(record({ rst: 'INTERNAL_ERROR', trailers: { 'grpc-status': '0' } }, { attempts: [{ ...ARRIVAL, http2: true, tls }] })).toMatchObject({
      rst: 'INTERNAL_ERROR',
      trailers: { 'grpc-status': '0' },
      attempts: [{ http2: true, tls }],
    });
  });

  it('shows the body of a local reply, also an empty one', () => {
    const facts = { ...OUTCOME.facts, details: 'route_not_found' };
    expect(record({ facts, body: '' })).toHaveProperty('body', '');
    expect(record({ facts, error: 'ECONNRESET' })).not.toHaveProperty('body');
  });

  it('shows long bodies by their length, and copies in order of server', () => {
    const copies = ['b', 'a'].map((to) => ({ ...ARRIVAL, to, bodyBytes: 1001 }));
    expect(record({}, { mirrored: copies })).toMatchObject({ mirrored: [{ to: 'a', body: '1001 bytes' }, { to: 'b' }] });
  });

  it('hides a cookie that the mesh made up, not one of the backend', () => {
    const headers = { 'set-cookie': ['sid="ab12"; Path=/'] };
    expect(record({ headers })).toMatchObject({ headers: { 'set-cookie': ['sid="<generated>"; Path=/'] } });
    expect(record({ headers, planned: '200{set-cookie=sid}' })).toMatchObject({ headers: { 'set-cookie': ['sid="ab12"; Path=/'] } });
  });
});

describe('recordTls', () => {
  it('shows what the server saw', () => {
    const tls = { sni: 'reviews', alpn: null };
    expect(recordTls({ status: 200 }, [{ ...ARRIVAL, tls }])).toEqual({ status: 200, attempts: [{ to: '127.0.1.21:9080', tls, path: '/x?y=1', host: 'reviews' }] });
    expect(recordTls({ status: 0, error: 'closed' }, [])).toEqual({ status: 0, error: 'closed', attempts: [] });
    expect(recordTls({ status: 200 }, [ARRIVAL])).toMatchObject({ attempts: [{ tls: null }] });
  });
});

describe('recordTally', () => {
  const call = (status: number, ...to: string[]): { outcome: Outcome; record: CallRecord } => ({
    outcome: { ...OUTCOME, status, elapsedMs: status / 100 },
    record: { attempts: to.map((one) => ({ ...ARRIVAL, to: one })), mirrored: [{ ...ARRIVAL, to: 'm' }] },
  });

  it('counts', () => {
    expect(recordTally([call(200, 'a'), call(503), call(200, 'b', 'a')], true)).toEqual({
      times: 3,
      status: { 200: 2, 503: 1 },
      flags: { '-': 3 },
      cluster: { c: 3 },
      to: { a: 2, b: 1 },
      attempts: { 0: 1, 1: 1, 2: 1 },
      distinct: { 0: 1, 1: 1, 2: 1 },
      elapsedMs: { min: 2, mean: 3, max: 5 },
      mirrored: { m: 3 },
      sequence: ['200 a', '503 -', '200 b>a'],
    });
  });

  it('shows no order of calls side by side, nor of many', () => {
    expect(recordTally([call(200, 'a')], false)).not.toHaveProperty('sequence');
    expect(recordTally(Array.from({ length: 61 }, () => call(200, 'a')), true)).not.toHaveProperty('sequence');
  });
});

describe('recordLogLine', () => {
  it('hides what varies', () => {
    const line =
      '[2026-01-01T00:00:00.000Z] "GET /a b HTTP/1.1" 200 - via_upstream - "-" 5 2 12 11 "-" "curl/8" "0b6ba5fa-0d10-4d5c-a7d3-3c3a1a4ea0a1" "details:9080" "127.0.1.41:9080" outbound|9080||details 127.0.0.1:51000 127.9.0.4:9080 127.0.9.1:51001 - default\n';
    expect(recordLogLine(line)).toBe(
      '[<time>] "GET /a b HTTP/1.1" 200 - via_upstream - "-" 5 2 <ms> <ms> "-" "curl/8" "<uuid>" "details:9080" "127.0.1.41:9080" outbound|9080||details 127.0.0.1:<port> 127.9.0.4:9080 127.0.9.1:<port> - default',
    );
  });

  it('hides the bytes of TLS, which vary, but not those of a bare connection', () => {
    const line = (sni: string): string => recordLogLine(`[now] "- - -" 0 - - - "-" 517 1830 12 - "-" "-" "-" "-" "127.0.1.61:443" c 127.0.0.1:51000 127.0.1.61:443 127.0.9.1:51001 ${sni} -`);
    expect(line('a.example.com')).toContain(' "-" <bytes> <bytes> <ms> ');
    expect(line('-')).toContain(' "-" 517 1830 <ms> ');
  });
});
