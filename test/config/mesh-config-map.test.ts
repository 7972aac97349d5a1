import { describe, expect, it } from 'vitest';
import { errors, read, warnings } from './reading.ts';

function configMap(mesh: string, name = 'istio'): string {
  return `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\n  namespace: istio-system\ndata:\n  mesh: |-\n${mesh.replaceAll(/^/gm, '    ')}\n`;
}

describe('the ConfigMap of the mesh', () => {
  it('is read with its embedded YAML', () => {
    const { resources, issues } = read(configMap('accessLogFile: /dev/stdout\naccessLogFormat: ""\noutboundTrafficPolicy:\n  mode: REGISTRY_ONLY\nconnect_timeout: 5s\ndefaultConfig:\n  concurrency: 2\n  tracing: {sampling: 50}'));

    expect(issues).toEqual([]);
    expect(resources[0]).toMatchObject({
      kind: 'ConfigMap', name: 'istio', namespace: 'istio-system',
      spec: { accessLogFile: '/dev/stdout', accessLogFormat: '', outboundTrafficPolicy: { mode: 'REGISTRY_ONLY' }, connectTimeout: '5s', defaultConfig: { tracing: { sampling: 50 } } },
    });
  });

  it('knows the outer lines of the embedded fields', () => {
    const { locate } = read(configMap('outboundTrafficPolicy:\n  mode: ALLOW_ANY')).resources[0]!;

    expect(locate('spec.outboundTrafficPolicy.mode')).toEqual({ file: 'rules.yaml', line: 9, column: 13 });
    expect(locate('data.mesh.outboundTrafficPolicy')).toMatchObject({ line: 9, column: 7 });
    expect(locate('metadata.name')).toMatchObject({ line: 4, column: 9 });
  });

  it('tells errors of the embedded YAML at their outer places', () => {
    const { issues } = read(configMap('outboundTrafficPolicy: {mode: NONE}\nconnectTimeout: 2h\nacessLogFile: x\nlocalityLbSetting: {failover: [{from: a, to: a}]}\ndefaultConfig: {tracing: {sampling: 101}, proxyHeaders: {server: {value: "a\\r\\nb: c"}}}'));

    expect(issues.map(({ code, path, line, column }) => [code, path, line, column])).toEqual([
      ['ERR_WRONG_TYPE', 'data.mesh.outboundTrafficPolicy.mode', 8, 35],
      ['ERR_INVALID_VALUE', 'data.mesh.connectTimeout', 9, 21],
      ['WARN_UNKNOWN_FIELD', 'data.mesh.acessLogFile', 10, 5],
      ['ERR_INVALID_VALUE', 'data.mesh.localityLbSetting.failover[0]', 11, 36],
      ['ERR_INVALID_VALUE', 'data.mesh.defaultConfig.tracing.sampling', 12, 41],
      ['ERR_INVALID_VALUE', 'data.mesh.defaultConfig.proxyHeaders.server.value', 12, 78],
    ]);
  });

  it('warns of what changes nothing', () => {
    const { issues } = read(configMap('zoneAwareLbSetting: {}\nenableAutoMtls: true\ntrustDomain: cluster.local\nextensionProviders: []'));

    expect(issues.map(({ code, path, line }) => `${code} ${path} ${line}`)).toEqual(['WARN_NO_EFFECT data.mesh.zoneAwareLbSetting 8']);
  });

  it('tells syntax errors at their outer lines', () => {
    expect(read(configMap('a: 1\nb: [')).issues[0]).toMatchObject({ severity: 'error', code: 'ERR_YAML', resource: 'ConfigMap istio-system/istio', path: 'data.mesh', line: 9 });
  });

  it('may be empty, of a revision, and an object', () => {
    expect(read(configMap('', 'istio-1-20')).resources[0]?.spec).toEqual({});
    expect(read('{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "istio"}, "data": {"mesh": "connectTimeout: 0s"}}').issues).toMatchObject([{ path: 'data.mesh.connectTimeout', line: 1 }]);
  });

  it('refuses settings that are no map, or several', () => {
    expect(errors(read(configMap('just text')).issues)).toEqual(['ERR_WRONG_TYPE data.mesh']);
    expect(errors(read(configMap('a: 1\n---\nb: 2')).issues)).toEqual(['ERR_INVALID_VALUE data.mesh']);
  });

  it('shares the bounds of the text around it', () => {
    const bomb = configMap(`localityLbSetting:\n  distribute:\n  - &d {from: a, to: {${Array.from({ length: 100 }, (_, i) => `r${i}: 1`).join(', ')}}}\n${'  - *d\n'.repeat(400)}`);
    const { issues } = read(Array<string>(20).fill(bomb).join('---\n'));

    expect(issues.find(({ code }) => code === 'ERR_TOO_MANY_ALIASES')).toMatchObject({ path: 'data.mesh', severity: 'error' });
  }, 60_000);

  it('is not any other ConfigMap', () => {
    expect(read('apiVersion: v1\nkind: ConfigMap\nmetadata: {name: istio-ca-root-cert}\ndata: {root.pem: x}')).toEqual({ resources: [], issues: [] });
    expect(read('apiVersion: v1\nkind: ConfigMap\nmetadata: {name: app}')).toEqual({ resources: [], issues: [] });
    expect(warnings(read(configMap('connectTimeout: 1s', 'settings')).issues)).toEqual(['WARN_IGNORED_KIND data.mesh']);
  });
});
