import { describe, expect, it } from 'vitest';
import { errors, read, resource, warnings } from '../reading.ts';

describe('Kubernetes kinds', () => {
  it('are read for what they tell of services and endpoints', () => {
    const { resources, issues } = read(`
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: http, name: http, nodePort: 30080}], sessionAffinity: None}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-1, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
ports: [{name: http, port: 8080}]
endpoints: [{addresses: [10.0.0.1], conditions: {ready: true}, deprecatedTopology: {x: y}}]
---
apiVersion: v1
kind: Endpoints
metadata: {name: old}
subsets: [{addresses: [{ip: 10.0.0.2}], ports: [{port: 8080}]}]
---
apiVersion: v1
kind: Pod
metadata: {name: web-0, labels: {app: web, version: v1}}
spec: {containers: [{name: c, image: x, ports: [{name: http, containerPort: 8080}]}], nodeName: n1}
status: {podIP: 10.0.0.1, phase: Running}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec: {replicas: 2, selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web, version: v1}}, spec: {containers: []}}}
`);

    expect(issues).toEqual([]);
    expect(resources.map(({ kind, spec }) => [kind, spec])).toEqual([
      ['Service', { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 'http', name: 'http', nodePort: 30080 }], sessionAffinity: 'None' }],
      ['EndpointSlice', { addressType: 'IPv4', ports: [{ name: 'http', port: 8080 }], endpoints: [{ addresses: ['10.0.0.1'], conditions: { ready: true } }] }],
      ['Endpoints', { subsets: [{ addresses: [{ ip: '10.0.0.2' }], ports: [{ port: 8080 }] }] }],
      ['Pod', { spec: { containers: [{ name: 'c', ports: [{ name: 'http', containerPort: 8080 }] }], nodeName: 'n1' }, status: { podIP: '10.0.0.1', phase: 'Running' } }],
      ['Deployment', { selector: { matchLabels: { app: 'web' } }, template: { metadata: { labels: { app: 'web', version: 'v1' } } } }],
    ]);
  });

  it.each([
    ['ports: [{port: 0}]', ['ERR_INVALID_VALUE spec.ports[0].port']],
    ['ports: [{port: "80"}]', ['ERR_WRONG_TYPE spec.ports[0].port']],
    ['ports: [{port: 80}, {port: 81, name: http}, {port: 82, name: http, targetPort: 70000}]', ['ERR_DUPLICATE spec.ports[2].name', 'ERR_INVALID_VALUE spec.ports[2].targetPort', 'ERR_REQUIRED spec.ports[0]']],
    ['type: ExternalName', ['ERR_REQUIRED spec']],
    ['type: External', ['ERR_INVALID_VALUE spec.type']],
    ['type: ExternalName\nexternalName: a b', ['ERR_INVALID_VALUE spec.externalName']],
  ])('refuse a Service with %s', (spec, expected) => {
    expect(errors(read(resource('Service', spec)).issues).toSorted()).toEqual(expected);
  });

  it('take no snake case, unlike Istio\'s', () => {
    expect(warnings(read(resource('Service', 'ports: [{port: 80, target_port: 81}]')).issues)).toEqual(['WARN_UNKNOWN_FIELD spec.ports[0].target_port']);
  });

  it('check addresses', () => {
    const slice = 'apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {name: s}\naddressType: IPv6\nendpoints: [{addresses: [10.0.0.1]}, {addresses: []}]\n';
    const endpoints = 'apiVersion: v1\nkind: Endpoints\nmetadata: {name: e}\nsubsets: [{addresses: [{ip: host}], ports: [{port: 0}]}]\n';

    expect(errors(read(slice).issues)).toEqual(['ERR_INVALID_VALUE endpoints[0].addresses[0]', 'ERR_REQUIRED endpoints[1]']);
    expect(warnings(read(slice).issues)).toHaveLength(1);
    expect(errors(read(endpoints).issues)).toEqual(['ERR_INVALID_VALUE subsets[0].addresses[0].ip', 'ERR_INVALID_VALUE subsets[0].ports[0].port']);
  });
});
