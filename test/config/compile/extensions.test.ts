import { describe, expect, it } from 'vitest';
import type { RouteSpec } from '../../../src/route/model.ts';
import { service, snapshotOf, virtualHost } from './support.ts';

const SAFETY = { budgetPercent: 20, leastPerSecond: 3, leastTimeMs: 1 };
const RETRIES = 'retries: {attempts: 2}';

function rules(annotations: string, http: string, name = 'it', hosts = 'hosts: [api.example.com]\n'): string {
  return `---\napiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: ${name}, annotations: {${annotations}}}\nspec:\n${`${hosts}http:\n${http}`.replaceAll(/^/gm, '  ')}\n`;
}

function routesOf(text: string, options = {}): readonly RouteSpec[] {
  return virtualHost(snapshotOf(service('api.example.com') + text, options), 'api.example.com:80').routes;
}

const FAULT = 'fault: {abort: {httpStatus: 503, percentage: {value: 10}}}';
const ROUTE = 'route: [{destination: {host: api.example.com}}]';
const TWO = `- name: a\n  match: [{uri: {prefix: /a}}]\n  ${FAULT}\n  ${RETRIES}\n  ${ROUTE}\n- ${FAULT}\n  ${RETRIES}\n  ${ROUTE}`;

describe('annotations of rules', () => {
  it('are for all rules of the resource, or for those that they name', () => {
    const all = routesOf(rules('ts-mesh.dev/fault-scope: attempt, ts-mesh.dev/safe-retries: "true", ts-mesh.dev/sticky-by: header u', TWO));
    expect(all.map(({ fault }) => fault?.scope)).toEqual(['attempt', 'attempt']);
    expect(all.map(({ action }) => action)).toEqual([1, 2].map(() => expect.objectContaining({ retries: expect.objectContaining({ attempts: 2, safety: SAFETY }), sticky: { keys: [{ kind: 'header', name: 'u' }], salt: 'default/it' } })));

    const some = routesOf(rules('ts-mesh.dev/fault-scope: host for a', TWO));
    expect(some.map(({ fault }) => fault?.scope)).toEqual(['host', undefined]);
  });

  it('leave no trace where there are none', () => {
    for (const route of routesOf(rules('', TWO))) {
      expect(route.fault).not.toHaveProperty('scope');
      expect(route.action).not.toHaveProperty('sticky');
      expect(route.action).not.toHaveProperty('retries.safety');
    }
  });

  it('of a delegate are for the rules that it brings, by their own names', () => {
    const root = rules('ts-mesh.dev/fault-scope: host', `- name: own\n  match: [{uri: {prefix: /own}}]\n  ${FAULT}\n  ${ROUTE}\n- name: root\n  match: [{uri: {prefix: /}}]\n  delegate: {name: leaf}`);
    const leaf = rules('ts-mesh.dev/fault-scope: attempt for a', TWO.replace('\n- fault', '\n- name: b\n  fault'), 'leaf', '');
    const scopes = routesOf(root + leaf).map(({ name, fault }) => [name, fault?.scope]);

    expect(scopes).toEqual([['own', 'host'], ['root-a', 'attempt'], ['root-b', undefined]]);
  });

  it('go before the mesh\'s option, which holds for everything else, services without rules too', () => {
    const options = { retrySafety: SAFETY };
    const safetyOf = ({ action }: RouteSpec): unknown => action.kind === 'forward' && action.retries?.safety;

    expect(routesOf(rules('ts-mesh.dev/safe-retries: "false for a"', TWO), options).map(safetyOf)).toEqual([undefined, SAFETY]);
    expect(routesOf(rules('ts-mesh.dev/safe-retries: "budget 5%"', TWO), options).map(safetyOf)).toEqual([1, 2].map(() => ({ ...SAFETY, budgetPercent: 5 })));
    expect(routesOf('', options).map(safetyOf)).toEqual([SAFETY]);
    expect(routesOf(rules('', `- retries: {attempts: 0}\n  ${ROUTE}`), options)[0]!.action).toHaveProperty('retries', expect.objectContaining({ attempts: 0, safety: SAFETY }));
  });
});
