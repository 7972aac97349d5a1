import { describe, expect, it } from 'vitest';
import type { MeshError } from '../../../src/common/errors.ts';
import { compileSnapshot } from '../../../src/config/compile.ts';
import { readResources } from '../../../src/config/read-resources.ts';

const list = (count: number, item: (i: number) => string): string => `[${Array.from({ length: count }, (_, i) => item(i)).join(', ')}]`;

const resource = (kind: string, name: string, spec: string): string => `apiVersion: networking.istio.io/v1\nkind: ${kind}\nmetadata: {name: ${name}}\nspec: ${spec}\n`;

const serviceEntry = (hosts: string, ports: string): string =>
  resource('ServiceEntry', 'a', `{hosts: ${hosts}, ports: ${ports}, endpoints: [{address: 10.0.0.1}], resolution: STATIC}`);

const ports = (count: number): string => list(count, (i) => `{number: ${i + 1}, name: p${i}, protocol: HTTP}`);

/** The error of compiling `texts`. */
function refusal(...texts: readonly string[]): MeshError {
  const { resources, issues } = readResources([{ text: texts.join('---\n'), file: 'rules.yaml' }]);
  expect(issues.filter(({ severity }) => severity === 'error')).toEqual([]);
  try {
    compileSnapshot(resources, { version: 1, workload: { namespace: 'default', labels: {} }, legacySemantics: true });
  } catch (error) {
    return error as MeshError;
  }
  throw new Error('it fits');
}

describe('rules that multiply', { timeout: 120_000 }, () => {
  const hosts = list(1000, (i) => `h${i}.com`);

  it.each([
    ['hosts × ports', 'ServiceEntry default/a', [serviceEntry(hosts, ports(600))]],
    ['ports × subsets', 'ServiceEntry default/a', [serviceEntry('[a.com]', ports(1000)), resource('DestinationRule', 'a', `{host: a.com, subsets: ${list(1000, (i) => `{name: s${i}, labels: {v: v${i}}}`)}}`)]],
    [
      'matches × matches of a delegate',
      'VirtualService default/root',
      [
        resource('VirtualService', 'root', `{hosts: [a.com], http: [{delegate: {name: leaf}, match: ${list(1100, (i) => `{headers: {h${i}: {exact: x}}}`)}}]}`),
        resource('VirtualService', 'leaf', `{http: [{match: ${list(1100, (i) => `{uri: {exact: /${i}}}`)}, route: [{destination: {host: a.com}}]}]}`),
      ],
    ],
  ])('are refused, with their place: %s', (_, culprit, texts) => {
    const { code, message, issues } = refusal(...texts);

    expect(code).toBe('ERR_INVALID_CONFIG');
    expect(issues).toMatchObject([{ severity: 'error', code: 'ERR_TOO_LARGE', resource: culprit, file: 'rules.yaml', line: expect.any(Number) as number }]);
    expect(message).toMatch(/rules\.yaml:\d+:\d+: error: .* multiplies to more than fits: .* may take about 1024 MB/);
  });
});
