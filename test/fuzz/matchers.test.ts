import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/common/random.ts';
import { headerValueProblem } from '../../src/config/checks/header-values.ts';
import { CorsPolicy } from '../../src/route/cors.ts';
import { HashKey } from '../../src/route/hash-key.ts';
import { HeaderCondition } from '../../src/route/header-condition.ts';
import { HeaderEvaluator } from '../../src/route/header-operations.ts';
import { HostTable } from '../../src/route/host-table.ts';
import type { HashPolicy, RouteMatch, StringMatch } from '../../src/route/model.ts';
import { normalizePath, type PathNormalization } from '../../src/route/path-normalization.ts';
import { QueryCondition } from '../../src/route/query-condition.ts';
import { redirectLocation } from '../../src/route/redirect.ts';
import { RegexRewrite } from '../../src/route/regex-rewrite.ts';
import { checkRegex, MAX_REGEX_SIZE, measureRegex } from '../../src/route/regex.ts';
import { replaceMatchedPath, Rewrite } from '../../src/route/rewrite.ts';
import { StringMatcher } from '../../src/route/string-matcher.ts';
import { checkHeaderValue, HeaderValue } from '../../src/route/variables.ts';
import { VirtualHost } from '../../src/route/virtual-host.ts';
import { forward, head, variables } from '../route/support.ts';
import { hostileAuthority, hostileHead, hostileHeaders, hostilePath, LINE_END, withoutLineEnds } from './support/hostile-requests.ts';
import { HOSTILE_STRINGS, hostileString } from './support/hostile-values.ts';

/** Texts that often equal, begin or nearly equal each other. */
const text = fc.oneof({ weight: 3, arbitrary: fc.stringMatching(/^[aAbB/é]{0,4}$/) }, { weight: 1, arbitrary: hostileString });

const asciiLower = (given: string): string => given.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());

const plainMatch: fc.Arbitrary<StringMatch> = fc.oneof(text.map((exact) => ({ exact })), text.map((prefix) => ({ prefix })), fc.constant({}));

function fits(match: StringMatch, value: string): boolean {
  if (match.exact !== undefined) return value === match.exact;
  return match.prefix === undefined || value.startsWith(match.prefix);
}

const anyRegex = fc.oneof(
  fc.array(fc.constantFrom('a', 'b', '.', '*', '+', '?', '|', '(', ')', '(?:', '(?i)', '(?P<n>', '[ab]', '[^a]', '[', '{2}', '{0,3}', '{1000}', '\\d', '\\pL', '\\', '\\b', '^', '$', '/', '.*', '\\Q', 'é', '\\x{1F600}', '\uD800'), { maxLength: 10 }).map((pieces) => pieces.join('')),
  fc.constantFrom(...HOSTILE_STRINGS),
);

