import { describe, expect, it } from 'vitest';
import { readCase } from './read-case.ts';

function read(text: string): ReturnType<typeof readCase> {
  return readCase(text, 'topic', 'slug');
}

describe('readCase', () => {
  it('fills in what a case leaves out', () => {
    expect(read('steps: []')).toMatchObject({ worlds: [], config: '', client: { namespace: 'default', labels: {} }, down: [], capture: false, steps: [], notYet: [] });
  });

  it('takes one name for a list of one', () => {
    const { worlds, dns } = read('{world: multi, dns: {a: 127.0.0.1, b: [127.0.0.2, 127.0.0.3]}}');

    expect([worlds, dns.get('a'), dns.get('b')]).toEqual([['multi'], ['127.0.0.1'], ['127.0.0.2', '127.0.0.3']]);
  });

  it('reads every kind of step', () => {
    const { steps, notYet } = read(`
steps:
- request: {url: "http://a/", plan: "200", bodyDelay: 400ms, timeoutMs: 200, cookies: true}
  times: 3
  concurrency: 2
  compare: exact
- wait: 1.1s
- stats: x$
- together: [{after: 50ms, request: {url: "http://a/"}}, {tcp: {host: a, port: 1}}]
- tcp: {host: a, port: 9000, send: hello, hold: 1.5s, sendAfter: 300ms, timed: true}
  times: 2
- tcp: {host: a, port: 9000}
- tls: {host: a.example.com, port: 8443, sni: b.example.com, path: /x, cert: client}
- tls: {host: a.example.com, port: 443}
- tls: {host: 127.0.0.1, port: 443}
- tls: {host: a.example.com, port: 443, sni: ""}
`);

    expect(steps).toMatchObject([
      { kind: 'request', times: 3, concurrency: 2, compare: 'exact', request: { method: 'GET', bodyDelayMs: 400, timeoutMs: 200, cookies: true } },
      { kind: 'wait', ms: 1100 },
      { kind: 'stats', pattern: /x$/ },
      { kind: 'together', items: [{ afterMs: 50, step: { kind: 'request' } }, { afterMs: 0, step: { kind: 'tcp' } }] },
      { kind: 'tcp', times: 2, concurrency: 1, tcp: { host: 'a', port: 9000, send: 'hello', holdMs: 1500, sendAfterMs: 300, timed: true } },
      { kind: 'tcp', times: undefined, tcp: { send: undefined, holdMs: undefined, timed: false } },
      { kind: 'tls', tls: { host: 'a.example.com', port: 8443, sni: 'b.example.com', path: '/x', cert: 'client' } },
      { kind: 'tls', tls: { sni: 'a.example.com', path: '/', cert: undefined } },
      { kind: 'tls', tls: { sni: '' } },
      { kind: 'tls', tls: { sni: '' } },
    ]);
    expect(notYet).toEqual([]);
  });

  it.each([
    ['- tcp: {host: a, unheardOf: 1}', 'unheardOf'],
    ['- request: {url: "http://a/", unheardOf: 1}', 'unheardOf'],
    ['- together: [{tls: {host: a, unheardOf: 1}}]', 'unheardOf'],
    ['- request: {url: "http://a/", via: egress, http2: true}', 'via with http2'],
    ['- unheardOf: 1', 'unheardOf'],
  ])('says what it can not do yet: %s', (step, what) => {
    expect(read(`steps:\n${step}`).notYet).toEqual([what]);
  });

  it('says so for parts of a case, too', () => {
    expect(read('{gateways: {egress: {ip: 127.0.3.1, unheardOf: 1}}, unheardOf: 1}').notYet).toEqual(['gateways.unheardOf', 'unheardOf']);
    expect(read('{backends: [{address: a, http2: true, clientCert: optional, unheardOf: 1}]}').notYet).toEqual(['backends.unheardOf']);
  });

  it('reads gateways and the steps that go to them', () => {
    const { gateways, steps } = read('{gateways: {egress: {ip: 127.0.3.1, labels: {istio: egress}}}, steps: [{request: {url: "http://a/", via: egress}}, {tcp: {host: a, via: egress}}, {tls: {host: a, via: egress}}]}');

    expect(gateways).toEqual([{ name: 'egress', ip: '127.0.3.1', namespace: 'istio-system', labels: { istio: 'egress' } }]);
    expect(steps).toMatchObject([{ request: { via: 'egress' } }, { tcp: { via: 'egress' } }, { tls: { via: 'egress' } }]);
  });

  it.each([['wait: soon', 'expected a duration, got "soon"'], ['request: [1]', 'expected a mapping']])('refuses a step with %s', (step, message) => {
    expect(() => read(`steps: [{${step}}]`)).toThrow(message);
  });
});
