import { describe, expect, it } from 'vitest';
import { findMyWay, honoSmart, honoTrie } from '../../benchmarks/lib/deciders/routers.ts';
import type { DecidedCall } from '../../benchmarks/lib/deciders/decider.ts';
import { bookinfo, POLICY_SETS } from '../../benchmarks/lib/policies.ts';
import { CHANGES, meshOf } from '../../benchmarks/lib/resources.ts';
import { headOf, rulesOf } from '../../benchmarks/lib/rules.ts';
import { createMesh, type MeshOptions } from '../../src/index.ts';

const call = (rule: number): DecidedCall => ({ method: 'GET', scheme: 'http', port: 9080, ...headOf({ host: 0, rule }) });

/** What the mesh says that it does with a call to reviews. */
async function treatmentUnder(options: MeshOptions): Promise<string[]> {
  await using mesh = await createMesh(options);
  return mesh.explain('http://reviews:9080/reviews/0').toString().split('\n').filter((line) => /→|limits|outlier/.test(line)).map((line) => line.replaceAll(/outbound\S+|^[\s→]+/g, '').trim());
}

describe('sets of policies', () => {
  it.each(POLICY_SETS)('%s: is taken without a remark', async (policies) => {
    await using mesh = await createMesh({ ...bookinfo([1, 2, 3], policies), strict: true });

    expect(mesh.get('Service')).toHaveLength(4);
  });

  it('hold more from one to the next', async () => {
    const [none, routes, all, mirror] = await Promise.all(POLICY_SETS.map((policies) => treatmentUnder(bookinfo([1, 2, 3], policies))));

    expect(none).toEqual(['to', expect.stringContaining('2 retries')]);
    expect(routes).toEqual(['90 % to', '10 % to', expect.stringContaining('2 retries')]);
    expect(all!.slice(0, 7)).toEqual(['90 % to', '10 % to', 'timeout 5s', 'per try 2s', expect.stringContaining('3 retries'), expect.stringContaining('limits'), expect.stringContaining('outlier')]);
    expect(mirror!.filter((line) => !all!.includes(line))).toEqual(['mirrors 100 % to']);
  });
});

describe('tables of rules', () => {
  it('have a call for each rule', async () => {
    await using mesh = await createMesh(rulesOf({ hosts: 1, rulesPerHost: 20, endpointsPerHost: 300 }));
    const host = mesh.snapshot.routes.virtualHost(9080, call(0).authority)!;

    expect(Array.from({ length: 20 }, (_, rule) => host.match(call(rule))?.name)).toEqual(Array.from({ length: 20 }, (_, rule) => String(rule)));
  });

  it.each(Object.entries({ findMyWay, honoSmart, honoTrie }))('are decided alike by %s', async (_name, make) => {
    const decider = await make({ hosts: 1, rulesPerHost: 20 }, undefined);

    expect(Array.from({ length: 20 }, (_, rule) => decider.decide(call(rule)))).toEqual(Array.from({ length: 20 }, (_, rule) => String(rule)));
    expect(decider.decide({ ...call(0), path: '/api/elsewhere' })).toBeUndefined();
  });
});

describe('a mesh of so many resources', () => {
  it.each([1, 10, 100])('has %d', async (count) => {
    expect(meshOf(count).config).toHaveLength(count);
  });

  it('changes one resource at a time', async () => {
    await using mesh = await createMesh({ ...meshOf(10), strict: true });

    for (const [kind, change] of Object.entries(CHANGES)) {
      expect((await mesh.apply(change(1))).updated).toEqual([expect.stringContaining(`${kind} default/service-0`)]);
      expect((await mesh.apply(change(2))).updated).toHaveLength(1);
    }
  });
});
