import { describe, expect, it } from 'vitest';
import { formatIssue } from '../../../src/config/issue.ts';
import { read, resource } from '../reading.ts';

const SPEC = 'hosts: [api]\nhttp:\n- name: slow\n  match: [{uri: {prefix: /slow}}]\n  route: [{destination: {host: api}}]\n- route: [{destination: {host: api}}]';

function told(annotation: string, kind = 'VirtualService', spec = SPEC, options = {}): string[] {
  const { resources, issues } = read(resource(kind, spec, `name: it, annotations: {${annotation}}`), options);
  expect(resources).toHaveLength(1);
  return issues.map(formatIssue);
}

describe('annotations of ts-mesh', () => {
  it.each([
    'ts-mesh.dev/sticky-by: "header end-user, cookie session salt spring"', 'ts-mesh.dev/fault-scope: attempt', 'ts-mesh.dev/fault-scope: "host for slow; request"', 'ts-mesh.dev/safe-retries: "true"',
    'ts-mesh.dev/safe-retries: "budget 10%, least 1/s, time 50ms for slow"', 'example.com/ts-mesh.dev: x', 'ts-mesh.devious/x: y',
  ])('say what they should: %s', (annotation) => expect(told(annotation)).toEqual([]));

  it('are told of with place, what was expected and what was meant', () => {
    expect(told('ts-mesh.dev/sticky: "header x"')).toEqual([
      'rules.yaml:3:56: warning: VirtualService default/it metadata.annotations["ts-mesh.dev/sticky"]: is not a known annotation and is ignored; known are ts-mesh.dev/sticky-by, ts-mesh.dev/fault-scope, ts-mesh.dev/safe-retries, ts-mesh.dev/https-routing (did you mean ts-mesh.dev/sticky-by?)',
    ]);
    expect(told('ts-mesh.dev/fault-scope: try')).toEqual([
      'rules.yaml:3:61: warning: VirtualService default/it metadata.annotations["ts-mesh.dev/fault-scope"]: must be request, attempt or host, with "for RULE, RULE" after it where it is for some rules only, got "try"; it is ignored',
    ]);
    expect(told('ts-mesh.dev/sticky-by: ip')[0]).toContain('must be a list of header NAME, cookie NAME or query NAME');
    expect(told('ts-mesh.dev/safe-retries: ""')[0]).toContain('must be true, false, or a list of budget N%');
    expect(told('ts-mesh.dev/fault-scope: attempt for slwo')[0]).toContain('is for a rule "slwo", but rules here are called slow (did you mean slow?)');
  });

  it('belong where they mean something', () => {
    expect(told('ts-mesh.dev/safe-retries: "true"', 'DestinationRule', 'host: api')[0]).toContain('means nothing on a DestinationRule and is ignored (it belongs on a VirtualService)');
    expect(told('ts-mesh.dev/https-routing: "true"', 'VirtualService')[0]).toContain('it belongs on a ServiceEntry or Service');
    expect(told('ts-mesh.dev/https-routing: "yes"', 'Service', 'ports: [{port: 80}]')[0]).toContain('must be true or false, got "yes"');
  });

  it('are nothing that istioctl would tell of', () => {
    expect(told('ts-mesh.dev/x: "y"', 'VirtualService', SPEC, { rules: 'istioctl' })).toEqual([]);
  });

  it.each(['hosts: [api]\nhttp: 7', 'hosts: [api]\nhttp: [null, 3, {name: 5}]', 'hosts: [api]\nhttp: {a: b}'])('survive what is no list of rules: %j', (spec) => {
    expect(() => read(resource('VirtualService', spec, 'name: it, annotations: {ts-mesh.dev/fault-scope: attempt for x}'))).not.toThrow();
  });

  it.each(['annotations: {ts-mesh.dev/fault-scope: 7}', 'annotations: {ts-mesh.dev/fault-scope: null}', 'annotations: [ts-mesh.dev/fault-scope]', 'annotations: ts-mesh.dev/fault-scope'])('survive what is no text: %s', (annotations) => {
    expect(() => read(resource('VirtualService', SPEC, `name: it, ${annotations}`))).not.toThrow();
  });
});
