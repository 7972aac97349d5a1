import { describe, expect, it } from 'vitest';
import { goals, hostNames, istio, service, snapshotOf, virtualHost } from './support.ts';

const WEB = service('web.default.svc.cluster.local');
const HOST = 'web.default.svc.cluster.local:80';
const DEFAULT = ['outbound|80||web.default.svc.cluster.local'];
const answer = (status: number, match = ''): string => `{${match === '' ? '' : `match: [${match}], `}directResponse: {status: ${status}}}`;
const rules = (name: string, hosts: string, http: string, more = '', namespace?: string): string =>
  istio('VirtualService', name, `{hosts: [${hosts}], http: [${http}]${more === '' ? '' : `, ${more}`}}`, namespace);

describe('which VirtualService governs a service', () => {
  it('of two for one host the first, alone; the second is told as passed over', () => {
    const snapshot = snapshotOf(WEB + rules('zz', 'web', answer(201, '{uri: {prefix: /a}}')) + rules('aa', 'web', answer(202)));

    expect(goals(snapshot, HOST)).toEqual(['201']);
    expect(virtualHost(snapshot, HOST).skipped).toMatchObject([
      { origin: { name: 'aa' }, reason: 'VirtualService default/zz has the same host and comes first' },
    ]);
  });

  it('of two of the same second the one whose name comes first, then whose namespace does, wherever they stand', () => {
    const aged = (name: string, status: number, namespace = 'default', time = '2026-01-01T00:00:00Z'): string =>
      rules(name, 'web.default.svc.cluster.local', answer(status), '', namespace).replace('metadata: {', `metadata: {creationTimestamp: "${time}", `);

    expect(goals(snapshotOf(WEB + aged('b', 201) + aged('a', 202)), HOST)).toEqual(['202']);
    expect(goals(snapshotOf(WEB + aged('a', 201, 'other') + aged('a', 202)), HOST)).toEqual(['202']);
    expect(goals(snapshotOf(WEB + aged('a', 201, 'default', '2026-01-01T00:00:01Z') + aged('b', 202)), HOST)).toEqual(['202']);
  });

  it('private ones come before exported ones, and those before public ones', () => {
    const open = rules('open', 'web', answer(201));
    const named = rules('named', 'web.default.svc.cluster.local', answer(202), 'exportTo: [default]', 'other');
    const own = rules('own', 'web', answer(203), 'exportTo: ["."]');

    expect(goals(snapshotOf(WEB + open + named), HOST)).toEqual(['202']);
    expect(goals(snapshotOf(WEB + open + named + own), HOST)).toEqual(['203']);
  });

  it('an exact host beats a wildcard, which governs what it covers', () => {
    const wide = rules('wide', '"*.default.svc.cluster.local"', answer(201));

    expect(goals(snapshotOf(WEB + wide), HOST)).toEqual(['201']);
    expect(goals(snapshotOf(WEB + wide + rules('exact', 'web', answer(202))), HOST)).toEqual(['202']);
    expect(hostNames(snapshotOf(WEB + wide), 80)).toEqual([HOST, 'allow_any']);
  });

  it('when the first has no rule left for the caller the next of the same host is used, never a wildcard', () => {
    const filtered = rules('filtered', 'web', answer(201, '{sourceLabels: {app: other}}'));
    const next = rules('next', 'web', answer(202));
    const wide = rules('wide', '"*.local"', answer(203));

    expect(goals(snapshotOf(WEB + filtered + next), HOST)).toEqual(['202']);
    expect(goals(snapshotOf(WEB + filtered + wide), HOST)).toEqual(DEFAULT);
  });

  it.each([
    ['gateways: [edge]', 'gateways [edge] do not include mesh'],
    ['exportTo: [other]', "exportTo [other] does not reach the caller's namespace default"],
  ])('one with %s does not, and the explanation says why', (more, reason) => {
    const snapshot = snapshotOf(WEB + rules('web', 'web', answer(201), more) + istio('Gateway', 'edge', '{servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]}'));

    expect(goals(snapshot, HOST)).toEqual(DEFAULT);
    expect(virtualHost(snapshot, HOST).skipped).toMatchObject([{ reason }]);
  });
});

