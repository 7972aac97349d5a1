import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KINDS } from '../../src/config/kinds.ts';
import { readResources, type ReadOptions } from '../../src/config/read-resources.ts';
import type { Field } from '../../src/config/schema/field.ts';

const SEEDS = [
  `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews, labels: {app: reviews}}
spec:
  hosts: [reviews, "*.example.com"]
  http:
  - name: first
    match:
    - headers: {end-user: {exact: jason}}
      uri: {prefix: /a}
    fault: {delay: {fixedDelay: 7s, percentage: {value: 10}}}
    route: &route
    - destination: {host: reviews, subset: v2, port: {number: 9080}}
      weight: 80
    - destination: {host: reviews, subset: v3}
      weight: 20
    timeout: 0.5s
    mirror_percent: 100
  - route: *route
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata:
  name: reviews
spec:
  host: reviews
  trafficPolicy:
    connectionPool: {tcp: {maxConnections: 1}, http: {http1MaxPendingRequests: 1}}
    outlierDetection: {consecutiveErrors: 1, interval: 1s}
  subsets:
  - {name: v2, labels: {version: v2}}
`,
  `apiVersion: v1
kind: List
items:
- {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a"}, "spec": {"ports": [{"port": 80, "name": "http"}]}}
- apiVersion: v1
  kind: ConfigMap
  metadata: {name: istio}
  data:
    mesh: |-
      outboundTrafficPolicy: {mode: REGISTRY_ONLY}
      connectTimeout: 5s
`,
];

const TOKENS = ['\n', '  ', '- ', ': ', '{', '}', '[', ']', '"', "'", '#', '&a ', '*a', '<<: ', '|', '>', '!!str ', '---\n', '...\n', '? ', '%', '\t', '~', '0', '-1', '1e9', '0s', '*', '\\', '__proto__: ', 'null', '\uFFFD', '\r', '@', '`', '{}', '[]'];

/** One small change at a random place. */
const mutation = fc.record({ at: fc.nat(), remove: fc.nat({ max: 12 }), insert: fc.oneof(fc.constantFrom(...TOKENS), fc.string({ maxLength: 4 })) });

function mutate(text: string, changes: readonly { at: number; remove: number; insert: string }[]): string {
  return changes.reduce((current, { at, remove, insert }) => {
    const place = at % (current.length + 1);
    return current.slice(0, place) + insert + current.slice(place + remove);
  }, text);
}

const anyOptions: fc.Arbitrary<ReadOptions> = fc.record({ strict: fc.boolean(), legacySemantics: fc.boolean(), rules: fc.constantFrom('apply', 'istioctl') });

function expectSound({ resources, issues }: ReturnType<typeof readResources>, lines: number): void {
  for (const issue of issues) {
    expect(issue.message).not.toBe('');
    expect(issue.line).toBeGreaterThanOrEqual(1);
    expect(issue.line).toBeLessThanOrEqual(lines);
    expect(issue.column).toBeGreaterThanOrEqual(1);
    // What others would not say is information, whatever we think of it.
    if (issue.severity !== 'info') expect(issue.code).toMatch(issue.severity === 'error' ? /^ERR_/ : /^WARN_/);
  }
  for (const { kind, name, locate } of resources) {
    expect(KINDS.map((info) => info.kind)).toContain(kind);
    expect(typeof name).toBe('string');
    expect(locate('spec.http[0].route[0].weight').line).toBeLessThanOrEqual(lines);
  }
}

/** Values that often fit a field and often do not. */
function nearField(field: Field, depth: number): fc.Arbitrary<unknown> {
  const odd = fc.constantFrom<unknown>(null, 0, -1, 1.5, '', 'x', '*', true, [], {}, '5s', '(', 'a/b', '~', [null], { a: null });
  return fc.oneof({ weight: 6, arbitrary: fitting(field, depth) }, { weight: 1, arbitrary: odd });
}

function fitting(field: Field, depth: number): fc.Arbitrary<unknown> {
  switch (field.is) {
    case 'text':
      return fc.constantFrom('a', 'a.b.com', '*.b.com', '/p', '10.0.0.1', 'GET', '503,reset', 'http', '*', './*', 'v1', '%REQ(x)%');
    case 'bool':
      return fc.boolean();
    case 'duration':
      return fc.constantFrom('1s', '0s', '250ms', '1.5h', '1us');
    case 'double':
    case 'integer':
      return fc.constantFrom(0, 1, 50, 80, 100, 443, 503, 70_000);
    case 'integerOrText':
      return fc.constantFrom<unknown>(80, 'http');
    case 'enum':
      return fc.constantFrom(...field.names);
    case 'list':
      return depth <= 0 ? fc.constant([]) : fc.array(nearField(field.of, depth - 1), { maxLength: 3 });
    case 'map':
      return depth <= 0 ? fc.constant({}) : fc.dictionary(fc.constantFrom('app', 'x-y', 'a/b', '', ':path', 'constructor'), nearField(field.of, depth - 1), { maxKeys: 2 });
    case 'message': {
      if (depth <= 0) return fc.constant({});
      const fields = [...field.type.fields].map(([name, of]) => [name, nearField(of, depth - 1)] as const);
      return fc.record(Object.fromEntries(fields), { requiredKeys: [] });
    }
    case 'any':
      return fc.constant({ any: [1] });
  }
}

