import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { combineHash64, formatHash64, type Hash64 } from '../../src/common/hash64.ts';
import { xxHash64 } from '../../src/common/xxhash64.ts';
import { HashKey } from '../../src/route/hash-key.ts';
import type { HashPolicy, RequestHead } from '../../src/route/model.ts';
import { sequence } from '../../src/testing/sequence.ts';
import { head, lines } from './support.ts';

const CALLER = '10.1.2.3';
const HEADER: HashPolicy = { kind: 'header', name: 'x-user' };
const COOKIE: HashPolicy = { kind: 'cookie', name: 'sid' };
const QUERY: HashPolicy = { kind: 'query', name: 'user' };
const SOURCE: HashPolicy = { kind: 'source-ip' };

function hashOf(policies: HashPolicy | readonly HashPolicy[], about: Partial<RequestHead> = {}, caller = CALLER): Hash64 | undefined {
  return new HashKey([policies].flat()).of(head(about), caller, sequence());
}

describe('by header', () => {
  it('hashes the value, an empty one too', () => {
    expect(hashOf(HEADER, { headers: lines({ a: 'x-user', 'x-user': 'jason' }) })).toEqual(xxHash64('jason'));
    expect(hashOf(HEADER, { headers: lines({ 'x-user': '' }) })).toEqual(xxHash64(''));
  });

  it('has no hash without the header', () => {
    expect(hashOf(HEADER, { headers: lines({ 'x-users': 'jason' }) })).toBeUndefined();
  });

  it('hashes all lines in sorted order, each with the hash so far as seed', () => {
    const expected = xxHash64('b', xxHash64('a', xxHash64('B')));
    fc.assert(fc.property(fc.shuffledSubarray(['a', 'b', 'B'], { minLength: 3 }), (values) => {
      expect(hashOf(HEADER, { headers: lines({ 'x-user': values }) })).toEqual(expected);
    }));
  });

  it.each([
    ['host', 'reviews:9080'],
    [':authority', 'reviews:9080'],
    [':path', '/a?b'],
    [':method', 'GET'],
    [':scheme', 'http'],
  ])('knows %s', (name, value) => {
    expect(hashOf({ kind: 'header', name }, { path: '/a?b' })).toEqual(xxHash64(value));
  });
});

describe('by query parameter', () => {
  it.each([
    ['/?user=u3', 'u3'],
    ['/?a=1&user=u3&user=u4', 'u3'],
    ['/?user=a%20b', 'a%20b'],
    ['/?user', ''],
    ['/?User=u3', undefined],
    ['/user=u3', undefined],
  ])('%s: %j', (path, value) => {
    expect(hashOf(QUERY, { path })).toEqual(value === undefined ? undefined : xxHash64(value));
  });
});

describe('by source address', () => {
  it.each([
    ['10.1.2.3', '10.1.2.3'],
    ['10.1.2.3:4567', '10.1.2.3'],
    ['::1', '::1'],
    ['[::1]:4567', '::1'],
  ])('hashes the address of %s', (caller, address) => {
    expect(hashOf(SOURCE, {}, caller)).toEqual(xxHash64(address));
  });
});

describe('by cookie', () => {
  it.each([
    ['sid=s1', 's1'],
    ['a=b; sid=s1; sid=s2', 's1'],
    ['a=b;   sid=s1', 's1'],
    ['sid="s 1"', 's 1'],
    ['sid="', '"'],
    ['sid=a=b', 'a=b'],
    ['sid; sid=s1', 's1'],
    ['SID=s1', undefined],
    ['xsid=s1', undefined],
    ['sidx; a=b', undefined],
    ['s id=s1', undefined],
    ['sid="s1', '"s1'],
    ['sid=s1"', 's1"'],
    ['sid=', undefined],
    ['sid=""', undefined],
  ])('%j: %j', (cookie, value) => {
    expect(hashOf(COOKIE, { headers: lines({ cookie }) })).toEqual(value === undefined ? undefined : xxHash64(value));
  });

  it('may have a name of one letter', () => {
    expect(hashOf({ kind: 'cookie', name: 's' }, { headers: lines({ cookie: 's=1' }) })).toEqual(xxHash64('1'));
  });

  it('looks through all lines', () => {
    expect(hashOf(COOKIE, { headers: lines({ cookie: ['a=b', 'sid=s1'] }) })).toEqual(xxHash64('s1'));
  });

  it('makes one up where a ttl says so, once for the request', () => {
    const key = new HashKey([{ ...COOKIE, ttlMs: 60_000, path: '/shop' }]);
    const random = sequence(0.5, 0);
    const hash = key.of(head(), CALLER, random);

    expect(hash).toEqual(xxHash64('8000000000000000'));
    expect(key.of(head(), CALLER, random)).toEqual(hash);
    expect(key.setCookies).toEqual(['sid="8000000000000000"; Max-Age=60; Path=/shop; HttpOnly']);
  });

  it('reads back what it made up', () => {
    const made = new HashKey([{ ...COOKIE, ttlMs: 0 }]);
    const hash = made.of(head(), CALLER, sequence(0.1, 0.9));
    const [cookie = ''] = made.setCookies[0]?.split(';') ?? [];

    expect(hashOf({ ...COOKIE, ttlMs: 0 }, { headers: lines({ cookie }) })).toEqual(hash);
  });

  it.each([
    [{ ttlMs: 0 }, 'sid="#"; HttpOnly'],
    [{ ttlMs: 1999 }, 'sid="#"; Max-Age=1; HttpOnly'],
    [{ ttlMs: 999, path: '/' }, 'sid="#"; Path=/; HttpOnly'],
    [{ ttlMs: 1000, path: '/a', attributes: [['SameSite', 'Strict'], ['Secure', '']] }, 'sid="#"; Max-Age=1; Path=/a; SameSite=Strict; Secure; HttpOnly'],
  ] as const)('writes %j as %s', (more, expected) => {
    const key = new HashKey([{ ...COOKIE, ...more }]);
    key.of(head(), CALLER, sequence(0, 0));

    expect(key.setCookies).toEqual([expected.replace('#', '0000000000000000')]);
  });

  it('sets none that came with the request', () => {
    const key = new HashKey([{ ...COOKIE, ttlMs: 1000 }]);
    key.of(head({ headers: lines({ cookie: 'sid=s1' }) }), CALLER, sequence());

    expect(key.setCookies).toEqual([]);
  });
});

describe('several policies', () => {
  it('are combined in their order; those without a hash are left out', () => {
    const about = { headers: lines({ 'x-user': 'jason' }), path: '/?user=u3' };
    const [byHeader, byQuery] = [xxHash64('jason'), xxHash64('u3')];

    expect(hashOf([HEADER, QUERY], about)).toEqual(combineHash64(byHeader, byQuery));
    expect(hashOf([QUERY, COOKIE, HEADER], about)).toEqual(combineHash64(byQuery, byHeader));
    expect(hashOf([COOKIE, QUERY], about)).toEqual(byQuery);
  });

  it('that are the same make another hash than one alone', () => {
    const about = { headers: lines({ 'x-user': 'jason' }) };
    expect(formatHash64(hashOf([HEADER, HEADER], about)!)).not.toBe(formatHash64(hashOf(HEADER, about)!));
  });
});
