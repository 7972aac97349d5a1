import { describe, expect, it } from 'vitest';
import { getHeader } from '../../src/common/headers.ts';
import type { Destination } from '../../src/route/destination.ts';
import { ForwardAction } from '../../src/route/forward-action.ts';
import type { HeaderRules, RouteSpec, WeightedDestination } from '../../src/route/model.ts';
import { sequence } from '../../src/testing/sequence.ts';
import { forward, head, lines, route, variables } from './support.ts';

const RULE: HeaderRules = {
  request: { set: { both: 'rule', rule: '1' }, add: { add: 'rule' }, remove: ['destination'] },
  response: { set: { both: 'rule', rule: '1' }, add: { add: 'rule' }, remove: ['destination'] },
};
const OWN: HeaderRules = {
  request: { set: { both: 'destination', destination: '1' }, add: { add: 'destination' }, remove: ['rule'] },
  response: { set: { both: 'destination', destination: '1' }, add: { add: 'destination' }, remove: ['rule'] },
};

function share(cluster: string, about: Partial<WeightedDestination> = {}): WeightedDestination {
  return { cluster, weight: 50, ...about };
}

function destinationOf(action: RouteSpec['action'] & { kind: 'forward' }, about: Partial<RouteSpec> = {}): Destination {
  return new ForwardAction(action, route('r', {}, about)).destinations.pick(() => 0);
}

function sent(destination: Destination, headers: Record<string, string> = {}): { authority: string; path: string; headers: string[] } {
  const request = head({ headers: lines(headers), path: '/old?q' });
  expect(destination.prepareRequest(request, variables())).toBe(true);
  const { authority, path, headers: all } = request;
  return { authority, path, headers: all };
}

describe('a lone destination', () => {
  const lone = destinationOf(forward(share('v1', { headers: OWN })), { headers: RULE });

  it('shares one level with its rule, in which its sets win', () => {
    expect(sent(lone, { rule: 'caller', destination: 'caller' }).headers).toEqual(
      lines({ both: 'destination', rule: '1', destination: '1', add: ['rule', 'destination'] }),
    );
    const headers = { rule: 'svc' };
    lone.finishResponse(headers, head(), variables());
    expect(headers).toEqual({ rule: '1', destination: '1', both: 'destination', add: ['rule', 'destination'] });
  });

  it('gives its Host to the route, unless the rule has one', () => {
    const own = forward(share('v1', { hostRewrite: 'from-destination' }));

    expect(sent(destinationOf(own))).toMatchObject({ authority: 'from-destination', headers: ['x-envoy-original-host', 'reviews:9080'] });
    expect(sent(destinationOf({ ...own, rewrite: { authority: 'from-rule' } }))).toMatchObject({
      authority: 'from-rule',
      headers: ['x-envoy-original-host', 'reviews:9080'],
    });
    expect(sent(destinationOf({ ...own, rewrite: { uri: '/new' } }))).toMatchObject({ authority: 'from-destination', path: '/newold?q' });
  });
});

describe('a destination of several', () => {
  const split = destinationOf(forward(share('v1', { headers: OWN }), share('v2')), { headers: RULE });

  it('has its operations run first, so that the rule wins', () => {
    expect(sent(split, { rule: 'caller', destination: 'caller' }).headers).toEqual([
      ...lines({ both: 'rule', add: 'destination', rule: '1' }),
      ...lines({ add: 'rule' }),
    ]);
    const headers = { destination: 'svc' };
    split.finishResponse(headers, head(), variables());
    expect(headers).toEqual({ both: 'rule', rule: '1', add: ['destination', 'rule'] });
  });

  it('is one even if weights of 0 leave no other', () => {
    const remaining = destinationOf(forward(share('v1', { weight: 0 }), share('v2', { headers: OWN })), { headers: RULE });

    expect(remaining.cluster).toBe('v2');
    expect(getHeader(sent(remaining).headers, 'both')).toBe('rule');
  });

  it('sets its Host without a trace, which the rule then sees and replaces', () => {
    const own = forward(share('v1', { hostRewrite: 'from-destination' }), share('v2'));
    const seen: HeaderRules = { request: { set: { seen: '%REQ(:authority)%' } } };

    expect(sent(destinationOf(own))).toEqual({ authority: 'from-destination', path: '/old?q', headers: [] });
    expect(sent(destinationOf(own, { headers: seen })).headers).toEqual(['seen', 'from-destination']);
    expect(sent(destinationOf({ ...own, rewrite: { authority: 'from-rule' } }))).toMatchObject({
      authority: 'from-rule',
      headers: ['x-envoy-original-host', 'from-destination'],
    });
  });
});

