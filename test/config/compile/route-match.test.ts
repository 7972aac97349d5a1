import { describe, expect, it } from 'vitest';
import { istio, service, snapshotOf } from './support.ts';

const WEB = service('web.default.svc.cluster.local');

function answered(match: string, headers: readonly string[]): boolean {
  const snapshot = snapshotOf(WEB + istio('VirtualService', 'web', `{hosts: [web], http: [{match: [${match}], directResponse: {status: 200}}]}`));
  const head = { method: 'GET', scheme: 'http', authority: 'web', path: '/', port: 80, headers: [...headers] };
  return snapshot.routes.virtualHost(80, 'web')?.match(head) !== undefined;
}

describe('names of headers that differ in case alone', () => {
  it.each(['{headers: {x-a: {prefix: a}, X-A: {regex: ".*z"}}}', '{headers: {X-A: {regex: ".*z"}, x-a: {prefix: a}}}', '{headers: {X-a: {regex: ".*z"}, X-A: {prefix: a}}}'])(
    'are conditions on one header that must all hold: %s',
    (match) => {
      expect(answered(match, ['x-a', 'abz'])).toBe(true);
      expect(answered(match, ['x-a', 'ab'])).toBe(false);
      expect(answered(match, ['x-a', 'bz'])).toBe(false);
    },
  );

  it('also in withoutHeaders', () => {
    const match = '{withoutHeaders: {x-a: {exact: a}, X-A: {exact: b}}}';

    expect([['x-a', 'a'], ['x-a', 'b'], ['x-a', 'c'], []].map((headers) => answered(match, headers))).toEqual([false, false, true, true]);
  });
});
