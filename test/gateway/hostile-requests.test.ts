import { describe, expect, it } from 'vitest';
import { hostileWorld, statuses } from './hostile-world.ts';

const { attacked } = hostileWorld();

/** What of a request is tried, and the statuses that come back until the connection is closed. */
type Attacks = Readonly<Record<string, readonly [text: string, answers: readonly number[]]>>;

const head = (line: string, ...headers: string[]): string => `${[line, 'Host: shop', ...headers].join('\r\n')}\r\n\r\n`;
const get = (...headers: string[]): string => head('GET /a HTTP/1.1', ...headers);
const post = (...headers: string[]): string => head('POST /a HTTP/1.1', ...headers);
const target = (text: string): string => head(`GET ${text} HTTP/1.1`);
const host = (text: string): string => `GET /a HTTP/1.1\r\nHost:${text}\r\n\r\n`;
const SMUGGLED = 'GET /smuggled HTTP/1.1\r\nHost: shop\r\n\r\n';
const END = '0\r\n\r\n';
const chunked = (body: string): string => post('Transfer-Encoding: chunked') + body;

const LENGTHS: Attacks = {
  'a length, then chunks': [`${post('Content-Length: 6', 'Transfer-Encoding: chunked')}${END}${SMUGGLED}`, [400]],
  'chunks, then a length': [`${post('Transfer-Encoding: chunked', 'Content-Length: 6')}${END}${SMUGGLED}`, [400]],
  'a length of zero, and a body': [`${post('Content-Length: 0', 'Transfer-Encoding: chunked')}${END}${SMUGGLED}`, [400]],
  'two lengths': [`${post('Content-Length: 3', 'Content-Length: 4')}abcd`, [400]],
  'the same length twice': [`${post('Content-Length: 3', 'Content-Length: 3')}abc`, [400]],
  'lengths in a list': [`${post('Content-Length: 3, 3')}abc`, [400]],
  'a length with a sign': [`${post('Content-Length: +3')}abc`, [400]],
  'a negative length': [`${post('Content-Length: -3')}abc`, [400]],
  'a hexadecimal length': [`${post('Content-Length: 0x3')}abc`, [400]],
  'a length with a blank': [`${post('Content-Length: 3 3')}abc`, [400]],
  'a length with a fraction': [`${post('Content-Length: 3.0')}abc`, [400]],
  'an empty length': [`${post('Content-Length:')}abc`, [400]],
  'a length beyond 64 bits': [`${post('Content-Length: 18446744073709551617')}abc`, [400]],
  'a length in other digits': [`${post('Content-Length: ³')}abc`, [400]],
  'a length before a colon with a blank': [`${post('Content-Length : 3')}abc`, [400]],
};

/** 400 from Node, or 501 from the gateway: which of them notices first depends on the version of Node. */
const REFUSED = [501] as const;

const CODINGS: Attacks = {
  'chunked twice': [post('Transfer-Encoding: chunked', 'Transfer-Encoding: chunked') + END, REFUSED],
  'chunked, then another': [post('Transfer-Encoding: chunked, identity') + END, REFUSED],
  'identity': [post('Transfer-Encoding: identity') + END, REFUSED],
  'identity, then chunked': [post('Transfer-Encoding: identity, chunked') + END, REFUSED],
  'gzip, then chunked': [post('Transfer-Encoding: gzip, chunked') + END, REFUSED],
  'nothing, then chunked': [post('Transfer-Encoding: , chunked') + END, REFUSED],
  'gzip': [post('Transfer-Encoding: gzip') + END, REFUSED],
  'xchunked': [post('Transfer-Encoding: xchunked') + END, REFUSED],
  'chunkedx': [post('Transfer-Encoding: chunkedx') + END, REFUSED],
  'quotes': [post('Transfer-Encoding: "chunked"') + END, REFUSED],
  'a blank before the colon': [post('Transfer-Encoding : chunked') + END, REFUSED],
  'a vertical tab': [post('Transfer-Encoding:\x0bchunked') + END, REFUSED],
  'a folded line': [post('Transfer-Encoding:\r\n chunked') + END, REFUSED],
  'in the fold of another': [post('X: y\r\n Transfer-Encoding: chunked', 'Content-Length: 5') + END, REFUSED],
  'behind a bare line feed': [post('X: y\nTransfer-Encoding: chunked', 'Content-Length: 5') + END, REFUSED],
  'behind a bare carriage return': [post('X: y\rTransfer-Encoding: chunked', 'Content-Length: 5') + END, REFUSED],
  'nothing': [post('Transfer-Encoding:') + END, REFUSED],
  'capitals, which are right': [post('TRANSFER-ENCODING: CHUNKED') + END, [200]],
  'a tab before it, which is right': [post('Transfer-Encoding:\tchunked') + END, [200]],
};

