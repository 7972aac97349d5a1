import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { analyze } from '../../../src/config/analysis/analyze.ts';
import { readResources } from '../../../src/config/read-resources.ts';
import { read, resource } from '../reading.ts';
import { codesIn, destinationRule, findingsIn, rules, service } from './findings.ts';

const FAULT = '- fault: {abort: {httpStatus: 500, percentage: {value: 1}}}\n  route: [{destination: {host: nobody}}]';

describe('analyze', () => {
  it('finds nothing in nothing', () => {
    expect(analyze([])).toEqual([]);
    expect(findingsIn(service('version: v1'))).toEqual([]);
  });

  it('tells of what was found when the resources were read', () => {
    const [finding] = findingsIn([rules('- route: [{destination: {}}]')], { complete: false });
    expect(finding).toMatchObject({ code: 'IST0106', level: 'error', resource: 'VirtualService default/it', file: 'rules.yaml' });
    expect(findingsIn(['kind: [', destinationRule('trafficPolicy: {}')], { complete: false })).toMatchObject([{ code: 'PARSE', resource: '', line: 2 }, { code: 'IST0106' }]);
  });

  it('looks for what is referred to only where everything is given', () => {
    expect(codesIn([rules(FAULT)], '')).toEqual(['TSM0006 VirtualService/it spec.http[0].fault.abort', expect.stringMatching(/^IST0101 /)]);
    expect(codesIn([rules(FAULT)], '', { complete: false })).toEqual(['TSM0006 VirtualService/it spec.http[0].fault.abort']);
  });

  it('is in the order of files and lines, and names the place', () => {
    const { resources } = readResources([{ text: rules(FAULT), file: 'b.yaml' }, { text: rules(FAULT).replace('name: it', 'name: other'), file: 'a.yaml' }], {
      rules: 'analysis',
    });
    const places = analyze(resources).map(({ file, line, column, code }) => `${file}:${line}:${column} ${code}`);
    expect(places).toEqual([...places].sort());
    expect(places).toContain('b.yaml:8:20 TSM0006');
  });

  it.each(['TSM0006', 'IST0101,TSM0006', '*'])('is silent about what a resource suppresses with %s', (codes) => {
    const suppressing = rules(FAULT).replace('{name: it}', `{name: it, annotations: {galley.istio.io/analyze-suppress: "${codes}"}}`);
    expect(codesIn([suppressing], 'TSM0006')).toEqual([]);
  });

  it('takes the names of another cluster', () => {
    const rule = resource('VirtualService', 'hosts: [api.default.svc.home]\nhttp: [{route: [{destination: {host: api.default.svc.home}}]}]');
    expect(codesIn([rule, ...service()], 'IST0101', { domain: 'home' })).toEqual([]);
    expect(codesIn([rule, ...service()], 'IST0101')).toHaveLength(1);
  });

  it('gives up on what would take for ever, and says so', () => {
    const list = Array.from({ length: 6000 }, (_, index) => resource('VirtualService', `hosts: [api]\nhttp: [{route: [{destination: {host: api}}]}]`, `name: n${index}`));
    const start = performance.now();
    const findings = findingsIn(list, { complete: false });
    expect(performance.now() - start).toBeLessThan(60_000);
    expect(findings.length).toBeLessThan(10_000);
  }, 120_000);

  it('takes whatever stands in a resource', () => {
    const text = [...service('version: v1'), destinationRule('subsets: [{name: v1, labels: {version: v1}}]'), rules(FAULT)].join('\n---\n');
    const { resources } = read(text, { rules: 'analysis' });
    const junk = fc.oneof(fc.constant(undefined), fc.jsonValue({ maxDepth: 2 }));
    const keys = ['hosts', 'gateways', 'http', 'host', 'subsets', 'trafficPolicy', 'ports', 'selector', 'servers', 'egress', 'endpoints'];
    fc.assert(
      fc.property(fc.nat(resources.length - 1), fc.constantFrom(...keys), junk, (index, key, value) => {
        const written = JSON.stringify({ apiVersion: 'networking.istio.io/v1', kind: resources[index]!.kind, metadata: { name: 'x' }, spec: { ...(resources[index]!.spec as object), [key]: value } });
        expect(findingsIn([...text.split('\n---\n'), written])).toBeInstanceOf(Array);
      }),
      { numRuns: 300 },
    );
  });
});
