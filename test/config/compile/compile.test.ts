import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { compileSnapshot, type CompileOptions } from '../../../src/config/compile.ts';
import { readResources } from '../../../src/config/read-resources.ts';
import { DATA } from './conformance-input.ts';
import { compileYaml, istio, service } from './support.ts';

const WEB = service('web.default.svc.cluster.local');

describe('names that lead nowhere', () => {
  const warnings = (text: string): string[] => compileYaml(WEB + text).issues.map(({ code, resource, path, value, hint }) => `${code} ${resource} ${path} ${value}${hint === undefined ? '' : ` (${hint})`}`);
  const route = (destination: string): string => istio('VirtualService', 'v', `{hosts: [web], http: [{route: [{destination: {${destination}}}]}]}`);

  it('are told with the object, the place and the way out', () => {
    expect(warnings(route('host: nobody'))).toEqual(['WARN_UNKNOWN_HOST VirtualService default/v spec.http[0].route[0].destination.host "nobody.default.svc.cluster.local"']);
    expect(warnings(route('host: web.default'))).toEqual([
      'WARN_UNKNOWN_HOST VirtualService default/v spec.http[0].route[0].destination.host "web.default" (a name with a dot is taken literally: write web.default.svc.cluster.local)',
    ]);
    expect(warnings(route('host: web, subset: v1'))).toEqual([
      'WARN_UNKNOWN_SUBSET VirtualService default/v spec.http[0].route[0].destination.subset "v1" (apply a DestinationRule for web.default.svc.cluster.local that has this subset)',
    ]);
    expect(warnings(route('host: web, port: {number: 81}'))).toEqual(['WARN_UNKNOWN_PORT VirtualService default/v spec.http[0].route[0].destination.port.number 81 (its ports: 80)']);
    expect(warnings(istio('DestinationRule', 'd', '{host: nobody}'))).toEqual(['WARN_UNKNOWN_HOST DestinationRule default/d spec.host "nobody.default.svc.cluster.local"']);
  });

  it('have a line', () => {
    const [issue] = compileYaml(WEB + route('host: nobody')).issues;

    expect(issue).toMatchObject({ severity: 'warning', file: 'test.yaml', line: WEB.split('\n').length + 5 });
  });

  it('are none when all is there', () => {
    const rule = istio('DestinationRule', 'd', '{host: web, subsets: [{name: v1}]}');

    expect(warnings(route('host: web, subset: v1, port: {number: 80}') + rule + istio('DestinationRule', 'w', '{host: "*.example.com"}'))).toEqual([]);
  });
});

const POOL = [
  ...readdirSync(join(DATA, 'worlds')).map((file) => readFileSync(join(DATA, 'worlds', file), 'utf8')),
  ...readdirSync(join(DATA, 'cases'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => (parse(readFileSync(join(DATA, 'cases', file), 'utf8')) as { config?: string }).config ?? ''),
].flatMap((text) => text.split(/^---$/m).filter((document) => document.trim() !== ''));

const anyOptions: fc.Arbitrary<CompileOptions> = fc.record({
  version: fc.constant(1),
  workload: fc.record({
    namespace: fc.constantFrom('default', 'shop', 'istio-system', 'nowhere'),
    labels: fc.constantFrom<Record<string, string>>({}, { app: 'productpage' }, { app: 'web', version: 'v1' }),
    locality: fc.constantFrom(undefined, 'east/z1/a', 'north'),
  }),
  legacySemantics: fc.boolean(),
  dnsDiscovery: fc.boolean(),
  endpoints: fc.dictionary(fc.constantFrom('reviews', 'web.default', 'x.example.com:80', 'a:b:c', '', '[::1]:80', 'details:9080'), fc.array(fc.record({ address: fc.string() }), { maxLength: 2 })),
});

describe('compileSnapshot', () => {
  it('never throws for checked resources, however they are mixed, and gives the same for the same', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(POOL, { maxLength: 25 }), anyOptions, (documents, options) => {
        const { resources } = readResources([{ text: documents.join('\n---\n'), file: 'pool.yaml' }], { legacySemantics: options.legacySemantics });

        const first = compileSnapshot(resources, options);
        const second = compileSnapshot(resources, options);

        expect(second.snapshot.routes.configurations).toEqual(first.snapshot.routes.configurations);
        expect([...second.snapshot.clusters]).toEqual([...first.snapshot.clusters]);
        expect(second.issues).toEqual(first.issues);
      }),
      { numRuns: 100 },
    );
  });

  it('gives every Host of a port to one virtual host at most', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(POOL, { maxLength: 25 }), anyOptions, (documents, options) => {
        const { resources } = readResources([{ text: documents.join('\n---\n'), file: 'pool.yaml' }], { legacySemantics: options.legacySemantics });

        for (const { virtualHosts } of compileSnapshot(resources, options).snapshot.routes.configurations) {
          const domains = virtualHosts.flatMap((host) => host.domains);
          expect(new Set(domains).size).toBe(domains.length);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('is frozen, and holds what it was made of', () => {
    const { resources } = readResources([{ text: WEB, file: 'web.yaml' }]);
    const { snapshot } = compileSnapshot(resources, { version: 7, workload: { namespace: 'default', labels: {} }, legacySemantics: true });

    expect(snapshot.version).toBe(7);
    expect(snapshot.resources).toBe(resources);
    expect(Object.isFrozen(snapshot)).toBe(true);
  });
});
