import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isJoinedInRequests } from '../../src/common/joined-headers.ts';
import { downstreamHeaders, joinCookies, type HeadersInput } from '../../src/engine/request-headers.ts';

const RUNS = Number(process.env['TS_MESH_RUNS'] ?? 300);

const STRIPPED = [
  'connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade', 'expect', 'x-envoy-internal', 'x-forwarded-client-cert',
  'x-envoy-retry-on', 'x-envoy-retry-grpc-on', 'x-envoy-max-retries', 'x-envoy-retriable-status-codes', 'x-envoy-retriable-header-names',
  'x-envoy-upstream-rq-timeout-ms', 'x-envoy-upstream-rq-per-try-timeout-ms', 'x-envoy-upstream-rq-timeout-alt-response', 'x-envoy-expected-rq-timeout-ms',
  'x-envoy-upstream-alt-stat-name', 'x-envoy-hedge-on-per-try-timeout', 'x-envoy-force-trace', 'x-envoy-ip-tags', 'x-envoy-original-url',
  'x-envoy-upstream-stream-duration-ms',
];

const list = (input: HeadersInput): string[] => downstreamHeaders(input).headers;

describe('downstreamHeaders reads', () => {
  it.each<[string, HeadersInput]>([
    ['a flat list', ['End-User', 'jason', 'x-two', '1', 'X-Two', '2', 'n', '5']],
    ['an object', { 'End-User': 'jason', 'x-two': ['1', '2'], n: 5, gone: undefined }],
    ['entries', new Map<string, string | string[]>([['End-User', 'jason'], ['x-two', ['1', '2']], ['n', '5']])],
  ])('%s', (_what, input) => {
    expect(list(input)).toEqual(['end-user', 'jason', 'x-two', '1', 'x-two', '2', 'n', '5']);
  });

  // Source: Envoy's inline headers.
  it.each<[HeadersInput]>([
    [['x-forwarded-for', '1.1.1.1', 'x-two', '1', 'X-Forwarded-For', '2.2.2.2', 'x-two', '2', 'via', 'a', 'x-forwarded-for', '3.3.3.3']],
    [{ 'x-forwarded-for': ['1.1.1.1', ' 2.2.2.2', '3.3.3.3'], 'x-two': ['1', '2'], via: ['a'] }],
  ])('a header that Envoy keeps one line of as one: %j', (input) => {
    expect(list(input).toSorted()).toEqual(['x-forwarded-for', '1.1.1.1,2.2.2.2,3.3.3.3', 'x-two', '1', 'x-two', '2', 'via', 'a'].toSorted());
  });

  it('Headers', () => {
    expect(list(new Headers([['B', '2'], ['a', '1'], ['set-cookie', 'x=1'], ['set-cookie', 'y=2']]))).toEqual(['a', '1', 'b', '2', 'set-cookie', 'x=1', 'set-cookie', 'y=2']);
  });

  it.each([[null], [undefined], [[]], [{}], [new Headers()]])('nothing: %j', (input) => {
    expect(downstreamHeaders(input as HeadersInput)).toEqual({ headers: [], host: undefined });
  });

  it('only an object\'s own fields', () => {
    expect(list(Object.assign(Object.create({ inherited: 'x' }) as Record<string, string>, { own: 'y' }))).toEqual(['own', 'y']);
  });

  it('a list of an odd length as far as it goes', () => {
    expect(list(['a', '1', 'b'])).toEqual(['a', '1']);
  });
});

describe('the Host', () => {
  it.each<[HeadersInput]>([[['Host', 'reviews:9080', 'a', '1']], [{ a: '1', HOST: 'reviews:9080' }], [new Map([['host', ['reviews:9080', 'other']], ['a', '1']] as never)]])('is no header of the request but its authority: %j', (input) => {
    expect(downstreamHeaders(input)).toEqual({ host: 'reviews:9080', headers: ['a', '1'] });
  });

  it('is the first of several', () => {
    expect(downstreamHeaders(['host', 'one', 'Host', 'two']).host).toBe('one');
  });
});

describe('what is taken away', () => {
  it.each(STRIPPED)('%s', (name) => {
    expect(list([name, '1', name.toUpperCase(), '2', 'kept', '3'])).toEqual(['kept', '3']);
    expect(list({ [name.toUpperCase()]: ['1', '2'], kept: '3' })).toEqual(['kept', '3']);
  });

  it('te, unless it is trailers', () => {
    expect(list(['te', 'gzip', 'a', '1'])).toEqual(['a', '1']);
    expect(list(['TE', 'trailers'])).toEqual(['te', 'trailers']);
    expect(list(['te', 'gzip', 'TE', 'deflate;q=0.5, trailers', 'te', 'trailers'])).toEqual(['te', 'trailers']);
  });

  it.each(['x-envoy', 'x-envoy-decorator-operation', 'x-forwarded-for', 'x-request-id', 'hosts', 'connections', 'content-length', 'authorization', 'cookie', 'x-b3-traceid'])('not %s', (name) => {
    expect(list([name, 'v'])).toEqual([name, 'v']);
  });
});

