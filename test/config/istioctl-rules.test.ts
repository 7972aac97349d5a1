import { describe, expect, it } from 'vitest';
import { errors, read, resource, warnings } from './reading.ts';

/** What is told, by severity and path. */
function told(text: string): { errors: string[]; warnings: string[]; infos: string[] } {
  const { issues } = read(text, { rules: 'istioctl' });
  const infos = issues.filter(({ severity }) => severity === 'info').map(({ code, path }) => `${code} ${path}`);
  return { errors: errors(issues), warnings: warnings(issues), infos };
}

const quiet = { errors: [], warnings: [], infos: [] };

describe("istioctl's rules", () => {
  it('refuse unknown fields without being told to', () => {
    expect(told(resource('VirtualService', 'hosts: [a]\nhttpp: []\nhttp: [{route: [{destination: {host: a}}]}]')).errors).toEqual(['ERR_UNKNOWN_FIELD spec.httpp']);
  });

  it('know today\'s Istio only', () => {
    expect(told(resource('VirtualService', 'hosts: [a]\nhttp: [{fault: {delay: {fixedDelay: 1s}}}]')).errors).toEqual(['ERR_REQUIRED spec.http[0]']);
  });

  it('lose warnings below subsets, ports, faults and matches', () => {
    const policy = 'outlierDetection: {consecutiveErrors: 3}';
    const rule = `host: a\ntrafficPolicy:\n  ${policy}\n  portLevelSettings: [{port: {number: 80}, ${policy}}]\nsubsets: [{name: v1, trafficPolicy: {${policy}}}]`;
    expect(told(resource('DestinationRule', rule))).toEqual({
      errors: [],
      warnings: ['WARN_DEPRECATED spec.trafficPolicy.outlierDetection.consecutiveErrors'],
      infos: [
        'WARN_DEPRECATED spec.trafficPolicy.portLevelSettings[0].outlierDetection.consecutiveErrors',
        'WARN_DEPRECATED spec.subsets[0].trafficPolicy.outlierDetection.consecutiveErrors',
      ],
    });
    const gateways = 'hosts: [a.b]\ngateways: [x.y]\nhttp: [{match: [{gateways: [x.y]}], route: [{destination: {host: a}}]}]';
    expect(told(resource('VirtualService', gateways))).toMatchObject({
      warnings: ['WARN_DEPRECATED spec.gateways[0]'], infos: ['WARN_DEPRECATED spec.http[0].match[0].gateways[0]'],
    });
  });

  it('pass over what they do not know, and say so', () => {
    expect(told('apiVersion: networking.istio.io/v1\nkind: VirtualServices\nmetadata: {name: a}')).toEqual({ ...quiet, infos: ['WARN_IGNORED_KIND kind'] });
    expect(told('kind: VirtualService\nmetadata: {name: a}')).toEqual({ ...quiet, infos: ['ERR_REQUIRED apiVersion'] });
    expect(told('')).toEqual({ ...quiet, infos: ['WARN_EMPTY '] });
    const twice = resource('Sidecar', 'egress: [{hosts: ["./*"]}]');
    expect(told(`${twice}---\n${twice}`)).toEqual({ ...quiet, infos: ['WARN_DUPLICATE '] });
  });

  it('tell one syntax problem of a document', () => {
    expect(told('a: [1\nb: ]\nc: {{\n---\n{').errors).toHaveLength(2);
  });

  it.each([
    ['{port: 80}', 1],
    ['{port: 80, name: web}', 1],
    ['{port: 80, name: ""}', 1],
    ['{port: 80, name: http-web}', 0],
    ['{port: 80, name: grpc-web-x}', 0],
    ['{port: 53, protocol: UDP}', 0],
    ['{port: 80, appProtocol: http}', 0],
    ['{port: 80, name: http, appProtocol: kubernetes.io/h2c}', 1],
    ['{port: 80, name: http, appProtocol: http-x}', 1],
    ['{port: 0, name: http}', 0],
  ])('want the ports of a Service named by their protocol: %s', (port, count) => {
    expect(told(resource('Service', `ports: [${port}]`)).errors).toEqual(Array(count).fill('ERR_PORT_PROTOCOL spec.ports[0]'));
    expect(told(resource('Service', `ports: [${port}]`, 'name: it, namespace: istio-system')).errors).toEqual([]);
  });

  it('call nothing else of Kubernetes wrong', () => {
    expect(told(resource('Service', 'type: Nothing\nportz: []'))).toEqual({
      ...quiet, infos: ['ERR_INVALID_VALUE spec.type', 'ERR_UNKNOWN_FIELD spec.portz'],
    });
  });

  it.each([
    ['template: {}', []],
    ['metadata: {}', ['ERR_REQUIRED spec']],
    ['template: {}\nmetadata: {labels: {"-": x}}\nprobe: {}', ['ERR_INVALID_VALUE spec.metadata.labels.-']],
    ['template: {}\nprobe: {}', ['ERR_REQUIRED spec.probe']],
    ['template: {}\nprobe: {periodSeconds: -1, tcpSocket: {port: 0}}', ['ERR_INVALID_VALUE spec.probe.periodSeconds', 'ERR_INVALID_VALUE spec.probe.tcpSocket.port']],
    ['template: {}\nprobe: {httpGet: {port: 80, scheme: ftp, httpHeaders: [{name: "a b"}]}}', ['ERR_INVALID_VALUE spec.probe.httpGet.scheme', 'ERR_INVALID_VALUE spec.probe.httpGet.httpHeaders[0].name']],
    ['template: {}\nprobe: {exec: {}}', ['ERR_REQUIRED spec.probe.exec']],
    ['template: {}\nprobe: {grpc: {port: 90}}', []],
    ['template: {address: 1}', ['ERR_WRONG_TYPE spec.template.address']],
  ])('look at a WorkloadGroup: %s', (spec, expected) => {
    expect(told(resource('WorkloadGroup', spec))).toEqual({ ...quiet, errors: expected });
  });

  it('leave a WorkloadGroup unread where it is applied', () => {
    expect(warnings(read(resource('WorkloadGroup', 'template: {}')).issues)).toEqual(['WARN_IGNORED_KIND kind']);
  });

  it.each([
    ['Sidecar', 'egress: [{hosts: ["./a_b.c"]}]', 2],
    ['Sidecar', 'egress: [{hosts: ["./*foo"]}]', 2],
    ['Sidecar', 'egress: [{hosts: ["/a.b"]}]', 2],
    ['Sidecar', 'ingress: [{port: {number: 80}, defaultEndpoint: nonsense}]', 2],
    ['Sidecar', 'ingress: [{port: {number: 80}, defaultEndpoint: "10.0.0.1:99999"}]', 2],
    ['Sidecar', 'ingress: [{port: {number: 80}, defaultEndpoint: "10.0.0.1:80"}]', 1],
    ['Sidecar', 'ingress: [{port: {number: 80}, defaultEndpoint: "[::1]:80"}]', 0],
    ['Gateway', 'servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["a_b.c"]}]', 1],
    ['Gateway', 'servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["10.0.0.1"]}]', 0],
    // Only a sound port is compared with the TLS settings.
    ['Gateway', 'servers: [{port: {number: 443, protocol: HTTPS}, hosts: ["*"]}]', 1],
    ['Gateway', 'servers: [{port: {number: 443, protocol: HTTPS, name: x}, hosts: ["*"]}]', 1],
    ['Gateway', 'servers: [{port: {number: 0, protocol: HTTPS, name: x}, hosts: ["*"]}]', 1],
    ['ServiceEntry', 'hosts: [a.b]\nresolution: 99\nports: []', 1],
    ['DestinationRule', 'host: a\ntrafficPolicy: {proxyProtocol: {version: 7}}', 1],
    ['VirtualService', 'hosts: [a]\nhttp: [{corsPolicy: {maxAge: -0.5s}, route: [{destination: {host: a}}]}]', 1],
  ])('count each fault of one value: %s %s', (kind, spec, count) => {
    expect(told(resource(kind, spec)).errors).toHaveLength(count);
  });

  it('want a name of a Gateway', () => {
    expect(told(resource('Gateway', 'servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]', '')).errors).toHaveLength(1);
  });

  it('want addresses of a TCP entry that opted out of getting some', () => {
    const spec = 'hosts: [a.b]\nresolution: DNS\nports: [{number: 1, name: tcp, protocol: TCP}]';
    expect(told(resource('ServiceEntry', spec)).warnings).toEqual([]);
    const optOut = 'name: it, labels: {networking.istio.io/enable-autoallocate-ip: "false"}';
    expect(told(resource('ServiceEntry', spec, optOut)).warnings).toEqual(['WARN_NO_ADDRESS spec.ports[0]']);
  });

  it('do not compare a repeated match with prefixes once more', () => {
    const to = 'route: [{destination: {host: a}}]';
    const prefix = (path: string): string => `- {match: [{uri: {prefix: ${path}}}], ${to}}\n`;
    expect(told(resource('VirtualService', `hosts: [a]\nhttp:\n${prefix('/a')}${prefix('/a')}${prefix('/a/b')}${prefix('/a/b')}`)).warnings).toEqual([
      'WARN_UNREACHABLE spec.http[1]',
      'WARN_UNREACHABLE spec.http[1].match[0]',
      'WARN_UNREACHABLE spec.http[2].match[0]',
      'WARN_UNREACHABLE spec.http[3]',
      'WARN_UNREACHABLE spec.http[3].match[0]',
    ]);
  });
});
