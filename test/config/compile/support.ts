import { compileSnapshot, type CompileOptions, type CompileResult } from '../../../src/config/compile.ts';
import { formatIssue } from '../../../src/config/issue.ts';
import { readResources } from '../../../src/config/read-resources.ts';
import type { Snapshot } from '../../../src/config/snapshot.ts';
import type { ClusterSpec } from '../../../src/cluster/model.ts';
import type { RouteSpec, VirtualHostSpec } from '../../../src/route/model.ts';

/** Compiles YAML for a caller in `default`; `options` say what is different. Text that cannot be read fails the test. */
export function compileYaml(text: string, options: Partial<CompileOptions> = {}): CompileResult {
  const { legacySemantics = true } = options;
  const { resources, issues } = readResources([{ text, file: 'test.yaml' }], { legacySemantics });
  const errors = issues.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) throw new Error(errors.map(formatIssue).join('\n'));
  return compileSnapshot(resources, { version: 1, workload: { namespace: 'default', labels: {} }, legacySemantics, ...options });
}

export function snapshotOf(text: string, options: Partial<CompileOptions> = {}): Snapshot {
  return compileYaml(text, options).snapshot;
}

export function virtualHost(snapshot: Snapshot, name: string, port = Number(name.slice(name.lastIndexOf(':') + 1))): VirtualHostSpec {
  const hosts = snapshot.routes.configurations.find((configuration) => configuration.port === port)?.virtualHosts ?? [];
  const found = hosts.find((host) => host.name === name);
  if (found === undefined) throw new Error(`no virtual host ${name} among ${hosts.map((host) => host.name).join(', ')}`);
  return found;
}

export function hostNames(snapshot: Snapshot, port: number): string[] {
  const configuration = snapshot.routes.configurations.find((candidate) => candidate.port === port);
  return (configuration?.virtualHosts ?? []).map(({ name }) => name);
}

/** Where a route goes: its clusters, its status, or `redirect`. */
export function goal({ action }: RouteSpec): string {
  if (action.kind === 'direct') return String(action.status);
  return action.kind === 'redirect' ? 'redirect' : action.destinations.map(({ cluster }) => cluster).join(' ');
}

export function goals(snapshot: Snapshot, name: string): string[] {
  return virtualHost(snapshot, name).routes.map(goal);
}

export function cluster(snapshot: Snapshot, name: string): ClusterSpec {
  const found = snapshot.clusters.get(name);
  if (found === undefined) throw new Error(`no cluster ${name} among ${[...snapshot.clusters.keys()].join(', ')}`);
  return found;
}

export function addresses(snapshot: Snapshot, name: string): string[] {
  return cluster(snapshot, name).endpoints.map(({ address, port }) => `${address}:${port}`);
}

/** A STATIC ServiceEntry on port 80 with endpoints of the versions `v1` and `v2`. */
export function service(host: string, { namespace = 'default', ports = '[{number: 80, name: http, protocol: HTTP}]', more = '' } = {}): string {
  return `
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: ${host.toLowerCase().replace('*', 'any').replace(/[^a-z0-9]/g, '-')}, namespace: ${namespace}}
spec:
  hosts: ["${host}"]
  location: MESH_INTERNAL
  resolution: STATIC
  ports: ${ports}
  endpoints: [{address: 10.0.0.1, labels: {version: v1}}, {address: 10.0.0.2, labels: {version: v2}}]
  ${more}
`;
}

/** An Istio resource in short form; `spec` is YAML flow style. */
export function istio(kind: string, name: string, spec: string, namespace = 'default'): string {
  return `
---
apiVersion: networking.istio.io/v1
kind: ${kind}
metadata: {name: ${name}, namespace: ${namespace}}
spec: ${spec}
`;
}