describe('any matcher, given anything, says what a simple one says:', { timeout: 3_600_000 }, () => {
  it('texts', () => {
    fc.assert(
      fc.property(plainMatch, text, fc.boolean(), (match, value, ignoreCase) => {
        const folded: StringMatch = ignoreCase ? { ...(match.exact !== undefined && { exact: asciiLower(match.exact) }), ...(match.prefix !== undefined && { prefix: asciiLower(match.prefix) }) } : match;
        expect(new StringMatcher(match, ignoreCase).matches(value)).toBe(fits(folded, ignoreCase ? asciiLower(value) : value));
      }),
      { numRuns: 3000 },
    );
  });

  it('regular expressions, which are refused or harmless', () => {
    fc.assert(
      fc.property(anyRegex, fc.array(fc.oneof(hostilePath, hostileString), { maxLength: 4 }), (regex, values) => {
        const problem = checkRegex(regex);
        if (problem !== undefined) {
          expect(problem).toMatch(/./);
          // Text alone is compared as text, whatever its length.
          if (!/^[\w/~-]*(\.\*)?$/.test(regex) && regex !== '*') expect(() => new StringMatcher({ regex })).toThrow();
          return;
        }
        expect(measureRegex(regex).size).toBeLessThanOrEqual(MAX_REGEX_SIZE);
        const matcher = new StringMatcher({ regex });
        const rewrite = new RegexRewrite({ match: regex, rewrite: '<\\0>' });
        for (const value of values) {
          const answer = matcher.matches(value);
          expect(matcher.matches(value)).toBe(answer);
          const plain = value.replace(/[?#].*$/s, '');
          const rewritten = rewrite.replace(value);
          // What would take too long is not rewritten: such a call is answered 414.
          if (rewritten === undefined) continue;
          // What is taken out again leaves what was there.
          expect(rewritten.replaceAll(/[<>]/g, '')).toBe(value.replaceAll(/[<>]/g, ''));
          if (answer && plain === value && !/[\n<>]/.test(value)) expect(rewritten).toContain('<');
        }
      }),
      { numRuns: 3000 },
    );
  });

  it('header conditions', () => {
    const name = fc.constantFrom('x', 'x-a', 'end-user', '__proto__', 'host', ':path', ':method');
    fc.assert(
      fc.property(name, plainMatch, fc.boolean(), hostileHead, (header, match, inverted, request) => {
        const pseudo: Record<string, string> = { host: request.authority, ':path': request.path, ':method': request.method };
        const values = header in pseudo && Object.hasOwn(pseudo, header) ? [pseudo[header]!] : request.headers.filter((_, i) => i % 2 === 1 && request.headers[i - 1] === header);
        const isPresence = Object.keys(match).length === 0;
        const found = values.length === 0 && inverted && !isPresence ? fits(match, '') : values.some((value) => fits(match, value));
        expect(new HeaderCondition(header, match, inverted).holds(request)).toBe(found !== inverted);
      }),
      { numRuns: 3000 },
    );
  });

  it('query conditions', () => {
    fc.assert(
      fc.property(fc.constantFrom('a', 'b', 'a=b', '', '__proto__'), plainMatch, hostilePath, (name, match, path) => {
        const query = path.includes('?') ? path.slice(path.indexOf('?') + 1) : undefined;
        const first = query?.split('&').find((pair) => pair === name || pair.startsWith(`${name}=`));
        // An empty pair is none, but at the end of the query there is not even that.
        const value = first === undefined || (first === '' && query!.split('&').indexOf('') === query!.split('&').length - 1) ? undefined : first.slice(name.length + 1);
        expect(new QueryCondition(name, match).holds(head({ path }))).toBe(value !== undefined && fits(match, value));
      }),
      { numRuns: 3000 },
    );
  });

  it('hosts', () => {
    const domain = fc.constantFrom('a.com', 'b.a.com', '*.a.com', '*.com', '*a.com', '*', 'a.*', 'a.com.*', 'reviews', '[::1]', '::1', 'é.com');
    fc.assert(
      fc.property(fc.uniqueArray(domain), hostileAuthority, (domains, authority) => {
        const table = new HostTable(domains.map((one) => new VirtualHost({ name: one, domains: [one], routes: [] })));
        const found = table.find(authority)?.name;
        expect(table.find(authority)?.name).toBe(found);
        expect(table.lookUp(authority)?.domain).toBe(found);
        expect(found).toBe(naiveHost(domains, authority));
      }),
      { numRuns: 3000 },
    );
  });

  it('routes, by the index and one by one', () => {
    const condition = fc.constantFrom<StringMatch>({ exact: '/a' }, { exact: '/a/b' }, { prefix: '/' }, { prefix: '/a' }, { prefix: '/a/' }, { prefix: '' }, { regex: '/a.*' }, { regex: '.*b' });
    const match: fc.Arbitrary<RouteMatch> = fc.record(
      { uri: condition, ignoreUriCase: fc.boolean(), headers: fc.dictionary(fc.constantFrom('x', 'end-user', ':path'), plainMatch, { maxKeys: 2 }), queryParams: fc.dictionary(fc.constantFrom('a', 'b'), plainMatch, { maxKeys: 1 }) },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.array(match, { minLength: 16, maxLength: 40 }), fc.array(hostileHead, { maxLength: 10 }), (matches, requests) => {
        const virtualHost = new VirtualHost({ name: 'v', domains: ['*'], routes: matches.map((one, i) => ({ name: String(i), match: one, action: forward('c') })) });
        for (const request of requests) expect(virtualHost.match(request)).toBe(virtualHost.routes.find((route) => route.matches(request)));
      }),
      { numRuns: 300 },
    );
  });
});

/** By the rules of Envoy, one after another. */
function naiveHost(domains: readonly string[], authority: string): string | undefined {
  const bare = authority.startsWith('[') || authority.split(':').length <= 2 ? authority.replace(/:[^:\]]*$/, '') : authority;
  const host = bare.toLowerCase();
  const written = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
  if (written === '') return undefined;
  const longest = (candidates: readonly string[]): string | undefined => candidates.toSorted((a, b) => b.length - a.length)[0];
  const exact = domains.find((domain) => (domain === '::1' ? '[::1]' : domain) === written);
  const suffix = longest(domains.filter((domain) => domain.startsWith('*') && domain !== '*' && written.length > domain.length - 1 && written.endsWith(domain.slice(1))));
  const prefix = longest(domains.filter((domain) => domain.endsWith('*') && domain !== '*' && written.length > domain.length - 1 && written.startsWith(domain.slice(0, -1))));
  return exact ?? suffix ?? prefix ?? domains.find((domain) => domain === '*');
}