describe('values', () => {
  it.each([
    [' jason', 'jason'],
    ['jason \t ', 'jason'],
    ['\t', ''],
    ['', ''],
    ['a  b', 'a  b'],
    ['\u00a0x\u00a0', '\u00a0x\u00a0'],
    [' \u00a0x', '\u00a0x'],
    // For undici to refuse: to drop it here would hide a caller's mistake.
    ['x\r\n', 'x\r\n'],
    ['\nx', '\nx'],
  ])('%j is %j to the rules', (given, seen) => {
    expect(list(['x', given])).toEqual(['x', seen]);
    expect(list({ x: [given] })).toEqual(['x', seen]);
  });
});

it.each([
  [['a', ''], 'a'],
  [['', 'a'], 'a'],
  [['', ''], ''],
  [['a', '', 'b'], 'a,b'],
])('of the lines %j of a header that has one only is made %j', (lines, one) => {
  expect(list({ accept: lines })).toEqual(['accept', one]);
  expect(list(lines.flatMap((line) => ['accept', line]))).toEqual(['accept', one]);
});

it.each([
  [['a=1', 'b=2'], 'a=1; b=2'],
  [['', 'a=1', ''], 'a=1'],
  [['', ''], undefined],
  [[], undefined],
])('of the lines of cookies %j is made %j', (lines, one) => {
  const headers = ['x', '', ...lines.flatMap((line) => ['cookie', line]), 'y', 'cookie'];
  joinCookies(headers);

  expect(headers).toEqual(['x', '', 'y', 'cookie', ...(one === undefined ? [] : ['cookie', one])]);
});

/** Lines of headers that Envoy keeps one of become one. */
function joined(lines: readonly (readonly [name: string, value: string, raw: string])[]): [string, string][] {
  const result: [string, string][] = [];
  for (const [name, value] of lines) {
    const first = isJoinedInRequests(name) ? result.find(([other]) => other === name) : undefined;
    if (first === undefined) result.push([name, value]);
    else if (name !== 'te') first[1] = [first[1], value].filter((line) => line !== '').join(',');
  }
  return result;
}

describe('any headers', () => {
  const name = fc.oneof(fc.stringMatching(/^[A-Za-z][A-Za-z0-9-]{0,12}$/), fc.constantFrom(...STRIPPED, 'Host', 'TE', '__proto__', 'constructor'));
  const value = fc.oneof(fc.string({ maxLength: 20 }), fc.constantFrom('trailers', ' spaced ', 'x\r\ny: z'));
  const lines = fc.array(fc.tuple(name, value), { maxLength: 12 });

  it('come out in order, in lower case, without what is stripped, whatever form they had', () => {
    fc.assert(fc.property(lines, (given) => {
      const flat = given.flat();
      const { headers, host } = downstreamHeaders(flat);
      const expected = given
        .map(([key, text]) => [key.toLowerCase(), text.replace(/^[ \t]+|[ \t]+$/g, ''), text] as const)
        .filter(([key, , raw]) => key !== 'host' && !STRIPPED.includes(key) && (key !== 'te' || raw === 'trailers'));

      expect(headers).toEqual(joined(expected).flat());
      expect(host).toBe(given.find(([key]) => key.toLowerCase() === 'host')?.[1]);
      expect(downstreamHeaders(new Map(given.map(([key, text], i) => [`${key}#${i}`, text])))).toMatchObject({ host: undefined });
      // An object keeps the last of equal names, so only lists without such are compared.
      const names = new Set(given.map(([key]) => key));
      if (names.size === given.length && !names.has('__proto__')) expect(downstreamHeaders(Object.fromEntries(given))).toEqual({ headers, host });
    }), { numRuns: RUNS });
  });

  it('never change what the caller gave', () => {
    fc.assert(fc.property(lines, (given) => {
      const flat = Object.freeze(given.flat());
      const object = Object.freeze(Object.fromEntries(given));
      expect(() => [downstreamHeaders(flat), downstreamHeaders(object)]).not.toThrow();
    }), { numRuns: RUNS });
  });
});
