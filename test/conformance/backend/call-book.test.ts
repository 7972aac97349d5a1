import { describe, expect, it } from 'vitest';
import type { Arrival } from './arrival.ts';
import { CallBook } from './call-book.ts';

function arrival(plan: string, { call = '1', to = '127.0.0.9:80', copy = false } = {}): Arrival {
  const headers: [string, string][] = [['x-call', call], ['x-plan', plan]];
  if (copy) headers.push(['x-envoy-internal', 'true']);
  return { to, method: 'GET', path: '/', headers, body: '', bodyBytes: 0 };
}

function statuses(book: CallBook, ...arrivals: Arrival[]): unknown[] {
  return arrivals.map((one) => book.arrive(one)).map((item) => (item.kind === 'answer' ? item.status : item.kind));
}

describe('CallBook', () => {
  it('gives successive arrivals successive items, the last one again and again', () => {
    const one = arrival('503,reset,404');

    expect(statuses(new CallBook(), one, one, one, one)).toEqual([503, 'reset', 404, 404]);
  });

  it('counts each call for itself', () => {
    const book = new CallBook();

    expect(statuses(book, arrival('500,200'), arrival('500,200', { call: '2' }), arrival('500,200'))).toEqual([500, 500, 200]);
    expect(book.record('1').attempts).toHaveLength(2);
  });

  it('counts an endpoint with a list of its own apart from the others', () => {
    const plan = '127.0.0.1=500,501|300,301';
    const own = arrival(plan, { to: '127.0.0.1:80' });

    expect(statuses(new CallBook(), own, arrival(plan), own, arrival(plan))).toEqual([500, 300, 501, 301]);
  });

  it('answers a copy with 200 and takes no item for it', () => {
    const book = new CallBook();

    expect(statuses(book, arrival('500,404', { copy: true }), arrival('500,404'))).toEqual([200, 500]);
    expect(book.record('1')).toMatchObject({ attempts: [{}], mirrored: [{}] });
  });

  it('follows the list for copies', () => {
    expect(statuses(new CallBook(), arrival('200|mirror=503,reset', { copy: true }), arrival('200|mirror=503,reset', { copy: true }))).toEqual([503, 'reset']);
  });

  it('answers 200 without a plan', () => {
    expect(new CallBook().arrive({ ...arrival(''), headers: [] })).toMatchObject({ status: 200 });
  });
});