describe('whatever is sent,', { timeout: 3_600_000 }, () => {
  it('a normalized path is one, stays one, and is no other', () => {
    fc.assert(
      fc.property(hostilePath, fc.constantFrom<PathNormalization>('NONE', 'BASE', 'MERGE_SLASHES', 'DECODE_AND_MERGE_SLASHES'), (path, mode) => {
        const once = normalizePath(path, mode);
        if (once === undefined) {
          // A fragment, or a NUL.
          expect(path).toMatch(/#|\0|%00/);
          return;
        }
        // `/.;x` is a dot segment only as it is written: what comes out as that, of `/%2e;x` for one, is another the next time. So with Envoy too.
        if (!path.includes(';')) expect(normalizePath(once, mode)).toBe(once);
        const [plain = '', ...query] = once.split('?');
        expect(query.join('?')).toBe(path.split('?').slice(1).join('?'));
        if (mode === 'NONE') return;
        expect(plain).toMatch(/^\/[!-~]*$/);
        expect(`${plain}/`).not.toMatch(/\/\.{1,2}\/|\\/);
        expect(plain).not.toMatch(/%(?:2[DE]|3\d|4[1-9A-F]|5[0-9AF]|6[1-9A-F]|7[0-9AE])/i);
        if (mode !== 'BASE' && plain !== '//') expect(plain).not.toContain('//');
        if (mode === 'DECODE_AND_MERGE_SLASHES') expect(path.includes('%25') || !/%(?:2f|5c)/i.test(plain)).toBe(true);
      }),
      { numRuns: 5000 },
    );
  });

  it('a rewrite changes what matched and nothing else', () => {
    fc.assert(
      fc.property(hostilePath, hostileString, fc.nat({ max: 5 }), (path, by, length) => {
        const plain = path.replace(/[?#].*$/s, '');
        const prefix = plain.slice(0, length);
        expect(replaceMatchedPath(path, { uri: { prefix } }, by)).toBe(by + path.slice(prefix.length));
        expect(replaceMatchedPath(path, { uri: { exact: plain } }, by)).toBe(by + path.slice(plain.length));
      }),
      { numRuns: 2000 },
    );
  });

  it('no rewrite, redirect, operation, cookie or answer to CORS ends a line that no rule and no request ended', () => {
    const template = fc.array(fc.constantFrom('%REQ(x)%', '%REQ(:path)%', '%REQ(:authority?x)%', '%REQ(origin)%', '%%', '%PROTOCOL%', '%RESP(set-cookie)%', 'a', ' ', 'é'), { maxLength: 5 }).map((parts) => parts.join(''));
    const operations = fc.record({ set: fc.dictionary(fc.constantFrom('x', 'y', 'origin'), template), add: fc.dictionary(fc.constantFrom('x', 'z'), template), remove: fc.array(fc.constantFrom('x', 'cookie')) }, { requiredKeys: [] });
    const hashes: readonly HashPolicy[] = [{ kind: 'header', name: 'x' }, { kind: 'cookie', name: 'a', ttlMs: 1000, path: '/' }, { kind: 'query', name: 'a' }, { kind: 'source-ip' }];
    const cors = new CorsPolicy({ allowOrigins: [{ regex: '.*' }, { prefix: '' }], allowMethods: ['*'], allowHeaders: ['*'], exposeHeaders: ['x'], allowCredentials: true });
    const regexRewrite = new Rewrite({ uriRegex: { match: '(.)', rewrite: '\\1\\0' }, authority: 'other' }, {});
    fc.assert(
      fc.property(hostileHead.map(withoutLineEnds), operations, (request, level) => {
        const evaluator = new HeaderEvaluator([level]);
        const response: Record<string, string | string[]> = { 'set-cookie': ['a', 'b'], x: 'c' };
        evaluator.applyToResponse(response, request, variables({ PROTOCOL: 'HTTP/1.1' }));
        const location = redirectLocation(request, { prefixRewrite: '/z' }, { uri: { prefix: '/' } });
        const decision = cors.decide(request);
        if (decision?.kind === 'preflight') Object.assign(response, decision.headers);
        if (decision?.kind === 'allowed') cors.finishResponse(response, decision.origin);
        const key = new HashKey(hashes);
        const hash = key.of(request, '10.0.0.1:80', seededRandom(1));
        expect(key.of(request, '10.0.0.1:80', seededRandom(2))).toEqual(hash);
        evaluator.applyToRequest(request, variables());
        regexRewrite.apply(request);
        for (const written of [location, ...key.setCookies, request.path, request.authority, ...request.headers, ...Object.entries(response).flat(2)]) expect(written).not.toMatch(LINE_END);
      }),
      { numRuns: 3000 },
    );
  });

  it('a header value that the checks let through can be used', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.constantFrom('%', '%%', '%REQ(', 'x', ')', ')%', '%PROTOCOL%', '(', ':3', ' ', '"', '[', ']', '\\', 'req', 'é'), hostileString), { maxLength: 8 }), hostileHeaders, (parts, headers) => {
        const value = parts.join('');
        if (headerValueProblem(value) !== undefined || checkHeaderValue(value) !== undefined) return;
        const made = new HeaderValue(value).format({ request: head({ headers }), response: undefined, variables: variables() });
        if (!value.includes('%')) expect(made).toBe(value);
      }),
      { numRuns: 3000 },
    );
  });
});
