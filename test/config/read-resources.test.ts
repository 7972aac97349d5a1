import { describe, expect, it } from 'vitest';
import { formatIssue } from '../../src/config/issue.ts';
import { readResources } from '../../src/config/read-resources.ts';
import { originOf } from '../../src/config/resource.ts';
import { errors, httpRule, read, resource, warnings } from './reading.ts';

const VS = {
  apiVersion: 'networking.istio.io/v1',
  kind: 'VirtualService',
  metadata: { name: 'api' },
  spec: { hosts: ['api'], http: [{ route: [{ destination: { host: 'api' } }] }] },
};

describe('readResources', () => {
  it('fills in what a resource is known by', () => {
    const [first, second] = read(`
apiVersion: networking.istio.io/v1alpha3
kind: VirtualService
metadata:
  name: reviews
  namespace: shop
  labels: {app: reviews}
  annotations: {ts-mesh.dev/x: "y"}
  creationTimestamp: 2024-05-01T10:00:00Z
  resourceVersion: "5"
spec: {hosts: [reviews], http: [{route: [{destination: {host: reviews}}]}]}
status: {anything: goes}
---
${JSON.stringify(VS)}
`).resources;

    expect(first).toMatchObject({
      kind: 'VirtualService', apiVersion: 'networking.istio.io/v1alpha3', name: 'reviews', namespace: 'shop', labels: { app: 'reviews' },
      annotations: { 'ts-mesh.dev/x': 'y' }, createdAtMs: 1_714_557_600_000, order: 0, spec: { hosts: ['reviews'] },
    });
    expect(second).toMatchObject({ name: 'api', namespace: 'default', labels: {}, createdAtMs: 0, order: 1 });
    expect(originOf(first!, 'spec.http[0]')).toEqual({ kind: 'VirtualService', namespace: 'shop', name: 'reviews', path: 'spec.http[0]', file: 'rules.yaml', line: 11, column: 33 });
  });

  it('tells an error in line 7 by file, line, field, value, what was expected and how to mend it', () => {
    const text = 'apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: reviews}\nspec:\n  hosts: [reviews]\n  http:\n  - timeout: 5\n    route:\n    - destination: {host: reviews}\n';
    const { issues, resources } = readResources([{ text, file: 'mesh/reviews.yaml' }]);

    expect(resources).toEqual([]);
    expect(issues).toEqual([{
      severity: 'error', code: 'ERR_WRONG_TYPE', file: 'mesh/reviews.yaml', line: 7, column: 14, resource: 'VirtualService default/reviews',
      path: 'spec.http[0].timeout', value: '5', message: 'must be a duration such as 5s, 0.5s, 250ms or 1h30m, got the number 5', hint: 'add the unit: 5s',
    }]);
    expect(formatIssue(issues[0]!)).toBe('mesh/reviews.yaml:7:14: error: VirtualService default/reviews spec.http[0].timeout: must be a duration such as 5s, 0.5s, 250ms or 1h30m, got the number 5 (add the unit: 5s)');
  });

  it.each([
    ['match: [{headers: {end-user: jason}}]', 'must be a map (StringMatch), got "jason"', 'write it as {exact: "jason"}'],
    ['match: [{uri: /api}]', 'must be a map (StringMatch), got "/api"', 'write it as {exact: "/api"}'],
    ['route: [{destination: reviews}]', 'must be a map (Destination), got "reviews"', 'write it as {host: "reviews"}'],
    ['fault: {abort: {httpStatus: 500, percentage: 50}}', 'must be a map (Percent), got the number 50', 'write it as {value: 50}'],
  ])('tells what is to be written for a text or a number alone: %s', (rule, message, hint) => {
    expect(read(httpRule(rule)).issues).toContainEqual(expect.objectContaining({ message, hint }));
  });

  it('reports every issue of every document at once, in the order of the file, and keeps the good resources', () => {
    const bad = resource('DestinationRule', 'host: "a*b"\ntrafficPolicy: {connectionPool: {}}');
    const { resources, issues } = read(`${bad}---\n${JSON.stringify(VS)}\n---\na: [\n---\n${httpRule('timeout: 0s\nname: 5')}`);

    expect(resources.map(({ name }) => name)).toEqual(['api']);
    expect(errors(issues)).toEqual([
      'ERR_INVALID_VALUE spec.host', 'ERR_REQUIRED spec.trafficPolicy.connectionPool', 'ERR_YAML ', 'ERR_INVALID_VALUE spec.http[0].timeout', 'ERR_WRONG_TYPE spec.http[0].name',
    ]);
    expect(issues.map(({ line }) => line)).toEqual(issues.map(({ line }) => line).toSorted((a, b) => a - b));
  });

  it('unwraps lists, of all kinds or of one, and keeps the places', () => {
    const { metadata, spec } = VS;
    const { resources, issues } = read(`apiVersion: v1\nkind: List\nitems:\n- ${JSON.stringify(VS)}\n- {apiVersion: v1, kind: Secret}\n---\n${JSON.stringify({ apiVersion: VS.apiVersion, kind: 'VirtualServiceList', items: [{ metadata: { name: 'b' }, spec }, { metadata, spec: { hosts: [] } }] })}`);

    expect(resources.map(({ kind, name }) => `${kind} ${name}`)).toEqual(['VirtualService api', 'VirtualService b']);
    expect(resources[0]?.locate('spec.hosts[0]')).toMatchObject({ line: 4 });
    expect(errors(issues)).toEqual(['ERR_REQUIRED spec']);
    const { issues: nested } = read('apiVersion: v1\nkind: List\nitems: [{apiVersion: v1, kind: List, items: []}, null]');
    expect(nested.map(({ code }) => code)).toEqual(['WARN_IGNORED_KIND', 'ERR_NOT_A_RESOURCE']);
  });

  it('takes objects, copies them, and names them in issues', () => {
    const object = structuredClone(VS);
    const { resources } = readResources([{ object: [object, null], name: 'rules.ts' }]);
    object.spec.hosts[0] = 'changed';

    expect(resources[0]?.spec).toEqual(VS.spec);
    expect(resources[0]?.locate('spec.hosts')).toEqual({ file: 'rules.ts', line: 1, column: 1 });
    expect(readResources([{ object: { ...VS, spec: {} } }]).issues[0]).toMatchObject({ file: '<inline>', path: 'spec', resource: 'VirtualService default/api' });
  });

  it.each([
    ['empty', ''], ['only blanks', ' \n\n'], ['only comments', '# later\n'], ['empty documents', '---\n---\n'],
  ])('warns of a text that is %s', (_, text) => {
    expect(read(text)).toMatchObject({ resources: [], issues: [{ severity: 'warning', code: 'WARN_EMPTY', file: 'rules.yaml' }] });
  });

  it.each(['hello', '- a', '5', '"x"'])('refuses a document that is no map: %s', (text) => {
    expect(errors(read(text).issues)).toEqual(['ERR_NOT_A_RESOURCE ']);
  });

  it('passes over the other kinds of ordinary manifests without a word', () => {
    const kinds = [['v1', 'ServiceAccount'], ['v1', 'Namespace'], ['v1', 'Secret'], ['apps/v1', 'StatefulSet'], ['batch/v1', 'Job'], ['rbac.authorization.k8s.io/v1', 'Role'], ['networking.k8s.io/v1', 'Ingress']];
    const text = kinds.map(([apiVersion, kind]) => `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: {name: x}\n`).join('---\n');

    expect(read(text)).toEqual({ resources: [], issues: [] });
  });

  it.each([
    ['networking.istio.io/v1alpha3', 'EnvoyFilter', undefined],
    ['networking.istio.io/v1', 'VirtualServices', 'did you mean VirtualService?'],
    ['networking.istio.io/v9', 'VirtualService', 'write networking.istio.io/v1 or networking.istio.io/v1beta1 or networking.istio.io/v1alpha3'],
    ['gateway.networking.k8s.io/v1', 'Gateway', undefined],
    ['example.com/v1', 'Widget', undefined],
  ])('notes that %s %s is ignored', (apiVersion, kind, hint) => {
    expect(read(`apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: {name: x}`)).toMatchObject({ resources: [], issues: [{ severity: 'warning', code: 'WARN_IGNORED_KIND', hint }] });
  });

  it('notes a document without kind, and refuses a known kind without apiVersion', () => {
    expect(warnings(read('services: {web: {}}').issues)).toEqual(['WARN_IGNORED_KIND ']);
    expect(errors(read('kind: VirtualService').issues)).toEqual(['ERR_REQUIRED apiVersion']);
  });

  it.each([
    ['name: a, labels: {a: 1}', ['ERR_WRONG_TYPE metadata.labels.a']],
    ['name: 5', ['ERR_WRONG_TYPE metadata.name']],
    ['namespace: shop', ['ERR_REQUIRED metadata.name']],
    ['name: Cart_Rule', ['ERR_INVALID_VALUE metadata.name']],
    ['name: a, namespace: A.b', ['ERR_INVALID_VALUE metadata.namespace']],
    ['name: a, creationTimestamp: yesterday', ['ERR_INVALID_VALUE metadata.creationTimestamp']],
    ['name: a, annotations: {istio.io/dry-run: "true"}', ['ERR_CONFLICT metadata.annotations["istio.io/dry-run"]']],
  ])('refuses metadata with %s', (metadata, expected) => {
    expect(errors(read(resource('DestinationRule', 'host: a', metadata)).issues)).toEqual(expected);
  });

  it('refuses metadata that is no map', () => {
    expect(errors(read('apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: x\nspec: {host: a}').issues)).toEqual(['ERR_WRONG_TYPE metadata']);
  });

  it('tells of fields nobody knows, with the nearest known one; as errors when strict', () => {
    const text = `${httpRule('route: [{destination: {host: api}}]\ntimeOut: 5s')}specs: {}\n`;
    const expected = [{ path: 'spec.http[0].timeOut', hint: 'did you mean timeout?', line: 8, column: 5 }, { path: 'specs', hint: 'did you mean spec?', line: 9, column: 1 }];

    expect(read(text).issues).toMatchObject(expected.map((issue) => ({ ...issue, severity: 'warning', code: 'WARN_UNKNOWN_FIELD' })));
    expect(read(text).resources).toHaveLength(1);
    expect(read(text, { strict: true }).issues).toMatchObject(expected.map((issue) => ({ ...issue, severity: 'error', code: 'ERR_UNKNOWN_FIELD' })));
    expect(read(text, { strict: true }).resources).toEqual([]);
  });

  it('unifies the spellings, and refuses both at once', () => {
    const rule = 'route: [{destination: {host: api}}]\nmirror: {host: b}\nmirror_percent: 100\nfault: {delay: {fixed_delay: 1s}}\nretries: {attempts: 1, per_try_timeout: 1s}';

    expect(read(httpRule(rule)).resources[0]?.spec).toEqual({
      hosts: ['api'], http: [{ route: [{ destination: { host: 'api' } }], mirror: { host: 'b' }, mirrorPercent: 100, fault: { delay: { fixedDelay: '1s' } }, retries: { attempts: 1, perTryTimeout: '1s' } }],
    });
    expect(read(httpRule(`${rule}\nmirrorPercent: 50`)).issues).toContainEqual(expect.objectContaining({ code: 'ERR_DUPLICATE_KEY', path: 'spec.http[0].mirror_percent', line: 9 }));
    expect(warnings(read(httpRule(`route: [{destination: {host: api}}]\nMirror_Percent: 5`)).issues)).toEqual(['WARN_UNKNOWN_FIELD spec.http[0].Mirror_Percent']);
  });

  it('warns of a resource given twice, and keeps both in order', () => {
    const { resources, issues } = read(`${JSON.stringify(VS)}\n---\n${JSON.stringify(VS)}`);

    expect(resources).toHaveLength(2);
    expect(issues).toMatchObject([{ severity: 'warning', code: 'WARN_DUPLICATE', message: 'replaces the VirtualService default/api of rules.yaml:1', line: 3 }]);
  });

  it('lets no name of the prototype do harm', () => {
    const rule = 'match: [{headers: {constructor: {exact: x}, __proto__: {exact: y}}}]\nroute: [{destination: {host: toString}}]\n__proto__: {name: evil}\nconstructor: 1';
    const { resources, issues } = read(httpRule(rule));
    const { http } = resources[0]?.spec as { http: { name?: string; match: { headers: Record<string, unknown> }[] }[] };

    expect(warnings(issues)).toEqual(['WARN_UNKNOWN_FIELD spec.http[0].__proto__', 'WARN_UNKNOWN_FIELD spec.http[0].constructor']);
    expect(http[0]!.name).toBeUndefined();
    expect(Object.entries(http[0]!.match[0]!.headers)).toEqual([['constructor', { exact: 'x' }], ['__proto__', { exact: 'y' }]]);
    expect(http[0]!.match[0]!.headers.valueOf).toBeUndefined();
    expect(({} as Record<string, unknown>).name).toBeUndefined();
  });

  it('lists at most a hundred errors and warnings of one document', () => {
    const { issues, resources } = read(httpRule(`route: [{destination: {host: api}}]\n${Array.from({ length: 300 }, (_, at) => `x${at}: 1`).join('\n')}\ntimeout: 0s`));

    expect(resources).toEqual([]);
    expect(errors(issues)).toEqual(['ERR_INVALID_VALUE spec.http[0].timeout']);
    expect(warnings(issues)).toHaveLength(101);
  });
});
