import * as fc from 'fast-check';
import { fullName, overlap } from '../model/names.ts';
import type { Destination, HeaderOperations, HttpMatch, HttpRule, VirtualService } from '../model/resources.ts';
import { HOSTS } from './services.ts';
import { compact, exportTo, HEADER_NAMES, labels, maybe, metadata, oneOf, PORTS, requestOperations, responseOperations, selector, SUBSETS, uriMatch, valueMatch, wordMatch } from './vocabulary.ts';

export const RULE_HOSTS = [
  ...HOSTS,
  'a',
  'a',
  'a',
  'a',
  'a.default.svc.cluster.local',
  'a.default.svc.cluster.local',
  'a.shop.svc.cluster.local',
  'api.example.com',
  'b',
  'b',
  'c',
  'k',
  'k',
  'db',
  'a.default',
  'a.shop',
  'k.default.svc',
  '*.default.svc.cluster.local',
  '*.shop.svc.cluster.local',
  '*.svc.cluster.local',
  'alias.internal',
  'new.example.com',
  '*.com',
  '10.9.0.1',
] as const;

export const AUTHORITIES = ['a', 'a:80', 'api.example.com', 'b.default', 'A'] as const;

const gateways = maybe(oneOf<readonly string[]>([['mesh'], ['edge'], ['edge', 'mesh'], ['shop/edge', 'mesh']]), 0.6);

const match: fc.Arbitrary<HttpMatch> = fc.record({
  name: maybe(oneOf(['m1', 'm2']), 1),
  uri: maybe(uriMatch, 4),
  ignoreUriCase: maybe(fc.boolean(), 1),
  scheme: maybe(wordMatch(['http', 'https']), 0.2),
  method: maybe(wordMatch(['GET', 'POST']), 0.5),
  authority: maybe(wordMatch(AUTHORITIES), 0.3),
  headers: maybe(fc.dictionary(oneOf([...HEADER_NAMES, ':method', 'host', ':path']), valueMatch, { minKeys: 1, maxKeys: 2, noNullPrototype: true }), 1),
  withoutHeaders: maybe(fc.dictionary(oneOf(HEADER_NAMES), fc.oneof({ weight: 8, arbitrary: valueMatch }, { weight: 1, arbitrary: fc.constant({ regex: '*' }) }), { minKeys: 1, maxKeys: 2, noNullPrototype: true }), 0.7),
  queryParams: maybe(fc.dictionary(oneOf(['q', 'q', 'q', 'Q', 'p']), valueMatch, { minKeys: 1, maxKeys: 2, noNullPrototype: true }), 0.7),
  port: maybe(oneOf(PORTS), 0.3),
  sourceLabels: maybe(selector, 0.3),
  sourceNamespace: maybe(oneOf(['default', 'shop']), 0.3),
  gateways: maybe(oneOf<readonly string[]>([['mesh'], ['edge'], ['edge', 'mesh']]), 0.3),
});

const destination: fc.Arbitrary<Destination> = fc.record({
  host: fc.oneof({ weight: 3, arbitrary: oneOf(['a', 'a.default.svc.cluster.local', 'a.shop.svc.cluster.local', 'api.example.com', '*.example.com']) }, { weight: 2, arbitrary: oneOf(['a', 'b', 'c', 'k', 'nosuch', 'a.shop', ...HOSTS]) }),
  subset: maybe(oneOf(['v1', 'v1', 'v1', 'v2', 'v2', 'v2', ...SUBSETS]), 1),
  port: maybe(oneOf([80, 80, 8080, 9000]).map((number) => ({ number })), 0.4),
});

const ownHeaders = fc.record({ request: maybe(requestOperations, 3), response: maybe(responseOperations, 3) });

/** At most one of the places that may say the Host. */
const host = maybe(fc.tuple(oneOf(['host', 'Host', ':authority']), oneOf(['h.set', 'h:81'])), 0.6);

function withHost(operations: HeaderOperations | undefined, given: readonly [string, string] | undefined, where: 'set' | 'add'): HeaderOperations | undefined {
  if (given === undefined) return operations;
  return { ...operations, [where]: { ...operations?.[where], [given[0]]: given[1] } };
}

const weighted = fc.record({ destination, weight: maybe(oneOf([0, 1, 10, 90]), 3), headers: maybe(ownHeaders, 1), host, where: oneOf(['set', 'add'] as const) }).map(({ destination: to, weight, headers, host: given, where }) => ({
  destination: to,
  weight,
  headers: headers === undefined && given === undefined ? undefined : { ...headers, request: withHost(headers?.request, given, where) },
}));

// Several without any weight are refused.
const route = fc.array(weighted, { minLength: 1, maxLength: 3 }).map((shares) => (shares.length > 1 && shares.every(({ weight }) => (weight ?? 0) === 0) ? shares.map((share) => ({ ...share, weight: 5 })) : shares));