describe('which rules are left', () => {
  const caller = { workload: { namespace: 'default', labels: { app: 'shop', version: 'v1' } } };

  it.each([
    ['{sourceLabels: {app: shop}}', true],
    ['{sourceLabels: {app: shop, version: v2}}', false],
    ['{sourceNamespace: default}', true],
    ['{sourceNamespace: other}', false],
    ['{port: 80}', true],
    ['{port: 81}', false],
    ['{gateways: [mesh]}', true],
    ['{gateways: [edge]}', false],
    // Gateways alone decide where they are given.
    ['{gateways: [mesh], sourceLabels: {app: other}}', true],
  ])('a match %s applies: %s', (match, applies) => {
    const snapshot = snapshotOf(WEB + rules('web', 'web', answer(201, match)), caller);

    expect(goals(snapshot, HOST)).toEqual(applies ? ['201'] : DEFAULT);
  });

  it('keeps the other entries of a match, and tells each reason', () => {
    const snapshot = snapshotOf(WEB + rules('web', 'web', answer(201, '{port: 81}, {uri: {prefix: /a}}, {sourceLabels: {app: other}}')), caller);

    expect(virtualHost(snapshot, HOST)).toMatchObject({
      routes: [{ match: { uri: { prefix: '/a' } }, origin: { path: 'spec.http[0].match[1]' } }],
      skipped: [
        { origin: { path: 'spec.http[0].match[0]' }, reason: 'port 81 is not the port 80' },
        { origin: { path: 'spec.http[0].match[2]' }, reason: "sourceLabels {app: other} are not all among the caller's {app: shop, version: v1}" },
      ],
    });
  });

  it.each(['', '{}', '{uri: {prefix: /}}', '{uri: {regex: ".*"}}', '{sourceNamespace: default}'])('nothing follows a match of everything: [%s]', (match) => {
    const snapshot = snapshotOf(WEB + rules('web', 'web', `${answer(201, '{uri: {exact: /x}}')}, ${answer(202, match)}, ${answer(203)}`));

    expect(goals(snapshot, HOST)).toEqual(['201', '202']);
    expect(virtualHost(snapshot, HOST).skipped).toMatchObject([{ origin: { path: 'spec.http[2]' } }]);
  });

  it.each(['{method: {exact: GET}}', '{headers: {x: {}}}', '{uri: {prefix: ""}}', '{queryParams: {q: {exact: "1"}}}'])('later rules follow a match [%s]', (match) => {
    expect(goals(snapshotOf(WEB + rules('web', 'web', `${answer(202, match)}, ${answer(203)}`)), HOST)).toEqual(['202', '203']);
  });
});

describe('hosts that no service has', () => {
  it('exist on port 80, under the name as expanded', () => {
    const snapshot = snapshotOf(WEB + service('solo.default.svc.cluster.local', { ports: '[{number: 90, name: http, protocol: HTTP}]' }) + rules('more', 'alias, solo', answer(201)));

    expect(virtualHost(snapshot, 'alias.default.svc.cluster.local:80').domains).toEqual(['alias.default.svc.cluster.local']);
    expect(hostNames(snapshot, 80)).toContain('solo.default.svc.cluster.local:80');
  });

  it('exist elsewhere only beside a service that the same VirtualService governs', () => {
    const solo = service('solo.default.svc.cluster.local', { ports: '[{number: 90, name: http, protocol: HTTP}]' });

    expect(hostNames(snapshotOf(WEB + solo + rules('a', 'alias', answer(201))), 90)).toEqual(['solo.default.svc.cluster.local:90', 'allow_any']);
    expect(hostNames(snapshotOf(WEB + solo + rules('a', 'alias, solo', answer(201))), 90)).toEqual([
      'alias.default.svc.cluster.local:90',
      'solo.default.svc.cluster.local:90',
      'allow_any',
    ]);
  });

  // Source: istio `separateVSHostsAndServices`.
  it.each([
    ['covers a service that another rule governs', '*.test.io', ['one.test.io:80', 'allow_any']],
    ['is narrower than a registered wildcard', '*.deep.wide.io', ['*.wide.io:80', 'one.test.io:80', 'allow_any']],
    ['touches nothing registered', '*.free.io', ['*.free.io:80', 'one.test.io:80', 'allow_any']],
  ])('a wildcard that %s', (_, host, expected) => {
    const services = service('one.test.io') + (host.endsWith('wide.io') ? service('*.wide.io') : '');
    const snapshot = snapshotOf(services + rules('wild', `"${host}"`, answer(201)) + rules('exact', 'one.test.io', answer(202)));

    expect(hostNames(snapshot, 80)).toEqual(expected);
    expect(goals(snapshot, 'one.test.io:80')).toEqual(['202']);
  });

  it('a registered wildcard stays with the first rule of its name, though that has nothing left', () => {
    const filtered = rules('filtered', '"*.test.io"', answer(201, '{sourceLabels: {app: other}}'));

    expect(goals(snapshotOf(service('*.test.io') + filtered + rules('next', '"*.test.io"', answer(202))), '*.test.io:80')).toEqual(['outbound|80||*.test.io']);
  });

  it("take their very name from a service's short forms", () => {
    const snapshot = snapshotOf(WEB + rules('short', 'web.default', answer(201)));

    expect(virtualHost(snapshot, 'web.default:80').domains).toEqual(['web.default']);
    expect(virtualHost(snapshot, HOST).domains).toEqual(['web.default.svc.cluster.local', 'web.default.svc.cluster.local.', 'web', 'web.default.svc']);
  });
});

describe('a rule with a fault and no route', () => {
  const fault = '{match: [{uri: {prefix: /a}}], fault: {abort: {httpStatus: 500, percentage: {value: 50}}}}';

  it('goes on to the service that was called, each of its hosts to its own', () => {
    const text = WEB + service('api.default.svc.cluster.local') + rules('both', 'web, api', fault);

    expect(goals(snapshotOf(text), HOST)).toEqual(DEFAULT);
    expect(goals(snapshotOf(text), 'api.default.svc.cluster.local:80')).toEqual(['outbound|80||api.default.svc.cluster.local']);
    expect(virtualHost(snapshotOf(text), HOST).routes[0]?.fault).toEqual({ abort: { httpStatus: 500, percentage: 50 } });
  });
});
