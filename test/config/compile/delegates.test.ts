import { describe, expect, it } from 'vitest';
import { goals, istio, service, snapshotOf, virtualHost } from './support.ts';

const WEB = service('web.default.svc.cluster.local');
const HOST = 'web.default.svc.cluster.local:80';
const root = (rules: string): string => istio('VirtualService', 'root', `{hosts: [web], http: [${rules}]}`);
const delegate = (rules: string, namespace = 'team'): string => istio('VirtualService', 'part', `{http: [${rules}]}`, namespace);
const answer = (status: number, match = ''): string => `{${match === '' ? '' : `match: [${match}], `}directResponse: {status: ${status}}}`;
const route = (name: string, more: string): string => `{name: ${name}, route: [{destination: {host: web.default.svc.cluster.local}}], ${more}}`;

describe('delegates', () => {
  it('put their rules in the place of the root rule', () => {
    const text = WEB + root(`${answer(201, '{uri: {prefix: /a}}')}, {match: [{uri: {prefix: /b}}], delegate: {name: part, namespace: team}}, ${answer(204)}`);

    expect(goals(snapshotOf(text + delegate(`${answer(202, '{uri: {prefix: /b/c}}')}, ${answer(203)}`)), HOST)).toEqual(['201', '202', '203', '204']);
  });

  it('default to the namespace of the root, and vanish when they are missing or not exported to it', () => {
    const text = WEB + root(`{match: [{uri: {prefix: /b}}], delegate: {name: part}}, ${answer(204)}`);
    const hidden = istio('VirtualService', 'part', `{exportTo: [nowhere], http: [${answer(202)}]}`);

    expect(goals(snapshotOf(text + delegate(answer(202), 'default')), HOST)).toEqual(['202', '204']);
    expect(goals(snapshotOf(text.replace('{name: part}', '{name: part, namespace: ""}') + delegate(answer(202), 'default')), HOST)).toEqual(['202', '204']);
    expect(goals(snapshotOf(text + delegate(answer(202), 'team')), HOST)).toEqual(['204']);
    expect(goals(snapshotOf(text + hidden), HOST)).toEqual(['204']);
  });

  it.each([
    ['uri: {prefix: /a}', 'uri: {prefix: /a/b}', { uri: { prefix: '/a/b' } }],
    ['uri: {prefix: /a}', 'uri: {exact: /a/b}', { uri: { exact: '/a/b' } }],
    ['uri: {exact: /a}', 'uri: {exact: /a}', { uri: { exact: '/a' } }],
    ['uri: {prefix: /a}', 'method: {exact: GET}', { uri: { prefix: '/a' }, method: { exact: 'GET' } }],
    ['headers: {x: {exact: "1"}}', 'headers: {y: {exact: "2"}}', { headers: { x: { exact: '1' }, y: { exact: '2' } } }],
    ['uri: {regex: "/a.*"}', 'method: {exact: GET}', { uri: { regex: '/a.*' }, method: { exact: 'GET' } }],
  ])('{%s} and {%s} both hold', (outer, inner, match) => {
    const text = WEB + root(`{match: [{${outer}}], delegate: {name: part, namespace: team}}`) + delegate(answer(202, `{${inner}}`));

    expect(virtualHost(snapshotOf(text), HOST).routes[0]?.match).toEqual(match);
  });

  it.each([
    ['uri: {prefix: /a}', 'uri: {prefix: /b}'],
    ['uri: {prefix: /a}', 'uri: {regex: "/a.*"}'],
    ['uri: {exact: /a}', 'uri: {prefix: /a}'],
    ['uri: {prefix: /a}', 'uri: {prefix: /a/b}, ignoreUriCase: true'],
    ['headers: {x: {exact: "1"}}', 'headers: {x: {exact: "2"}}'],
    ['port: 80', 'port: 81'],
    ['sourceNamespace: default', 'uri: {prefix: /a}'],
    ['headers: {x: {}}', 'headers: {x: {exact: "1"}}'],
    ['headers: {x: {prefix: a}}', 'headers: {x: null}'],
    ['sourceLabels: {a: "1"}', 'sourceLabels: {a: "2"}'],
    ['gateways: [mesh]', 'gateways: [edge]'],
  ])('{%s} and {%s} contradict each other', (outer, inner) => {
    const text = WEB + root(`{match: [{${outer}}], delegate: {name: part, namespace: team}}`) + delegate(answer(202, `{${inner}}`));

    expect(goals(snapshotOf(text), HOST)).toEqual(['outbound|80||web.default.svc.cluster.local']);
  });

  it('inherit what they leave unset, and join their names to the root\'s', () => {
    const text =
      WEB +
      root('{name: outer, timeout: 5s, retries: {attempts: 1}, delegate: {name: part, namespace: team}}') +
      delegate(`${route('inner', 'timeout: 1s')}`);

    const [only] = virtualHost(snapshotOf(text), HOST).routes;

    expect(only).toMatchObject({ name: 'outer-inner', action: { timeoutMs: 1000, retries: { attempts: 1 } } });
  });
});
