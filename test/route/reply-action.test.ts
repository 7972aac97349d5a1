import { describe, expect, it } from 'vitest';
import type { HeaderRules, RouteAction } from '../../src/route/model.ts';
import { ReplyAction } from '../../src/route/reply-action.ts';
import { head, route, variables } from './support.ts';

type Reply = RouteAction & { kind: 'redirect' | 'direct' };

function headers(action: Reply, rules?: HeaderRules): Record<string, unknown> {
  return new ReplyAction(action, route('r', {}, { headers: rules })).headers(head({ path: '/a?b' }), variables());
}

describe('ReplyAction', () => {
  it('redirects with 301 unless told otherwise, without a body', () => {
    const redirect = (redirectCode?: number): ReplyAction => new ReplyAction({ kind: 'redirect', redirect: { uri: '/n', redirectCode } }, route('r'));

    expect(redirect()).toMatchObject({ kind: 'redirect', status: 301, body: undefined });
    expect(redirect(308).status).toBe(308);
    expect(headers({ kind: 'redirect', redirect: { uri: '/n' } })).toEqual({ location: 'http://reviews:9080/n?b' });
  });

  it.each([
    [200, undefined],
    [418, undefined],
    [201, 'http://reviews:9080/a?b'],
    [300, 'http://reviews:9080/a?b'],
    [302, 'http://reviews:9080/a?b'],
    [399, 'http://reviews:9080/a?b'],
    [503, undefined],
  ])('a direct %i has the location %s', (status, location) => {
    expect(headers({ kind: 'direct', status, body: 'x' }).location).toBe(location);
  });

  it('has the rule change its headers, the location too', () => {
    const rules: HeaderRules = { response: { set: { 'x-by': 'mesh', location: '/mine' }, add: { 'x-by': 'too' } } };

    expect(headers({ kind: 'direct', status: 302 }, rules)).toEqual({ location: '/mine', 'x-by': ['mesh', 'too'] });
    expect(headers({ kind: 'redirect', redirect: {} }, { response: { remove: ['location'] } })).toEqual({});
  });

  it('shows operations the path that a redirect rewrites, and the old one in its header', () => {
    const rules: HeaderRules = { response: { set: { 'x-path': '%REQ(:path)% %REQ(x-envoy-original-path)%' } } };
    const redirect = new ReplyAction({ kind: 'redirect', redirect: { prefixRewrite: '/n' } }, route('r', { uri: { prefix: '/a' } }, { headers: rules }));
    const request = head({ path: '/a/x?b' });

    expect(redirect.headers(request, variables())).toEqual({ location: 'http://reviews:9080/n/x?b', 'x-path': '/n/x?b /a/x?b' });
    expect(redirect.headers(request, variables(), false)).toMatchObject({ 'x-path': '/n/x?b ' });
    expect(request).toEqual(head({ path: '/a/x?b' }));
  });

  it('takes no notice of request operations', () => {
    expect(headers({ kind: 'direct', status: 200 }, { request: { set: { a: 'b' } } })).toEqual({});
  });
});
