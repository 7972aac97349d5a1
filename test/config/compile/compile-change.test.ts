import { describe, expect, it } from 'vitest';
import { CompileMemo } from '../../../src/config/compile-memo.ts';
import { finish } from '../../../src/common/steps.ts';
import { compileChange } from '../../../src/config/compile.ts';
import { readResources } from '../../../src/config/read-resources.ts';
import { ResourceSet } from '../../../src/config/resource-set.ts';
import type { Resource } from '../../../src/config/resource.ts';
import type { Snapshot } from '../../../src/config/snapshot.ts';

const entry = (name: string, weight = 1): string => `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: ${name}}
spec:
  hosts: [${name}.default.svc.cluster.local]
  location: MESH_INTERNAL
  resolution: STATIC
  ports: [{number: 9080, name: http, protocol: HTTP}]
  endpoints: [{address: 10.0.0.1, weight: ${weight}}]
`;
const policy = (name: string, trafficPolicy = '{loadBalancer: {simple: RANDOM}}'): string => `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: ${name}}
spec: {host: ${name}, trafficPolicy: ${trafficPolicy}}
`;
const rule = (name: string, http = `{route: [{destination: {host: ${name}}}]}`): string => `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: ${name}}
spec: {hosts: [${name}], http: [${http}]}
`;
const service = (name: string, spec: string): string => `
apiVersion: v1
kind: Service
metadata: {name: ${name}}
spec: {${spec}ports: [{name: http, port: 9080}]}
`;

/** Compiles one change after another. */
class Changes {
  readonly #memo = new CompileMemo();
  #set = ResourceSet.empty;

  /** As `kubectl apply`. */
  apply(...texts: string[]): Snapshot {
    return this.#compile(this.#set.apply(readResources([{ text: texts.join('---'), file: 'rules.yaml' }]).resources));
  }

  /** As reading files again. */
  declare(resources: readonly Resource[]): Snapshot {
    return this.#compile(this.#set.declare(resources));
  }

  #compile(set: ResourceSet): Snapshot {
    this.#set = set;
    return finish(compileChange(set.all, { version: 1, workload: { namespace: 'default', labels: {} }, legacySemantics: true }, this.#memo)).snapshot;
  }
}

/** Names of the clusters, virtual hosts and compiled virtual hosts that are other objects than before. */
function made(before: Snapshot, after: Snapshot): string[] {
  const clusters = [...after.clusters.values()].filter((cluster) => before.clusters.get(cluster.name) !== cluster).map(({ name }) => name);
  const specs = (snapshot: Snapshot): unknown[] => snapshot.routes.configurations.flatMap(({ virtualHosts }) => virtualHosts);
  const known = new Set(specs(before));
  const hosts = after.routes.configurations.flatMap(({ virtualHosts }) => virtualHosts.filter((spec) => !known.has(spec)).map(({ name }) => name));
  const compiled = ['a', 'b', 'c'].filter((host) => before.routes.virtualHost(9080, host) !== after.routes.virtualHost(9080, host));
  return [...clusters, ...hosts, ...compiled].filter((name) => !/^(PassthroughCluster|BlackHoleCluster|allow_any)$/.test(name));
}

const ALL = [entry('a'), entry('b'), entry('c'), policy('a'), policy('b'), rule('a'), rule('b')];
const HOST = 'a.default.svc.cluster.local';

describe('a compile makes anew, of clusters and virtual hosts,', () => {
  it.each([
    ['a rule', rule('a', '{route: [{destination: {host: a}}], timeout: 1s}'), [`${HOST}:9080`, 'a']],
    ['a policy', policy('a', '{outlierDetection: {consecutive5xxErrors: 3}}'), [`outbound|9080||${HOST}`]],
    ['a service', entry('c', 2), ['outbound|9080||c.default.svc.cluster.local', 'c.default.svc.cluster.local:9080', 'c']],
    ['a service that has rules', entry('a', 2), [`outbound|9080||${HOST}`]],
    ['nothing that any of them depends on', rule('other', '{directResponse: {status: 200}}'), []],
  ])('only what depends on %s that changed', (_what, text, wanted) => {
    const changes = new Changes();
    const before = changes.apply(...ALL);

    expect(made(before, changes.apply(text))).toEqual(wanted);
  });

  it('nothing for a file that comes before all others', () => {
    const changes = new Changes();
    const others = ALL.flatMap((text) => readResources([{ text, file: 'others.yaml' }]).resources);
    const before = changes.declare(others);

    const after = changes.declare([...readResources([{ text: rule('c'), file: 'first.yaml' }]).resources, ...others]);

    expect(made(before, after)).toEqual(['c.default.svc.cluster.local:9080', 'c']);
  });
});

describe('a compile forgets what depended on', () => {
  const clustersOf = ({ routes }: Snapshot): string => JSON.stringify(routes.virtualHost(9080, 'a')?.routes.map(({ spec }) => spec.action));

  it.each([
    ['the target of a destination', '{route: [{destination: {host: old}}]}'],
    ['the target of a mirror', '{route: [{destination: {host: a}}], mirror: {host: old}}'],
    ['the target of one of several mirrors', '{route: [{destination: {host: a}}], mirrors: [{destination: {host: b}}, {destination: {host: old}}]}'],
  ])('%s', (_what, http) => {
    const changes = new Changes();
    const before = changes.apply(service('a', ''), service('b', ''), service('old', ''), rule('a', http));
    expect(clustersOf(before)).toContain('outbound|9080||old.default');

    const after = changes.apply(service('old', 'type: ExternalName, externalName: b.default.svc.cluster.local, '));

    expect(clustersOf(after)).toContain('outbound|9080||b.default');
    expect(clustersOf(after)).not.toContain('old');
  });

  it('the balancer of a destination', () => {
    const changes = new Changes();
    expect(clustersOf(changes.apply(...ALL))).not.toContain('hashPolicy');
    expect(clustersOf(changes.apply(policy('a', '{loadBalancer: {consistentHash: {useSourceIp: true}}}')))).toContain('"hashPolicy":{"kind":"source-ip"}');
  });

  it('the place of a rule', () => {
    const changes = new Changes();
    changes.apply(...ALL);
    const line = (snapshot: Snapshot): number | undefined => snapshot.routes.virtualHost(9080, 'a')?.routes[0]?.origin?.line;

    expect(line(changes.apply(`# One\n# more\n${rule('a')}`))).toBe(7);
    expect(line(changes.apply(`# One\n${rule('a')}`))).toBe(6);
  });
});

it('lets others have a turn for each service, virtual host and resource', () => {
  const names = Array.from({ length: 30 }, (_, at) => `s${at}`);
  const { resources } = readResources([{ text: names.flatMap((name) => [entry(name), rule(name)]).join('---'), file: 'rules.yaml' }]);
  const options = { version: 1, workload: { namespace: 'default', labels: {} }, legacySemantics: true };
  const memo = new CompileMemo();
  const turnsOf = (set: ResourceSet): number => [...compileChange(set.all, options, memo)].length;
  const set = ResourceSet.empty.apply(resources);

  expect(turnsOf(set)).toBeGreaterThan(4 * names.length);
  // Of a change, for what it has to do with.
  expect(turnsOf(set.apply(readResources([{ text: rule('s7', '{timeout: 1s, route: [{destination: {host: s7}}]}'), file: 'rules.yaml' }]).resources))).toBeLessThan(30);
});