const CHUNKS: Attacks = {
  'an extension, which is right': [chunked(`3;a=b\r\nabc\r\n${END}`), [200]],
  'an endless extension': [chunked(`3;a=${'b'.repeat(70_000)}\r\nabc\r\n${END}`), [413]],
  'a line feed in an extension': [chunked(`3;a\nabc\r\n${END}`), [400]],
  'a size beyond 64 bits': [chunked(`FFFFFFFFFFFFFFFFF\r\nabc\r\n${END}`), [400]],
  'the largest size of 64 bits': [chunked(`FFFFFFFFFFFFFFFF\r\nabc\r\n${END}`), [400]],
  'a size with 0x': [chunked(`0x3\r\nabc\r\n${END}`), [400]],
  'a negative size': [chunked(`-3\r\nabc\r\n${END}`), [400]],
  'a size with a blank': [chunked(`3 \r\nabc\r\n${END}`), [400]],
  'no size': [chunked(`\r\nabc\r\n${END}`), [400]],
  'bare line feeds': [chunked('3\nabc\n0\n\n'), [400]],
  'more bytes than the size says': [chunked(`3\r\nabcd\r\n${END}`), [400]],
  'a bare carriage return': [chunked(`3\r\nabc\r${END}`), [400]],
  'trailers with a length': [chunked('3\r\nabc\r\n0\r\nContent-Length: 9\r\n\r\n'), [400]],
  'trailers without end': [chunked(`3\r\nabc\r\n0\r\nX-A: ${'b'.repeat(200_000)}\r\n\r\n`), [431]],
  'an end that never comes': [chunked('3\r\nabc\r\n'), [400]],
};

const LINES: Attacks = {
  'bare line feeds': ['GET /a HTTP/1.1\nHost: shop\n\n', [400]],
  'bare carriage returns': ['GET /a HTTP/1.1\rHost: shop\r\r', [400]],
  'a carriage return in a value': [get('X: a\rb'), [400]],
  'a line feed in a value': [get('X: a\nb: c'), [400]],
  'NUL in a value': [get('X: a\0b'), [400]],
  'a control character in a value': [get('X: a\x01b'), [400]],
  'DEL in a value': [get('X: a\x7fb'), [400]],
  'NUL in a name': [get('X\0: a'), [400]],
  'no name': [get(': a'), [400]],
  'brackets in a name': [get('x(a): a'), [400]],
  'bytes beyond ASCII in a name': [get('x\xe9: a'), [400]],
  'no colon': [get('nothing'), [400]],
  'a blank before the method': [` ${get()}`, [400]],
  'a method in small letters': [head('get /a HTTP/1.1'), [400]],
  'an unknown method': [head('FOO /a HTTP/1.1'), [400]],
  'HTTP/1.2': [head('GET /a HTTP/1.2'), [400]],
  'HTTP/2.0 in so many words': [head('GET /a HTTP/2.0'), [426]],
  'HTTP/0.9': ['GET /a\r\n', [400]],
  'another protocol': [head('GET /a XTTP/1.1'), [400]],
  'noise': [String.fromCharCode(...Array.from({ length: 300 }, (_, i) => (i * 7) & 255)), [400]],
  'a request in TLS': [String.fromCharCode(22, 3, 1, 0, 200, 1, 0, 0, 196, 3, 3), [400]],
  'a head of 200 KiB': [get(`X: ${'a'.repeat(200 * 1024)}`), [431]],
  'a path of 200 KiB': [target(`/${'a'.repeat(200 * 1024)}`), [431]],
  '2000 headers': [get(...Array.from({ length: 2000 }, (_, i) => `x-${i}: 1`)), [431]],
};

