import fc from 'fast-check';
import type { RequestHead } from '../../../src/route/model.ts';
import { hostileString } from './hostile-values.ts';

/** Names that rules of the corpus and of the tests look at, and some that nobody does. */
const HEADER_NAMES = ['end-user', 'origin', 'cookie', 'x', 'x-a', 'x-forwarded-for', 'x-forwarded-proto', 'x-request-id', 'access-control-request-method', 'access-control-request-headers', 'content-type', 'grpc-timeout', '__proto__', 'constructor', 'host', ''];

const PATH_PIECES = ['/', '//', '.', '..', '/./', '/../', '%2e', '%2F', '%5c', '%41', '%00', '%', '%%34%31', '%zz', '\\', ';', '?', '&', '=', '#', '?a=b', '&&', 'a', 'b', 'api', 'productpage', 'reviews', '\t', ' ', 'é', '€', '💥', '\uD800', '\x7f', '|', '"', '<', '{', '~', '*'];

export const hostilePath: fc.Arbitrary<string> = fc.oneof(
  { weight: 6, arbitrary: fc.array(fc.constantFrom(...PATH_PIECES), { maxLength: 14 }).map((pieces) => `/${pieces.join('')}`) },
  { weight: 1, arbitrary: fc.array(fc.constantFrom(...PATH_PIECES), { maxLength: 6 }).map((pieces) => pieces.join('')) },
  { weight: 1, arbitrary: hostileString },
  { weight: 1, arbitrary: fc.tuple(fc.constantFrom(...PATH_PIECES), fc.nat({ max: 300 })).map(([piece, count]) => `/${piece.repeat(count)}`) },
);

const AUTHORITIES = ['reviews', 'reviews:9080', 'REVIEWS.default.svc.cluster.local', 'a.com', 'A.com:80', 'a.com.', '.a.com', '*.a.com', '*', '[::1]', '[::1]:80', '::1', '[', ']:80', ':80', 'a.com:', 'a.com:x', 'a.com:80:80', '10.0.0.1:80', 'u:p@a.com', 'xn--a', 'é.com', 'a..b', '-', '%61.com'];

export const hostileAuthority: fc.Arbitrary<string> = fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...AUTHORITIES) }, { weight: 1, arbitrary: hostileString });

const headerLine = fc.tuple(fc.constantFrom(...HEADER_NAMES), fc.oneof(hostileString, fc.constantFrom('jason', 'http', 'https', 'GET', 'a=b; c=d', ';=;;=', '=', ';', '"', 'http://a.com', '10.0.0.1, ::1', ',', '1S', '99999999H')));

export const hostileHeaders: fc.Arbitrary<string[]> = fc.array(headerLine, { maxLength: 8 }).map((lines) => lines.flat());

/** What a caller, or whoever a caller speaks for, could ask. */
export const hostileHead: fc.Arbitrary<RequestHead> = fc.record({
  method: fc.oneof(fc.constantFrom('GET', 'POST', 'OPTIONS', 'CONNECT', 'HEAD', 'get', 'PRI'), hostileString),
  scheme: fc.constantFrom('http', 'https', 'HTTP', 'javascript', ''),
  authority: hostileAuthority,
  path: hostilePath,
  port: fc.constantFrom(80, 9080, 443, 0, 65_535),
  headers: hostileHeaders,
});

/** What would end a line, and so let one header be taken for two. */
export const LINE_END = /[\r\n\0]/;

/** `head` without what no door lets in: line ends in anything. */
export function withoutLineEnds({ method, scheme, authority, path, port, headers }: RequestHead): RequestHead {
  const clean = (text: string): string => text.replaceAll(/[\r\n\0]/g, '');
  return { method: clean(method), scheme: clean(scheme), authority: clean(authority), path: clean(path), port, headers: headers.map(clean) };
}
