import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readResources } from '../../src/config/read-resources.ts';
import { parseReference } from '../../src/config/resource-reference.ts';
import { exportResource, ResourceSet } from '../../src/config/resource-set.ts';
import { resourceName, type Resource } from '../../src/config/resource.ts';
import { read, resource } from './reading.ts';

function rule(name: string, host = 'a', namespace = 'default'): Resource {
  const [made] = read(resource('DestinationRule', `host: ${host}`, `name: ${name}, namespace: ${namespace}`)).resources;
  return made!;
}

const shape = (set: ResourceSet): unknown[] => set.all.map((entry) => [resourceName(entry), entry.order, (entry.spec as { host: string }).host]);

describe('ResourceSet', () => {
  it('adds in order, replaces in place, and never changes itself', () => {
    const first = ResourceSet.empty.apply([rule('a'), rule('b')]);
    const second = first.apply([rule('a', 'changed'), rule('c')]);

    expect(shape(first)).toEqual([['DestinationRule default/a', 0, 'a'], ['DestinationRule default/b', 1, 'a']]);
    expect(shape(second)).toEqual([['DestinationRule default/a', 0, 'changed'], ['DestinationRule default/b', 1, 'a'], ['DestinationRule default/c', 2, 'a']]);
    expect(ResourceSet.empty.size).toBe(0);
  });

  it('deletes what is referred to, and is itself when that is nothing', () => {
    const set = ResourceSet.empty.apply([rule('a'), rule('b'), rule('a', 'x', 'shop')]);

    expect(shape(set.delete(parseReference('dr/a')))).toHaveLength(2);
    expect(set.delete(parseReference('dr/a -n shop')).get(parseReference('dr/a -n shop'))).toEqual([]);
    expect(set.delete(parseReference('dr')).size).toBe(0);
    expect(set.delete(parseReference('vs/a'))).toBe(set);
  });

  it('finds by kind, by name, by namespace', () => {
    const set = ResourceSet.empty.apply([rule('a'), rule('b', 'x', 'shop'), rule('c', 'x', 'shop'), rule('c', 'x', 'web')]);
    const names = (text: string): string[] => set.get(parseReference(text)).map(resourceName);

    expect(names('DestinationRule')).toHaveLength(4);
    expect(names('dr -n shop')).toEqual(['DestinationRule shop/b', 'DestinationRule shop/c']);
    expect(names('dr/a')).toEqual(['DestinationRule default/a']);
    expect(names('dr/b')).toEqual(['DestinationRule shop/b']);
    expect(names('dr/c')).toEqual([]);
    expect(names('dr/a -n shop')).toEqual([]);
  });

  it('is the same after apply and delete of anything new', () => {
    const names = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'), { maxLength: 8 });
    fc.assert(
      fc.property(names, names, (before, added) => {
        const set = ResourceSet.empty.apply(before.map((name) => rule(name)));
        const fresh = added.filter((name) => !before.includes(name));
        let after = set.apply(fresh.map((name) => rule(name, 'new')));
        for (const name of fresh) after = after.delete({ kind: 'DestinationRule', name });
        expect(shape(after)).toEqual(shape(set));
      }),
      { numRuns: 50 },
    );
  });

  it('exports documents that read as the same resources again', () => {
    const text = `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: a, namespace: shop, labels: {x: y}, annotations: {n: o}, creationTimestamp: "2024-05-01T10:00:00Z"}
spec: {hosts: [a], http: [{mirror_percent: 5, match: [{headers: {x: {exact: y}}}], route: [{destination: {host: a}}]}]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data: {mesh: "outboundTrafficPolicy: {mode: REGISTRY_ONLY}"}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: s, labels: {kubernetes.io/service-name: a}}
addressType: IPv4
endpoints: [{addresses: [10.0.0.1]}]
`;
    const { resources } = read(text);
    const again = readResources([{ object: resources.map(exportResource) }]);
    const plain = (list: readonly Resource[]): unknown[] => list.map(({ locate: _, ...rest }) => rest);

    expect(again.issues.filter(({ severity }) => severity === 'error')).toEqual([]);
    expect(plain(again.resources)).toEqual(plain(resources));
  });
});

describe('parseReference', () => {
  it.each([
    ['VirtualService', { kind: 'VirtualService' }],
    ['VirtualService/reviews', { kind: 'VirtualService', name: 'reviews' }],
    ['vs/reviews', { kind: 'VirtualService', name: 'reviews' }],
    ['VirtualService shop/reviews', { kind: 'VirtualService', name: 'reviews', namespace: 'shop' }],
    ['virtualservices.networking.istio.io/reviews', { kind: 'VirtualService', name: 'reviews' }],
    ['vs/reviews -n shop', { kind: 'VirtualService', name: 'reviews', namespace: 'shop' }],
    ['dr reviews --namespace=shop', { kind: 'DestinationRule', name: 'reviews', namespace: 'shop' }],
    ['svc', { kind: 'Service' }], ['ep/x', { kind: 'Endpoints', name: 'x' }], ['cm/istio', { kind: 'ConfigMap', name: 'istio' }], ['gw', { kind: 'Gateway' }], ['se', { kind: 'ServiceEntry' }], ['we', { kind: 'WorkloadEntry' }],
    ['deployments.apps/x', { kind: 'Deployment', name: 'x' }],
  ])('reads %s', (text, reference) => {
    expect(parseReference(text)).toEqual(reference);
  });

  it.each(['', 'nothing/x', 'vs/a/b/c', 'VirtualServce'])('refuses %j', (text) => {
    expect(() => parseReference(text)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT' }));
  });

  it('tells what was probably meant', () => {
    expect(() => parseReference('VirtualServce/x')).toThrow('did you mean VirtualService?');
  });
});