const anyResource = fc.constantFrom(...KINDS).chain(({ kind, group, versions, body, schema }) =>
  fittingBody(schema).map((spec) => ({
    apiVersion: group === '' ? versions[0] : `${group}/${versions[0]}`,
    kind,
    metadata: { name: 'it' },
    ...(kind === 'ConfigMap' ? { data: { mesh: JSON.stringify(spec) } } : body === 'spec' ? { spec } : (spec as object)),
  })),
);

function fittingBody(schema: Field): fc.Arbitrary<unknown> {
  return fitting(schema, 6);
}

describe('readResources, whatever it is given', () => {
  it('answers mutated texts with issues, and never throws', () => {
    fc.assert(
      fc.property(fc.constantFrom(...SEEDS), fc.array(mutation, { minLength: 1, maxLength: 6 }), anyOptions, (seed, changes, options) => {
        const text = mutate(seed, changes);
        expectSound(readResources([{ text, file: 'f' }], options), text.split('\n').length);
      }),
      { numRuns: 600 },
    );
  });

  it('answers random text', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.constantFrom(...TOKENS), fc.string({ maxLength: 3 })), { maxLength: 40 }), (parts) => {
        const text = parts.join('');
        expectSound(readResources([{ text, file: 'f' }]), text.split('\n').length);
      }),
      { numRuns: 1000 },
    );
  });

  it('answers any data as an object, and the same as JSON text', () => {
    fc.assert(
      fc.property(fc.oneof(anyResource, fc.jsonValue({ maxDepth: 5 })), anyOptions, (object, options) => {
        const fromObject = readResources([{ object }], options);
        const fromText = readResources([{ text: JSON.stringify(object), file: 'f' }], options);
        expectSound(fromObject, 1);
        expectSound(fromText, 1);
        const told = ({ issues }: typeof fromText): string[] => issues.map(({ code, path }) => `${code} ${path}`).toSorted();
        if (!Array.isArray(object) && object !== null) expect(told(fromText)).toEqual(told(fromObject));
        if (!Array.isArray(object)) expect(fromText.resources.map(({ spec }) => spec)).toEqual(fromObject.resources.map(({ spec }) => spec));
      }),
      { numRuns: 1000 },
    );
  });

  it('refuses patterns that would be large automata, quickly', () => {
    const regexes = ['(a{1000}){1000}', '((a{100}){100}){100}', '(?:(?:a?){50}){20}', 'a'.repeat(1025), '('.repeat(500) + ')'.repeat(500)];
    for (const regex of regexes) {
      const http = [{ match: [{ uri: { regex } }], route: [{ destination: { host: 'a' } }] }];
      readResources([{ object: { apiVersion: 'networking.istio.io/v1', kind: 'VirtualService', metadata: { name: 'a' }, spec: { hosts: ['a'], http } } }]);
    }
  }, 5000);
});

describe('readResources, of large inputs', () => {
  const rule = (at: number): string => `apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata:\n  name: r${at}\nspec:\n  hosts:\n  - r${at}\n  http:\n  - match:\n    - headers: {end-user: {exact: jason}}\n    route:\n    - destination: {host: reviews, subset: v2}\n    timeout: 1s\n  - route:\n    - destination: {host: reviews, subset: v1}\n`;

  // Bounds are far above what it takes on an idle machine (about 2 s), yet below what anything quadratic would.
  it('reads 10,000 documents of one text, and knows their places', () => {
    const text = Array.from({ length: 10_000 }, (_, at) => rule(at)).join('---\n');
    const { resources, issues } = readResources([{ text, file: 'f' }]);

    expect(issues).toEqual([]);
    expect(resources).toHaveLength(10_000);
    expect(resources[9_999]!.locate('spec.http[0].timeout')).toMatchObject({ line: 9_999 * 16 + 13, column: 14 });
  }, 60_000);

  it.each<[string, Record<string, unknown>]>([
    ['10,000 rules in one resource', { http: Array.from({ length: 10_000 }, (_, at) => ({ match: [{ uri: { prefix: `/a/${at}/b` } }], route: [{ destination: { host: 'a' } }] })) }],
    ['50,000 wildcard hosts', { hosts: Array.from({ length: 50_000 }, (_, at) => `*.h${at}.com`) }],
    ['20,000 prefixes within each other', { http: Array.from({ length: 20_000 }, (_, at) => ({ match: [{ uri: { prefix: `/a${'b'.repeat(at % 50)}` }, headers: { x: { exact: `${at}` } } }], route: [{ destination: { host: 'a' } }] })) }],
    ['long prefixes', { http: Array.from({ length: 2000 }, (_, at) => ({ match: [{ uri: { prefix: 'a'.repeat(at) } }], route: [{ destination: { host: 'a' } }] })) }],
    ['100,000 unknown fields', Object.fromEntries(Array.from({ length: 100_000 }, (_, at) => [`x${at}`, at]))],
  ])('is quick with %s', (_, part) => {
    const spec = { hosts: ['a'], http: [{ route: [{ destination: { host: 'a' } }] }], ...part };
    const { issues } = readResources([{ object: { apiVersion: 'networking.istio.io/v1', kind: 'VirtualService', metadata: { name: 'a' }, spec } }]);

    expect(issues.length).toBeLessThanOrEqual(202);
    // What is quadratic takes minutes; a busy machine is no hang.
  }, 60_000);
});