const percentage = maybe(oneOf([{}, { value: 0 }, { value: 12.5 }, { value: 50 }, { value: 100 }, { value: 100 }]), 3);

const fault = fc.oneof(
  percentage.map((share) => ({ abort: { httpStatus: 555, percentage: share } })),
  percentage.map((share) => ({ delay: { fixedDelay: '250ms', percentage: share } })),
  fc.tuple(percentage, percentage).map(([a, b]) => ({ delay: { fixedDelay: '1s', percentage: a }, abort: { httpStatus: 418, percentage: b } })),
  fc.constant({ delay: { fixedDelay: '2s', percent: 7 } }),
);

const retries = fc.oneof(
  fc.constant({ attempts: 0 }),
  fc.record({
    attempts: oneOf([1, 3]),
    retryOn: maybe(oneOf(['5xx', '503', 'gateway-error,409', 'connect-failure,refused-stream,503,500'])),
    perTryTimeout: maybe(oneOf(['100ms', '1s', '2s'])),
    backoff: maybe(oneOf(['1ms', '50ms'])),
    retryIgnorePreviousHosts: maybe(fc.boolean(), 1),
  }),
);

const cors = fc.record({
  allowOrigins: maybe(fc.array(fc.oneof(oneOf([{ exact: 'http://o.example' }, { exact: '*' }, { prefix: 'http://o' }, { regex: 'https?://o.*' }, { regex: '.*' }])), { minLength: 1, maxLength: 2 }), 4),
  allowOrigin: maybe(fc.constant(['http://o.example']), 0.5),
  allowMethods: maybe(oneOf([['GET'], ['GET', 'PUT'], ['*']])),
  allowHeaders: maybe(oneOf([['x-a'], ['x-a', 'x-b'], ['*']])),
  exposeHeaders: maybe(oneOf([['x-up'], ['x-up', 'x-c']])),
  maxAge: maybe(oneOf(['24h', '90s', '1m30s'])),
  allowCredentials: maybe(fc.boolean()),
  unmatchedPreflights: maybe(oneOf(['FORWARD', 'IGNORE', 'UNSPECIFIED'])),
});

const rewrite = fc.oneof(
  { weight: 4, arbitrary: oneOf(['/', '/n', '/n/', '/a/b']).map((uri) => ({ uri })) },
  { weight: 1, arbitrary: fc.constant({ authority: 'rw.example' }) },
  { weight: 1, arbitrary: fc.constant({ uri: '/n', authority: 'rw:81' }) },
  {
    weight: 2,
    arbitrary: oneOf([
      { match: '/([ab])', rewrite: '/<\\1\\0>' },
      { match: '^/a', rewrite: '/$1' },
      { match: 'b+', rewrite: '\\0\\0' },
      { match: '(a)(/?)', rewrite: '\\2\\1' },
    ]).map((uriRegexRewrite) => ({ uriRegexRewrite })),
  },
);

const mirror = fc.oneof(
  destination.map((to): Partial<HttpRule> => ({ mirror: to })),
  fc.tuple(destination, percentage).map(([to, share]): Partial<HttpRule> => ({ mirror: to, mirrorPercentage: share })),
  fc.array(fc.record({ destination, percentage }), { minLength: 1, maxLength: 2 }).map((mirrors): Partial<HttpRule> => ({ mirrors })),
);

const forwarding: fc.Arbitrary<Partial<HttpRule>> = fc
  .record({
    route,
    rewrite: maybe(rewrite, 1),
    timeout: maybe(oneOf(['1s', '0.5s', '1500ms', '1m']), 1),
    retries: maybe(retries, 1),
    fault: maybe(fault, 0.6),
    mirror: maybe(mirror, 1),
    corsPolicy: maybe(cors, 1),
    headers: maybe(ownHeaders, 2),
    host,
    where: oneOf(['set', 'set', 'add'] as const),
  })
  .map(({ mirror: copies, headers, host: given, where, ...rule }) => {
    const named = rule.rewrite !== undefined && 'authority' in rule.rewrite ? undefined : given;
    return { ...rule, ...copies, headers: headers === undefined && named === undefined ? undefined : { ...headers, request: withHost(headers?.request, named, where) } };
  });

const redirecting: fc.Arbitrary<Partial<HttpRule>> = fc
  .record({
    redirect: fc
      .record({
        uri: maybe(oneOf(['/n', '/n?z=1', '/'])),
        authority: maybe(oneOf(['new.example', 'new.example:8443']), 1),
        scheme: maybe(oneOf(['http', 'https']), 1),
        port: maybe(oneOf([80, 443, 8443]), 1),
        derivePort: maybe(oneOf(['FROM_REQUEST_PORT', 'FROM_PROTOCOL_DEFAULT']), 0.5),
        redirectCode: maybe(oneOf([301, 302, 303, 307, 308]), 1),
      })
      .map(({ port, derivePort, ...redirect }) => ({ ...redirect, ...(derivePort === undefined ? { port } : { derivePort }) }))
      .filter(({ redirectCode: _, ...redirect }) => Object.values(redirect).some((value) => value !== undefined)),
    headers: maybe(ownHeaders, 1),
  });

