import { describe, expect, it } from 'vitest';
import { errors, read, resource, warnings } from '../reading.ts';

const HTTP = '{number: 80, name: http, protocol: HTTP}';
const check = (kind: string, spec: string): string[] => errors(read(resource(kind, spec)).issues).toSorted();

describe('a ServiceEntry', () => {
  it.each([
    `hosts: [a.com]\nports: [${HTTP}, {number: 443, name: https, protocol: https}]\nresolution: DNS`,
    `hosts: [a.com, b.com]\nports: [${HTTP}]\nresolution: DNS\nlocation: MESH_EXTERNAL`,
    `hosts: ["*.a.com"]\nports: [{number: 443, name: tls, protocol: TLS}]`,
    `hosts: [a.com]\naddresses: [10.0.0.0/8, "fd00::1"]\nports: [{number: 9000, name: tcp, protocol: TCP, targetPort: 9001}]\nresolution: STATIC\nendpoints: [{address: 10.1.1.1, ports: {tcp: 9002}, labels: {version: v1}, weight: 3, locality: r/z}]`,
    `hosts: [a.com]\nports: [${HTTP}]\nresolution: STATIC\nendpoints: [{address: "unix:///var/run/a.sock"}]`,
    `hosts: [a.com]\nports: [${HTTP}]\nresolution: STATIC\nworkloadSelector: {labels: {app: a}}`,
    `hosts: ["*.a.com"]\nports: [${HTTP}]\nresolution: DNS\nendpoints: [{address: b.com}]`,
    `hosts: ["*.a.com"]\nports: [${HTTP}]\nresolution: DYNAMIC_DNS`,
    `hosts: [a.com]\nports: [${HTTP}]\nexportTo: ["~"]`,
  ])('may be %s', (spec) => {
    expect(check('ServiceEntry', spec)).toEqual([]);
  });

  it.each([
    ['{}', ['ERR_REQUIRED spec.hosts']],
    [`hosts: ["*"]\nports: [${HTTP}]`, ['ERR_INVALID_VALUE spec.hosts[0]']],
    [`hosts: [a.com]\naddresses: [b.com]\nports: [${HTTP}]`, ['ERR_INVALID_VALUE spec.addresses[0]']],
    [`hosts: [a.com]\naddresses: [10.0.0.0/8]\nports: [${HTTP}]\nresolution: DNS`, ['ERR_CONFLICT spec.addresses[0]']],
    [`hosts: [a.com]\nports: [${HTTP}, ${HTTP}]\nresolution: DNS`, ['ERR_DUPLICATE spec.ports[1].name', 'ERR_DUPLICATE spec.ports[1].number']],
    ['hosts: [a.com]\nports: [{number: 0, name: HTTP_1, protocol: AMQP, targetPort: 70000}, {number: 5, protocol: HTTP}]\nresolution: DNS', ['ERR_INVALID_VALUE spec.ports[0].name', 'ERR_INVALID_VALUE spec.ports[0].number', 'ERR_INVALID_VALUE spec.ports[0].protocol', 'ERR_INVALID_VALUE spec.ports[0].targetPort', 'ERR_REQUIRED spec.ports[1]']],
    [`hosts: [a.com]\nports: [${HTTP}]\nendpoints: [{address: 10.0.0.1}]`, ['ERR_CONFLICT spec.endpoints']],
    [`hosts: [a.com]\nports: [${HTTP}]\nresolution: STATIC\nendpoints: [{address: b.com}, {ports: {http: 1}}, {address: 10.0.0.1, ports: {web: 0}}]`, ['ERR_INVALID_VALUE spec.endpoints[0].address', 'ERR_INVALID_VALUE spec.endpoints[2].ports.web', 'ERR_INVALID_VALUE spec.endpoints[2].ports.web', 'ERR_REQUIRED spec.endpoints[1].address']],
    [`hosts: [a.com]\nports: [${HTTP}, {number: 81, name: b, protocol: HTTP}]\nresolution: STATIC\nendpoints: [{address: "unix://rel", ports: {http: 1}}]`, ['ERR_CONFLICT spec.endpoints[0].address', 'ERR_CONFLICT spec.endpoints[0].ports', 'ERR_INVALID_VALUE spec.endpoints[0].address']],
    [`hosts: ["*.a.com"]\nports: [${HTTP}]\nresolution: DNS`, ['ERR_INVALID_VALUE spec.hosts[0]']],
    [`hosts: [a.com]\nports: [${HTTP}]\nresolution: DNS_ROUND_ROBIN\nendpoints: [{address: b.com}, {address: "*.c.com"}]`, ['ERR_CONFLICT spec.endpoints', 'ERR_INVALID_VALUE spec.endpoints[1].address']],
    [`hosts: [a.com]\nports: [{number: 9, name: tcp, protocol: TCP}]\nresolution: DYNAMIC_DNS\nendpoints: [{address: b.com}]`, ['ERR_CONFLICT spec.endpoints', 'ERR_INVALID_VALUE spec.hosts[0]', 'ERR_INVALID_VALUE spec.ports[0].protocol']],
    ['hosts: [a.com, b.com]\nports: [{number: 9, name: tcp, protocol: TCP}]\nresolution: DNS', ['ERR_CONFLICT spec.ports[0]']],
    [`hosts: [a.com]\nports: [${HTTP}]\nresolution: STATIC\nworkloadSelector: {labels: {app: "*"}}\nendpoints: []`, ['ERR_CONFLICT spec.endpoints', 'ERR_INVALID_VALUE spec.workloadSelector.labels.app']],
    [`hosts: [a.com]\nports: [${HTTP}]\nexportTo: ["~", shop]`, ['ERR_CONFLICT spec.exportTo']],
  ])('must not be %s', (spec, expected) => {
    expect(check('ServiceEntry', spec)).toEqual(expected);
  });

  it.each([
    ['hosts: ["*pay.a.com"]', ['WARN_PARTIAL_WILDCARD spec.hosts[0]']],
    ['hosts: [a.com]\nports: [{number: 9, name: tcp, protocol: TCP}]', ['WARN_NO_ADDRESS spec.ports[0]']],
    ['hosts: [a.com]\nports: [{number: 9, name: tcp, protocol: TCP}]\nresolution: DNS', []],
    ['hosts: [a.com]\nworkloadSelector: {}\nresolution: NONE', ['WARN_EMPTY_SELECTOR spec.workloadSelector', 'WARN_NO_EFFECT spec.workloadSelector']],
  ])('is warned about when %s', (spec, expected) => {
    expect(warnings(read(resource('ServiceEntry', spec)).issues)).toEqual(expected);
  });
});

