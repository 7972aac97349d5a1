import { describe, expect, it } from 'vitest';
import { resource } from '../../reading.ts';
import { codesIn, destinationRule, findingsIn, service } from '../findings.ts';

const SUBSETS = destinationRule('subsets:\n- {name: v1, labels: {version: v1}}\n- {name: v2, labels: {version: v2}}');

function told(...documents: readonly string[]): string[] {
  return codesIn([SUBSETS, ...documents], 'TSM0002');
}

describe('TSM0002', () => {
  it('tells of a subset that none of the pods behind its host has', () => {
    const other = resource('Pod', 'containers: []', 'name: other, labels: {app: other, version: v2}');
    const findings = findingsIn([SUBSETS, ...service('version: v1', 'version: v3'), other]);
    expect(findings.filter(({ code }) => code === 'TSM0002')).toMatchObject([
      {
        path: 'spec.subsets[1].labels',
        message: 'no endpoint of api has the labels version=v2 of the subset v2: calls to it end with 503 UH',
        hint: 'its endpoints have version=v1 or version=v3',
      },
    ]);
  });

  it('counts Deployments, WorkloadEntries and the endpoints of a ServiceEntry', () => {
    const deployment = resource('Deployment', 'template: {metadata: {labels: {app: api, version: v2}}}').replace('networking.istio.io/v1', 'apps/v1');
    expect(told(...service('version: v1'), deployment)).toEqual([]);
    const entry = resource('WorkloadEntry', 'address: 10.0.0.1\nlabels: {app: api, version: v2}');
    expect(told(...service('version: v1'), entry)).toEqual([]);
    const outside = (resolution: string): string =>
      resource('ServiceEntry', `hosts: [api.example]\nresolution: ${resolution}\nports: [{name: http, number: 80, protocol: HTTP}]\nendpoints: [{address: 10.0.0.1, labels: {version: v1}}]`);
    const rule = SUBSETS.replace('host: api', 'host: api.example');
    expect(codesIn([rule, outside('STATIC')], 'TSM0002')).toEqual(['TSM0002 DestinationRule/it spec.subsets[1].labels']);
    expect(codesIn([rule, outside('DNS')], 'TSM0002')).toHaveLength(1);
  });

  it('is silent where endpoints are not known', () => {
    expect(told()).toEqual([]);
    expect(told(...service())).toEqual([]);
    const listed = 'apiVersion: v1\nkind: Endpoints\nmetadata: {name: api}\nsubsets: [{addresses: [{ip: 10.0.0.1}], ports: [{port: 80}]}]\n';
    expect(told(...service('version: v1'), listed)).toEqual([]);
    expect(codesIn([SUBSETS, ...service('version: v1')], 'TSM0002', { complete: false })).toEqual([]);
  });
});