const TARGETS: Attacks = {
  'NUL': [target('/a\0b'), [400]],
  'a control character': [target('/a\x01b'), [400]],
  'a blank': [target('/a b'), [400]],
  'a tab': [target('/a\tb'), [400]],
  'bytes that are no UTF-8': [target('/a\xff\xfe'), [400]],
  'UTF-8 as it is': [target('/a\xc3\xa9'), [400]],
  'NUL in disguise': [target('/a%00b'), [400]],
  'a fragment': [target('/a#b'), [400]],
  'no slash': [target('a'), [400]],
  'a star': [target('*'), [404]],
  'dots': [target('/a/../secret'), [403]],
  'dots in disguise': [target('/a/%2e%2e/secret'), [403]],
  'backslashes': [target('/a\\..\\secret'), [403]],
  'a URL of another scheme': [target('ftp://secret/x'), [404]],
  'a URL without a host': [target('http:///x'), [404]],
  'a URL with a user': [target('http://shop@secret/x'), [400]],
  'a URL with a backslash': [target('http://shop\\@secret/x'), [400]],
  'a URL with another Host, which counts more': [target('http://secret/x'), [403]],
};

const HOSTS: Attacks = {
  'two': ['GET /a HTTP/1.1\r\nHost: shop\r\nHost: secret\r\n\r\n', [400]],
  'two in a list': [host(' shop, secret'), [400]],
  'none': ['GET /a HTTP/1.1\r\n\r\n', [400]],
  'an empty one': [host(''), [404]],
  'a blank': [host(' shop secret'), [400]],
  'a slash': [host(' shop/secret'), [400]],
  'a backslash': [host(' shop\\secret'), [400]],
  'a user': [host(' shop@secret'), [400]],
  'bytes beyond ASCII': [host(' sh\xffop'), [400]],
  'a port that is none': [host(' shop:x'), [400]],
  'a port that is too long': [host(' shop:99999999'), [400]],
  'a folded line': [host('\r\n secret'), [400]],
  'a URL hides it': ['GET http://shop/a HTTP/1.1\r\nHost: shop@secret\r\n\r\n', [400]],
  'CONNECT': ['CONNECT secret:22 HTTP/1.1\r\nHost: secret:22\r\n\r\n', [404]],
};

describe.each([
  ['lengths', LENGTHS], ['codings', CODINGS], ['chunks', CHUNKS], ['lines', LINES], ['targets', TARGETS], ['Hosts', HOSTS],
])('requests with odd %s', (_subject, attacks) => {
  it('are refused in clear words, and smuggle nothing', async () => {
    const world = await attacked();
    const seen = await Promise.all(Object.entries(attacks).map(async ([name, [text, answers]]) => {
      const answered = await statuses(world.port, text);
      return [name, answers === REFUSED && answered[0] === 400 ? [501, ...answered.slice(1)] : answered] as const;
    }));

    expect(Object.fromEntries(seen)).toEqual(Object.fromEntries(Object.entries(attacks).map(([name, [, answers]]) => [name, answers])));
    // The service saw those that are right, and no other.
    const right = Object.values(attacks).filter(([, answers]) => answers[0] === 200);
    const begun = world.asked.filter((one) => one !== 'POST shop /a abc' && one !== 'POST shop /a');
    expect(begun).toEqual([]);
    expect(world.asked.length).toBe(right.length);
    await world.expectServed();
    expect(world.problems).toEqual([]);
  });
});

describe('what passes', () => {
  it('bytes that are no UTF-8 stay what they are', async () => {
    const world = await attacked();
    expect(await statuses(world.port, get('X-Odd: a\xff\xfeb', 'X-Dots: \xc0\xae'))).toEqual([200]);
    expect([world.headers[0]!['x-odd'], world.headers[0]!['x-dots']]).toEqual(['a\xff\xfeb', '\xc0\xae']);
  });

  it('requests one behind the other are as many, each with what is its own', async () => {
    const world = await attacked();
    expect(await statuses(world.port, `${post('Content-Length: 5')}GET /${get()}${chunked(`5\r\nGET /\r\n${END}`)}${get()}`)).toEqual([200, 200, 200, 200]);
    expect(world.asked).toEqual(['POST shop /a GET /', 'GET shop /a', 'POST shop /a GET /', 'GET shop /a']);
  });

  it('headers that a connection names can\'t take away what the gateway says', async () => {
    const world = await attacked();
    await statuses(world.port, get('Connection: close, x-forwarded-for, x-request-id, x-forwarded-proto'));
    expect(world.headers[0]).toMatchObject({ 'x-forwarded-for': '127.0.0.1', 'x-forwarded-proto': 'http', 'x-request-id': expect.any(String) as string });
  });

  it('an upgrade to HTTP/2 does not', async () => {
    const world = await attacked();
    const [status] = await statuses(world.port, get('Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAAP__'));
    expect([200, 403]).toContain(status);
    for (const headers of world.headers) expect(headers).not.toHaveProperty('upgrade');
  });
});