describe('a WorkloadEntry', () => {
  it.each(['address: 10.0.0.1', 'address: vm.example.com\nports: {http: 8080}\nlabels: {app: a}', 'address: "unix://@abstract"', 'address: fe80::1%eth0'])('may be %s', (spec) => {
    expect(check('WorkloadEntry', spec)).toEqual([]);
  });

  it.each([
    ['{}', ['ERR_REQUIRED spec.address']],
    ['address: a b', ['ERR_INVALID_VALUE spec.address']],
    ['address: unix:///a.sock\nports: {http: 1}', ['ERR_CONFLICT spec.ports']],
    ['address: 10.0.0.1\nports: {HTTP_1: 70000}\nlabels: {"a b": c}', ['ERR_INVALID_VALUE spec.labels', 'ERR_INVALID_VALUE spec.ports.HTTP_1', 'ERR_INVALID_VALUE spec.ports.HTTP_1']],
    ['address: 10.0.0.1\nweight: -3', ['ERR_WRONG_TYPE spec.weight']],
  ])('must not be %s', (spec, expected) => {
    expect(check('WorkloadEntry', spec)).toEqual(expected);
  });

  it('may stand for a network', () => {
    expect(warnings(read(resource('WorkloadEntry', 'network: n1')).issues)).toEqual(['WARN_NO_ADDRESS spec']);
  });
});
