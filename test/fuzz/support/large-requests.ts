import { seededRandom } from '../../../src/common/random.ts';
import { downstreamHeaders } from '../../../src/engine/request-headers.ts';
import { CorsPolicy } from '../../../src/route/cors.ts';
import { HashKey } from '../../../src/route/hash-key.ts';
import { HeaderEvaluator } from '../../../src/route/header-operations.ts';
import type { RequestHead, RouteMatch, StringMatch } from '../../../src/route/model.ts';
import { normalizePath } from '../../../src/route/path-normalization.ts';
import { redirectLocation } from '../../../src/route/redirect.ts';
import { RegexRewrite } from '../../../src/route/regex-rewrite.ts';
import { RouteTable } from '../../../src/route/route-table.ts';
import { forward, head, route, variables, virtualHost } from '../../route/support.ts';
import type { Contained } from './contained.ts';

const UNITS = ['a', '/', '//', '.', '/.', '/..', '/a/..', '%2e', '%', '%%34', '%41', '%2F', '\\', '\\..\\', ' ', '\t', 'é', '€', '\uD800', '💥', '?', '&', '&a', '=', ';', ',', ':', '[', ']', '*', '-', '@', '"', '\r', '\n', '\0', 'a.', 'a=b;', '10.0.0.1, ', '::'];

const PATTERNS = ['.*', '/a.*', '(a+)+$', '(a|aa)+b', '(.*)*x', '.*a.{12}', '(/[^/]+)+/?', '[^?]*\\.(js|css)', '(?i).*admin.*', '\\pL+', '(a?){20}a{20}', '^(/a)*$', '(.|..)+é'];

const OPERATIONS = { set: { x: '%REQ(:path)%%REQ(x)%', y: '%REQ(a?b?c)%' }, add: { z: '%%' }, remove: ['w'] };

/** Every unit, repeated to `length`, as a path, a Host, a header value and a query. */
function large(length: number): [string, RequestHead][] {
  return UNITS.flatMap((unit): [string, RequestHead][] => {
    const text = unit.repeat(Math.ceil(length / unit.length));
    const name = JSON.stringify(unit);
    return [
      [`a path of ${name}`, head({ path: `/${text}` })],
      [`a Host of ${name}`, head({ authority: text })],
      [`a query of ${name}`, head({ path: `/?${text}` })],
      [`headers of ${name}`, head({ headers: ['x', text, 'cookie', text, 'origin', text, 'x-forwarded-for', text, 'access-control-request-method', text], method: 'OPTIONS' })],
    ];
  });
}

const conditions = (match: StringMatch): RouteMatch[] => [
  { uri: match }, { authority: match }, { method: match }, { headers: { x: match } }, { headers: { ':path': match } }, { withoutHeaders: { x: match } }, { queryParams: { a: match } }, { uri: match, ignoreUriCase: true },
];

function tableOf(matches: readonly RouteMatch[]): RouteTable {
  const routes = matches.map((match, i) => route(`r${i}`, match, { action: { ...forward('c'), rewrite: { uri: '/b' } } }));
  return new RouteTable([{ port: 9080, virtualHosts: [virtualHost(['reviews'], routes), virtualHost(['*.a.com', 'a.*', '*'], routes)] }]);
}

const PLAIN = tableOf([{ exact: 'b' }, { prefix: '/b' }].flatMap(conditions).concat(Array.from({ length: 40 }, (_, i) => ({ uri: { prefix: `/${'a'.repeat(i)}b` } }))));
const REGEX = tableOf(PATTERNS.slice(0, 4).map((regex) => ({ uri: { regex: `${regex}never` } })));
const CORS = new CorsPolicy({ allowOrigins: [{ regex: '.*never' }, { exact: 'x' }], allowMethods: ['*'], allowHeaders: ['*'], exposeHeaders: [] });

function walk(table: RouteTable, request: RequestHead): void {
  table.virtualHost(request.port, request.authority)?.match(request);
  String(table.explain(request).outcome);
}

function treat(request: RequestHead): void {
  for (const mode of ['BASE', 'MERGE_SLASHES', 'DECODE_AND_MERGE_SLASHES'] as const) normalizePath(request.path, mode);
  CORS.decide(request);
  redirectLocation(request, { prefixRewrite: '/x', scheme: 'https' }, { uri: { prefix: '/' } });
  new HashKey([{ kind: 'header', name: 'x' }, { kind: 'cookie', name: 'z' }, { kind: 'query', name: 'z' }, { kind: 'source-ip' }]).of(request, request.authority, seededRandom(1));
  downstreamHeaders(['x', `a${request.headers[1] ?? request.path}b `, 'te', 'trailers']);
  const evaluator = new HeaderEvaluator([OPERATIONS]);
  evaluator.applyToResponse({ x: 'y' }, request, variables());
  evaluator.applyToRequest({ ...request, headers: [...request.headers] }, variables());
}

/** What there is to run, by name: each on texts of a megabyte times `size`. */
export function contents(size: number): Contained {
  const length = Math.ceil(1_000_000 * size);
  const runs: [string, () => string][] = large(length).map(([name, request]) => [
    name,
    () => {
      walk(PLAIN, request);
      walk(REGEX, request);
      treat(request);
      return 'ok';
    },
  ]);
  const lines = Array.from({ length: Math.ceil(10_000 * size) }, (_, i) => [`x-${i}`, 'a']).flat();
  const equal = Array.from({ length: Math.ceil(10_000 * size) }, () => ['x', 'a']).flat();
  for (const [name, headers] of [['ten thousand headers', lines], ['ten thousand equal headers', equal]] as const) {
    runs.push([
      name,
      () => {
        walk(PLAIN, head({ headers: [...headers] }));
        treat(head({ headers: [...headers] }));
        downstreamHeaders(headers);
        return 'ok';
      },
    ]);
  }
  for (const pattern of PATTERNS) {
    runs.push([
      `${pattern} on what makes it work`,
      () => {
        for (const unit of ['a', 'ab', '/a', 'é', 'a.js']) {
          const text = `/${unit.repeat(Math.ceil(Math.min(length, 60_000) / unit.length))}`;
          tableOf(conditions({ regex: pattern })).virtualHost(9080, 'reviews')?.match(head({ path: text, headers: ['x', text] }));
          new RegexRewrite({ match: pattern, rewrite: 'x' }).replace(text);
        }
        return 'ok';
      },
    ]);
  }
  return Object.fromEntries(runs);
}
