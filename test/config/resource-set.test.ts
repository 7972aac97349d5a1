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

  it('is, after any changes, as if it were put together anew', () => {
    const step = fc.record({ do: fc.constantFrom('apply', 'apply', 'delete', 'declare'), names: fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e')), host: fc.constantFrom('x', 'y') });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 8 }), (steps) => {
        let set = ResourceSet.empty;
        let declared: Resource[] = [];
        for (const { do: what, names, host } of steps) {
          const before = set;
          if (what === 'delete') for (const name of names) set = set.delete({ kind: 'DestinationRule', name });
          else if (what === 'apply') set = set.apply(names.map((name) => rule(name, host)));
          else set = set.declare((declared = names.map((name) => rule(name, host))));

          expect(shape(set)).toEqual(shape(set.declare(declared)));
          for (const entry of set.all) expect(set.get({ kind: 'DestinationRule', name: entry.name })).toEqual([entry]);
          const hosts = ({ all }: ResourceSet): Map<string, string> => new Map(all.map((entry) => [resourceName(entry), (entry.spec as { host: string }).host]));
          const [old, now] = [hosts(before), hosts(set)];
          const { added, updated, deleted } = set.changesSince(before);
          expect(new Set(added)).toEqual(new Set([...now.keys()].filter((name) => !old.has(name))));
          expect(new Set(deleted)).toEqual(new Set([...old.keys()].filter((name) => !now.has(name))));
          expect(new Set(updated)).toEqual(new Set([...now].filter(([name, of]) => old.has(name) && old.get(name) !== of).map(([name]) => name)));
        }
      }),
    );
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

  describe('declare', () => {
    const names = (set: ResourceSet): string => set.all.map(({ name, spec }) => `${name}=${(spec as { host: string }).host.slice(1)}`).join(' ');
    const rules = (text: string): Resource[] => text.split(' ').filter(Boolean).map((pair) => rule(pair.split('=')[0]!, `h${pair.split('=')[1]}`));
    const declare = (set: ResourceSet, text: string): ResourceSet => set.declare(rules(text));

    it('takes the place of all that was declared before, in the new order', () => {
      const set = declare(declare(ResourceSet.empty, 'a=1 b=1 c=1'), 'c=1 d=1 a=2');

      expect(names(set)).toBe('c=1 d=1 a=2');
      expect(set.all.map(({ order }) => order)).toEqual([0, 1, 2]);
    });

    it('gives the last of one name the place of the first', () => {
      expect(names(declare(ResourceSet.empty, 'a=1 b=1 a=2'))).toBe('a=2 b=1');
    });

    it('puts what was applied beside it after it, and what was applied in place of it there', () => {
      const set = declare(ResourceSet.empty, 'a=1 b=1').apply(rules('x=1 a=2 y=1'));

      expect(names(set)).toBe('a=2 b=1 x=1 y=1');
      expect(names(declare(set, 'a=1 b=1 c=1'))).toBe('a=2 b=1 c=1 x=1 y=1');
    });

    it.each([
      ['an edit of the resource itself wins', 'a=3 b=1', 'a=3 b=1 x=1'],
      ['an edit of another leaves it', 'a=1 b=3', 'a=2 b=3 x=1'],
      ['it outlives its declaration', 'b=1', 'b=1 a=2 x=1'],
      ['a new declaration of what was only applied wins', 'a=1 b=1 x=9', 'a=2 b=1 x=9'],
    ])('after apply: %s', (_what, declared, result) => {
      expect(names(declare(declare(ResourceSet.empty, 'a=1 b=1').apply(rules('a=2 x=1')), declared))).toBe(result);
    });

    it.each([
      ['an edit of the resource itself brings it back', 'a=3 b=1', 'a=3 b=1'],
      ['an edit of another leaves it away', 'a=1 b=3', 'b=3'],
    ])('after delete: %s', (_what, declared, result) => {
      expect(names(declare(declare(ResourceSet.empty, 'a=1 b=1').delete({ kind: 'DestinationRule', name: 'a' }), declared))).toBe(result);
    });

    it('brings back what was deleted, when it was gone from the declared in between', () => {
      const deleted = declare(ResourceSet.empty, 'a=1 b=1').delete({ kind: 'DestinationRule', name: 'a' });

      expect(names(declare(declare(deleted, 'b=1'), 'a=1 b=1'))).toBe('a=1 b=1');
    });

    it('counts what is deleted and applied again as new, as a cluster does', () => {
      const set = declare(ResourceSet.empty, 'a=1 b=1').delete({ kind: 'DestinationRule', name: 'a' }).apply(rules('x=1 a=2'));

      expect(names(set)).toBe('b=1 x=1 a=2');
      expect(names(set.delete({ kind: 'DestinationRule', name: 'a' }))).toBe('b=1 x=1');
    });

    it('keeps the very objects of what has not changed', () => {
      const [a, b, c] = rules('a=1 b=1 c=1');
      const before = ResourceSet.empty.declare([a!, b!, c!]);
      const same = before.declare([{ ...a! }, b!, c!]);
      const after = before.declare([a!, rule('b', 'h2'), c!]);

      expect(same.equals(before)).toBe(true);
      expect(after.equals(before)).toBe(false);
      expect(after.all.map((entry, at) => entry === before.all[at])).toEqual([true, false, true]);
      expect(before.declare([b!, a!, c!]).equals(before)).toBe(false);
      expect(before.declare([{ ...a!, labels: { x: 'y' } }, b!, c!]).equals(before)).toBe(false);
    });

    it('tells what is as declared', () => {
      const set = declare(ResourceSet.empty, 'a=1 b=1 c=1').apply(rules('a=2 x=1')).delete({ kind: 'DestinationRule', name: 'b' });

      expect(['a', 'b', 'c', 'x'].filter((name) => set.isAsDeclared(`DestinationRule default/${name}`))).toEqual(['c']);
    });

    it('tells what changed', () => {
      const before = declare(ResourceSet.empty, 'a=1 b=1 c=1');
      const name = (short: string): string => `DestinationRule default/${short}`;

      expect(declare(before, 'd=1 c=2 a=1').changesSince(before)).toEqual({ added: [name('d')], updated: [name('c')], deleted: [name('b')] });
      expect(declare(before, 'c=1 b=1 a=1').changesSince(before)).toEqual({ added: [], updated: [], deleted: [] });
    });

    it('ends, after any declarations, where the last one alone begins', () => {
      const text = fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c', 'd'), fc.constantFrom('1', '2')), { maxLength: 6 }).map((pairs) => pairs.map((pair) => pair.join('=')).join(' '));
      fc.assert(
        fc.property(fc.array(text, { minLength: 1, maxLength: 5 }), (declarations) => {
          const set = declarations.reduce(declare, ResourceSet.empty);
          expect(shape(set)).toEqual(shape(declare(ResourceSet.empty, declarations.at(-1)!)));
        }),
      );
    });
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
