import { describe, expect, it } from 'vitest';
import { CompileMemo } from '../../../src/config/compile-memo.ts';
import { finish } from '../../../src/common/steps.ts';
import { compileChange, type CompileResult } from '../../../src/config/compile.ts';
import { compileGateway } from '../../../src/config/gateways/compile-gateway.ts';
import { readResources } from '../../../src/config/read-resources.ts';
import { ResourceSet } from '../../../src/config/resource-set.ts';
import type { Resource } from '../../../src/config/resource.ts';

const ROUTED = 'annotations: {ts-mesh.dev/https-routing: "true"}';
const entry = (name: string, { annotations = ROUTED, ports = '{number: 443, name: tls, protocol: TLS}' } = {}): string => `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: ${name}, ${annotations}}
spec: {hosts: [${name}.test], resolution: DNS, ports: [${ports}]}
---`;
const rule = (name: string, path: string): string => `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: ${name}}
spec: {hosts: [${name}.test], http: [{match: [{uri: {prefix: ${path}}}], route: [{destination: {host: ${name}.test}}]}]}
---`;

const OPTIONS = { version: 1, workload: { namespace: 'default', labels: {} }, legacySemantics: true };
const resources = (text: string): readonly Resource[] => ResourceSet.empty.apply(readResources([{ text, file: 'rules.yaml' }]).resources).all;
const compiled = (text: string): CompileResult => finish(compileChange(resources(text), OPTIONS, new CompileMemo()));
const hosts = ({ snapshot }: CompileResult): string[] => snapshot.httpsRoutes.configurations.flatMap(({ virtualHosts }) => virtualHosts.map(({ name }) => name));

describe('https routing', () => {
  it('concerns the TLS ports of annotated services alone, and no other table', () => {
    const all = '{number: 443, name: tls, protocol: TLS}, {number: 8443, name: https, protocol: HTTPS}, {number: 80, name: http, protocol: HTTP}, {number: 5432, name: tcp, protocol: TCP}';
    const with_ = compiled(entry('a', { ports: all }) + entry('b', { annotations: '' }));
    const without = compiled(entry('a', { ports: all, annotations: '' }) + entry('b', { annotations: '' }));

    expect(hosts(with_)).toEqual(['a.test:443', 'allow_any', 'a.test:8443', 'allow_any']);
    expect(hosts(without)).toEqual([]);
    expect(with_.snapshot.routes.configurations).toEqual(without.snapshot.routes.configurations);
    expect(with_.snapshot.listeners.specs).toEqual(without.snapshot.listeners.specs);
    expect([...with_.snapshot.clusters.values()]).toEqual([...without.snapshot.clusters.values()]);
  });

  it('knows hosts by name, not as any other', () => {
    const { httpsRoutes } = compiled(entry('a')).snapshot;
    expect([httpsRoutes.knows(443, 'a.test'), httpsRoutes.knows(443, 'A.test:443'), httpsRoutes.knows(443, 'b.test'), httpsRoutes.knows(80, 'a.test')]).toEqual([true, true, false, false]);
  });

  it('holds for a port that another resource adds to the host', () => {
    const older = entry('a', { annotations: '', ports: '{number: 80, name: http, protocol: HTTP}' });
    expect(hosts(compiled(older + entry('a').replace('name: a,', 'name: b,')))).toEqual(['a.test:443', 'allow_any']);
  });

  it('keeps a Sidecar\'s view: hosts that it does not bring in have no routes', () => {
    const sidecar = 'apiVersion: networking.istio.io/v1\nkind: Sidecar\nmetadata: {name: s}\nspec: {egress: [{port: {number: 443, protocol: TLS, name: tls}, hosts: ["./a.test"]}]}\n---';
    expect(hosts(compiled(entry('a') + entry('b') + sidecar))).toEqual(['a.test:443', 'allow_any']);
  });

  it('is made anew only where something changed', () => {
    const memo = new CompileMemo();
    const read = (text: string): readonly Resource[] => readResources([{ text, file: 'rules.yaml' }]).resources;
    const first = ResourceSet.empty.apply(read(entry('a') + entry('b') + rule('a', '/1') + rule('b', '/1')));
    const before = finish(compileChange(first.all, OPTIONS, memo)).snapshot.httpsRoutes;
    const after = finish(compileChange(first.apply(read(rule('a', '/2'))).all, OPTIONS, memo)).snapshot.httpsRoutes;
    expect(after.virtualHost(443, 'a.test')).not.toBe(before.virtualHost(443, 'a.test'));
    expect(after.virtualHost(443, 'b.test')).toBe(before.virtualHost(443, 'b.test'));
  });

  it('is unknown to gateways, as to a cluster', () => {
    expect(compileGateway(resources(entry('a') + rule('a', '/')), OPTIONS).snapshot.httpsRoutes.configurations).toEqual([]);
  });

  it('is no issue or analysis', () => {
    const read = readResources([{ text: entry('a') + rule('a', '/'), file: 'rules.yaml' }]);
    expect(read.issues).toEqual([]);
    expect(compiled(entry('a')).issues).toEqual([]);
  });
});
