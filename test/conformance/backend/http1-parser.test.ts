import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RequestParser } from './http1-parser.ts';

/** What a parser makes of `parts`, one line per event, body chunks joined. */
function events(...parts: readonly string[]): string[] {
  const seen: string[] = [];
  let body = '';
  const parser = new RequestParser({
    head: ({ method, path, headers }) => seen.push(`${method} ${path} ${headers.map((pair) => pair.join('=')).join('&')}`),
    body: (chunk) => (body += chunk.toString()),
    end: () => {
      seen.push(`body ${body}`);
      body = '';
    },
  });
  for (const part of parts) parser.push(Buffer.from(part));
  return seen;
}

const MESSAGES =
  'GET /a?b=%20 HTTP/1.1\r\nHost: reviews\r\nX-List: a\r\nx-list: b\r\n\r\n' +
  'POST / HTTP/1.1\r\ncontent-length: 5\r\n\r\nhello' +
  'PUT /chunks HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\nA;ext\r\n0123456789\r\n0\r\nx-t: 1\r\n\r\n' +
  'HEAD / HTTP/1.1\r\n\r\n';
const EVENTS = [
  'GET /a?b=%20 host=reviews&x-list=a&x-list=b', 'body ',
  'POST / content-length=5', 'body hello',
  'PUT /chunks transfer-encoding=chunked', 'body abc0123456789',
  'HEAD / ', 'body ',
];

describe('RequestParser', () => {
  it('reads the requests of a connection one after the other', () => {
    expect(events(MESSAGES)).toEqual(EVENTS);
  });

  it('does not mind where the bytes are cut', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(MESSAGES.length), { maxLength: 12 }), (cuts) => {
        const edges = [0, ...cuts.sort((a, b) => a - b), MESSAGES.length];
        expect(events(...edges.slice(1).map((to, i) => MESSAGES.slice(edges[i], to)))).toEqual(EVENTS);
      }),
    );
  });

  it('tells the head before the body is complete', () => {
    expect(events('POST / HTTP/1.1\r\ncontent-length: 5\r\n\r\nhel')).toEqual(['POST / content-length=5']);
  });

  it.each(['\x16\x03\x01', 'hello there\r\n\r\n', 'PRI * HTTP/2.0\r\n\r\n', 'GET / HTTP/1.1\r\nno colon\r\n\r\n'])('refuses %j', (bytes) => {
    expect(() => events(bytes)).toThrow(/^not /);
  });
});
