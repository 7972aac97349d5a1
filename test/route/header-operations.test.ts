import { describe, expect, it } from 'vitest';
import { HeaderEvaluator } from '../../src/route/header-operations.ts';
import type { HeaderOperations } from '../../src/route/model.ts';
import type { ResponseHeaders } from '../../src/route/variables.ts';
import { head, lines, variables } from './support.ts';

function onRequest(levels: readonly HeaderOperations[], headers: Record<string, string | string[]>): string[] {
  const request = head({ headers: lines(headers) });
  new HeaderEvaluator(levels).applyToRequest(request, variables());
  return request.headers;
}

function onResponse(levels: readonly HeaderOperations[], headers: ResponseHeaders): ResponseHeaders {
  new HeaderEvaluator(levels).applyToResponse(headers, head({ headers: ['x-user', 'jason'] }), variables());
  return headers;
}

describe('HeaderEvaluator on requests', () => {
  it.each<[HeaderOperations, Record<string, string | string[]>, Record<string, string | string[]>]>([
    [{ set: { X: 'm' } }, {}, { x: 'm' }],
    [{ set: { x: 'm' } }, { x: ['a', 'b'], y: '1' }, { x: 'm', y: '1' }],
    [{ add: { x: 'm' } }, { x: 'c' }, { x: ['c', 'm'] }],
    [{ add: { x: 'm' } }, {}, { x: 'm' }],
    [{ remove: ['X', 'never'] }, { x: ['a', 'b'], y: '1' }, { y: '1' }],
    // Removes, then sets, then adds, in whatever order they are written.
    [{ add: { a: 'added', b: 'added' }, set: { a: 'set' }, remove: ['a', 'b'] }, { a: 'caller', b: 'caller' }, { a: ['set', 'added'], b: 'added' }],
    // Empty is nothing: what is there stays.
    [{ set: { x: '' }, add: { y: '' } }, { x: 'caller', y: 'caller' }, { x: 'caller', y: 'caller' }],
    [{ set: { x: '%REQ(none)%' } }, { x: 'caller' }, { x: 'caller' }],
    // Values see what the removes left and nothing of the sets.
    [{ set: { user: 'changed', copy: '%REQ(user)%', gone: '%REQ(secret)%' }, remove: ['secret'] }, { user: 'jason', secret: 's' }, { user: 'changed', copy: 'jason' }],
    [{ set: { a: '%REQ(b)%', b: '%REQ(a)%' } }, { a: '1', b: '2' }, { a: '2', b: '1' }],
    [{ add: { x: ['m', '%REQ(y)%', ''] } }, { y: 'n', x: 'c' }, { y: 'n', x: ['c', 'm', 'n'] }],
    // Of these Envoy keeps one line.
    [{ add: { via: 'mesh', authorization: 'B' } }, { via: 'caller' }, { via: 'caller,mesh', authorization: 'B' }],
  ])('%j makes of %j %j', (operations, headers, expected) => {
    expect(onRequest([operations], headers)).toEqual(lines(expected));
  });

  it('merges levels: removes of all, sets of all with the last winning, adds of all', () => {
    const rule: HeaderOperations = { set: { both: 'rule', rule: '1' }, add: { add: 'rule' }, remove: ['destination'] };
    const destination: HeaderOperations = { set: { both: 'destination', destination: '1' }, add: { add: 'destination' }, remove: ['rule'] };

    expect(onRequest([rule, destination], { rule: 'caller', destination: 'caller' })).toEqual(
      lines({ both: 'destination', rule: '1', destination: '1', add: ['rule', 'destination'] }),
    );
  });
});

describe('HeaderEvaluator on responses', () => {
  it.each<[HeaderOperations, ResponseHeaders, ResponseHeaders]>([
    [{ set: { 'X-A': 'mesh' } }, { 'x-a': ['1', '2'] }, { 'x-a': 'mesh' }],
    [{ add: { 'x-a': 'mesh' } }, {}, { 'x-a': 'mesh' }],
    [{ add: { 'x-a': 'mesh' } }, { 'x-a': 'svc' }, { 'x-a': ['svc', 'mesh'] }],
    [{ add: { 'x-a': 'mesh' } }, { 'x-a': ['1', '2'] }, { 'x-a': ['1', '2', 'mesh'] }],
    [{ add: { 'x-a': ['m', 'n'] } }, { 'x-a': '1' }, { 'x-a': ['1', 'm', 'n'] }],
    [{ add: { location: 'mesh', 'set-cookie': 'm=1' } }, { location: 'svc', 'set-cookie': ['s=1'] }, { location: 'svc,mesh', 'set-cookie': ['s=1', 'm=1'] }],
    [{ add: { vary: 'mesh' } }, { vary: ['a', 'b'] }, { vary: 'a,b,mesh' }],
    [{ add: { vary: 'mesh' } }, { vary: '' }, { vary: 'mesh' }],
    [{ remove: ['X-A', 'never'] }, { 'x-a': '1', 'x-b': '2' }, { 'x-b': '2' }],
    [{ set: { 'x-a': 'set' }, add: { 'x-a': 'added' }, remove: ['x-a'] }, { 'x-a': 'svc' }, { 'x-a': ['set', 'added'] }],
    [{ set: { 'x-a': '' } }, { 'x-a': 'svc' }, { 'x-a': 'svc' }],
    [{ set: { 'x-a': '%REQ(x-user)% %RESP(x-b)%' } }, { 'x-b': 'svc' }, { 'x-a': 'jason svc', 'x-b': 'svc' }],
  ])('%j makes of %j %j', (operations, headers, expected) => {
    expect(onResponse([operations], headers)).toEqual(expected);
  });

  it('leaves the list of the upstream alone', () => {
    const cookies = ['a=1'];
    onResponse([{ add: { 'set-cookie': 'b=2' } }], { 'set-cookie': cookies });

    expect(cookies).toEqual(['a=1']);
  });
});