const prefixRedirecting: fc.Arbitrary<Partial<HttpRule>> = fc.record({
  redirect: oneOf(['/', '/new', '/new/']).map((prefixRewrite) => ({ prefixRewrite })),
  match: fc.array(oneOf(['/a', '/a/', '/A', '/']).chain((prefix) => maybe(fc.boolean()).map((ignoreUriCase) => ({ uri: { prefix }, ignoreUriCase }))), { minLength: 1, maxLength: 2 }),
});

const answering: fc.Arbitrary<Partial<HttpRule>> = fc.record({
  directResponse: fc.record({ status: oneOf([200, 201, 299, 302, 404, 503]), body: maybe(oneOf([{ string: 'hello' }, { string: '' }, { bytes: 'aGVsbG8=' }])) }),
  headers: maybe(ownHeaders, 2),
});

const rule: fc.Arbitrary<HttpRule> = fc
  .record({
    name: maybe(oneOf(['r1', 'r2']), 1),
    match: fc.oneof({ weight: 1, arbitrary: fc.constant(undefined) }, { weight: 5, arbitrary: fc.array(match, { minLength: 1, maxLength: 3 }) }),
    action: fc.oneof({ weight: 8, arbitrary: forwarding }, { weight: 2, arbitrary: redirecting }, { weight: 1, arbitrary: prefixRedirecting }, { weight: 2, arbitrary: answering }),
  })
  .map(({ action, ...guards }) => ({ ...guards, ...action }));

/** In the place of a delegate's namespace. */
const WHERE_IT_IS = '';

const root: fc.Arbitrary<HttpRule> = fc.record({
  name: maybe(oneOf(['root']), 1),
  match: fc.oneof(fc.constant(undefined), fc.array(match, { minLength: 1, maxLength: 2 })),
  delegate: fc.record({ name: oneOf(['delegate-0', 'delegate-0', 'delegate-1', 'missing']), namespace: oneOf([undefined, 'default', 'shop', WHERE_IT_IS, WHERE_IT_IS, WHERE_IT_IS]) }),
  timeout: maybe(fc.constant('3s'), 1),
  headers: maybe(ownHeaders, 1),
  rewrite: maybe(rewrite, 0.5),
  corsPolicy: maybe(cors, 0.5),
});

const delegates: fc.Arbitrary<VirtualService[]> = fc.array(fc.record({ metadata, exportTo, rules: fc.array(rule, { minLength: 1, maxLength: 3 }) }), { minLength: 1, maxLength: 2 }).map((all) =>
  all.map(({ metadata: own, exportTo: visible, rules }, index) => ({ kind: 'VirtualService' as const, metadata: { ...own, name: `delegate-${String(index)}` }, spec: { exportTo: visible, http: rules } })),
);

const governing: fc.Arbitrary<VirtualService[]> = fc
  .array(
    fc.record({
      metadata,
      hosts: fc.array(oneOf(RULE_HOSTS), { minLength: 1, maxLength: 3 }),
      gateways,
      exportTo,
      rules: fc.array(fc.oneof({ weight: 6, arbitrary: rule }, { weight: 1, arbitrary: root }), { minLength: 1, maxLength: 4 }),
      last: maybe(forwarding, 1),
    }),
    { minLength: 1, maxLength: 6 },
  )
  .map((all) =>
    all.map(({ metadata: own, hosts, rules, last, ...spec }, index) => ({
      kind: 'VirtualService' as const,
      metadata: { ...own, name: `vs-${'dacbfe'[index] ?? ''}` },
      spec: { hosts: apart(hosts, own.namespace ?? 'default'), ...spec, http: last === undefined ? rules : [...rules, last] },
    })),
  );

/** Hosts of one VirtualService may not overlap. */
export function apart(hosts: readonly string[], own: string): string[] {
  return hosts.filter((one, index) => !hosts.slice(0, index).some((other) => overlap(fullName(one, own), fullName(other, own))));
}

export const virtualServices: fc.Arbitrary<VirtualService[]> = fc.tuple(governing, delegates).map(([roots, leaves]) => compact([...roots.map((one) => finding(leaves, one)), ...leaves]));

function finding(leaves: readonly VirtualService[], { spec, ...one }: VirtualService): VirtualService {
  const found = ({ delegate, ...others }: HttpRule): HttpRule => {
    if (delegate?.namespace !== WHERE_IT_IS) return { ...others, delegate };
    return { ...others, delegate: { ...delegate, namespace: leaves.find(({ metadata: { name } }) => name === delegate.name)?.metadata.namespace ?? 'default' } };
  };
  return { ...one, spec: { ...spec, http: spec.http?.map(found) } };
}

export { labels };