describe('Destination', () => {
  it('has its operations see the request before it is rewritten', () => {
    const action = { ...forward('v1'), rewrite: { uri: '/new/', authority: 'other' } };
    const headers: HeaderRules = { request: { set: { at: '%REQ(:path)% %REQ(:authority)%' } } };

    expect(sent(destinationOf(action, { headers }))).toEqual({
      authority: 'other',
      path: '/new/old?q',
      headers: ['at', '/old?q reviews:9080', 'x-envoy-original-host', 'reviews:9080', 'x-envoy-original-path', '/old?q'],
    });
  });

  it.each([
    ['alone', forward('v1')],
    ['of several', forward('v1', 'v2')],
  ])('%s changes nothing unless it is told', (_, action) => {
    const plain = destinationOf(action);
    const headers = { a: '1' };
    plain.finishResponse(headers, head(), variables());

    expect(sent(plain, { a: '1' })).toEqual({ authority: 'reviews:9080', path: '/old?q', headers: ['a', '1'] });
    expect(headers).toEqual({ a: '1' });
  });

  it('tells whether header operations may add to a request', () => {
    const some = { set: { x: '1' } };

    expect(destinationOf(forward(share('v1', { headers: { request: some } }))).changesRequest).toBe(true);
    expect(destinationOf(forward('v1'), { headers: { request: some } }).changesRequest).toBe(true);
    expect(destinationOf(forward(share('v1', { headers: { request: some } }), 'v2')).changesRequest).toBe(true);
    expect(destinationOf(forward('v1', 'v2'), { headers: { request: some } }).changesRequest).toBe(true);
    expect(destinationOf(forward('v1', 'v2'), { headers: { response: some } }).changesRequest).toBe(false);
    expect(destinationOf({ ...forward('v1'), rewrite: { uri: '/' } }).changesRequest).toBe(false);
  });

  it('changes requests, responses or both, on either level', () => {
    const set = { set: { x: '1' } };
    for (const isOwn of [true, false]) {
      for (const rules of [{ request: set }, { response: set }]) {
        const action = forward(share('v1', isOwn ? { headers: rules } : {}), share('v2'));
        const destination = destinationOf(action, isOwn ? {} : { headers: rules });
        const response = {};
        destination.finishResponse(response, head(), variables());

        expect(sent(destination).headers).toEqual('request' in rules ? ['x', '1'] : []);
        expect(response).toEqual('response' in rules ? { x: '1' } : {});
      }
    }
  });
});

describe('ForwardAction', () => {
  it('draws the destination once for a split and never for a lone one', () => {
    const split = new ForwardAction(forward(share('v1'), share('v2')), route('r'));
    const lone = new ForwardAction(forward('v1'), route('r'));

    expect(split.destinations.pick(sequence(0.5)).cluster).toBe('v2');
    expect(lone.destinations.pick(sequence()).cluster).toBe('v1');
  });

  it('leads to no cluster when a rule has faults and no route', () => {
    expect(new ForwardAction(forward(), route('r')).destinations.pick(sequence()).cluster).toBe('');
  });

  it('has neither retries nor timeout unless it is told', () => {
    const { retry, timeout, mirrors, cors } = new ForwardAction(forward('v1'), route('r'));

    expect(retry).toMatchObject({ attempts: 0, ignorePreviousHosts: false, retryRemoteLocalities: false, tokens: new Set(), statusCodes: new Set() });
    expect(timeout.routeTimeoutMs).toBe(0);
    expect(mirrors).toEqual([]);
    expect(cors).toBeUndefined();
  });

  it('knows the treatment it is told', () => {
    const { timeout, retry, mirrors, cors } = new ForwardAction(
      {
        ...forward('v1'),
        timeoutMs: 1000,
        retries: { attempts: 3, retryOn: '5xx', perTryTimeoutMs: 300, backoffBaseMs: 25, ignorePreviousHosts: true, retryRemoteLocalities: true },
        mirrors: [{ cluster: 'copy', percentage: 100 }],
        cors: { allowOrigins: [{ exact: 'http://shop.example' }], allowMethods: [], allowHeaders: [], exposeHeaders: [] },
      },
      route('r'),
    );

    expect(timeout).toMatchObject({ routeTimeoutMs: 1000, perTryTimeoutMs: 300 });
    expect(retry).toMatchObject({ attempts: 3, ignorePreviousHosts: true, retryRemoteLocalities: true });
    expect(mirrors.map(({ cluster }) => cluster)).toEqual(['copy']);
    expect(cors?.decide(head({ headers: ['origin', 'http://shop.example'] }))).toEqual({ kind: 'allowed', origin: 'http://shop.example' });
  });

  it('hashes by the policies of all destinations that can be chosen', () => {
    const byUser = { kind: 'header', name: 'user' } as const;
    const byAddress = { kind: 'source-ip' } as const;
    const action = forward(share('v1', { hashPolicy: byUser }), share('v2'), share('v3', { hashPolicy: byAddress }), share('v4', { weight: 0, hashPolicy: byUser }));

    expect(new ForwardAction(action, route('r')).hashPolicies).toEqual([byUser, byAddress]);
  });
});
