import { describe, expect, it, vi } from 'vitest';
import { createMesh, meshInfo, type ConfigChange } from '../../src/index.ts';
import { memoryMesh, REVIEWS, reviewsPolicy, reviewsRules, watch } from '../engine/memory-mesh.ts';

const V1 = '10.0.0.1:9080';
const V2 = '10.0.0.2:9080';
const URL = 'http://reviews:9080/x';
const BY_VERSION = { [V1]: () => ({ body: 'v1' }), [V2]: () => ({ body: 'v2' }), '10.0.0.3:9080': () => ({ body: 'ratings' }) };
const RATINGS = REVIEWS.split('---')[0]!.replaceAll('reviews', 'ratings').replace('10.0.0.1', '10.0.0.3').replace(/.*10\.0\.0\.2.*\n/, '');
const ALL_TO = (subset: string): string => reviewsRules(`  - route: [{destination: {host: reviews, subset: ${subset}}}]`);

describe('mesh.apply', () => {
  it('is in force for the next call, and tells what changed', async () => {
    const { mesh, get } = await memoryMesh([REVIEWS, ALL_TO('v1')], BY_VERSION);
    expect(await get(URL)).toMatchObject({ body: 'v1' });
    const { version } = mesh.snapshot;

    const change = await mesh.apply(ALL_TO('v2'));

    expect(await get(URL)).toMatchObject({ body: 'v2' });
    const reviews = 'VirtualService default/reviews';
    expect(change).toEqual({ version: version + 1, changed: [reviews], added: [], updated: [reviews], deleted: [], warnings: [], cause: 'apply', files: [] });
    expect(mesh.snapshot.version).toBe(version + 1);
  });

  it('adds a resource beside the others', async () => {
    const { mesh, get } = await memoryMesh([REVIEWS, ALL_TO('v1')], BY_VERSION);

    await mesh.apply(RATINGS);

    expect(mesh.get('ServiceEntry').map(({ metadata }) => metadata.name)).toEqual(['reviews', 'ratings']);
    expect(await get(URL)).toMatchObject({ body: 'v1' });
    expect(await get('http://ratings:9080/')).toMatchObject({ body: 'ratings' });
  });

  it('leaves a call under way to the rules it began with', async () => {
    const delayed = reviewsRules(`
  - fault: {delay: {fixedDelay: 5s, percentage: {value: 100}}}
    route: [{destination: {host: reviews, subset: v1}}]`);
    const { mesh, clock, get } = await memoryMesh([REVIEWS, delayed], BY_VERSION);

    const before = watch(get(URL));
    await clock.advance(1000);
    await mesh.apply(ALL_TO('v2'));
    await clock.advance(4000);

    expect(before.value).toMatchObject({ body: 'v1' });
    expect(await get(URL)).toMatchObject({ body: 'v2' });
  });

  it('in slices, among many resources, takes its turn after other changes', async () => {
    const many = Array.from({ length: 600 }, (_, at) => RATINGS.replaceAll('ratings', `other-${at}`));
    const { mesh, get } = await memoryMesh([REVIEWS, ALL_TO('v1'), ...many], BY_VERSION);
    const { version } = mesh.snapshot;
    const sidecar = 'apiVersion: networking.istio.io/v1\nkind: Sidecar\nmetadata: {name: default}\nspec: {egress: [{hosts: ["./*"]}]}';
    const changes = await Promise.all([mesh.apply(sidecar), mesh.apply(ALL_TO('v2')), mesh.delete('ServiceEntry/other-7'), mesh.apply(RATINGS)]);

    expect(changes.map((change) => change.version - version)).toEqual([1, 2, 3, 4]);
    expect(changes.flatMap(({ changed }) => changed)).toEqual(['Sidecar default/default', 'VirtualService default/reviews', 'ServiceEntry default/other-7', 'ServiceEntry default/ratings']);
    expect(await get(URL)).toMatchObject({ body: 'v2' });
    expect(await get('http://ratings:9080/')).toMatchObject({ body: 'ratings' });
  });

  it('takes applies made at once in their order, none is lost', async () => {
    const { mesh, get } = await memoryMesh([REVIEWS], BY_VERSION);
    const versions: number[] = [];
    mesh.on('config', ({ version }) => versions.push(version));

    await Promise.all(['v1', 'v2', 'v1', 'v2'].map((subset) => mesh.apply(ALL_TO(subset))));

    expect(await get(URL)).toMatchObject({ body: 'v2' });
    expect(versions).toEqual([...versions].sort((a, b) => a - b));
    expect(new Set(versions).size).toBe(4);
  });

  it('tells what is new, what is other than before, and what was applied again as it was', async () => {
    const { mesh } = await memoryMesh([REVIEWS, ALL_TO('v1')]);

    expect(await mesh.apply(`${ALL_TO('v1')}\n---${RATINGS}`)).toMatchObject({
      changed: ['VirtualService default/reviews', 'ServiceEntry default/ratings'],
      added: ['ServiceEntry default/ratings'],
      updated: [],
      deleted: [],
    });
    expect(await mesh.delete('vs/reviews')).toMatchObject({ changed: ['VirtualService default/reviews'], deleted: ['VirtualService default/reviews'], cause: 'delete' });
  });

  it('comes into force in the order of the calls, though a long text takes longer to read', async () => {
    const { mesh, get } = await memoryMesh([REVIEWS], BY_VERSION);
    const long = Array.from({ length: 300 }, (_, i) => ALL_TO('v1').replace('name: reviews', `name: r${i}`).replace('hosts: [reviews]', `hosts: [r${i}]`)).join('\n---');

    await Promise.all([mesh.apply(`${long}\n---${ALL_TO('v1')}`), mesh.apply(ALL_TO('v2')), mesh.delete('vs/r7')]);

    expect(await get(URL)).toMatchObject({ body: 'v2' });
    expect(mesh.get('vs/r7')).toEqual([]);
  });

  it('warns of a field that it does not know, or refuses it when strict', async () => {
    const { mesh } = await memoryMesh([REVIEWS]);
    const rules = reviewsRules(`
  - timeut: 3s
    route: [{destination: {host: reviews, subset: v1}}]`);

    expect((await mesh.apply({ text: rules, file: 'reviews.yaml' })).warnings).toMatchObject([
      { severity: 'warning', file: 'reviews.yaml', line: 8, path: 'spec.http[0].timeut', hint: expect.stringContaining('timeout') as string },
    ]);
    await expect(mesh.apply(rules, { strict: true })).rejects.toMatchObject({ code: 'ERR_INVALID_CONFIG' });
  });
});

describe('mesh.get', () => {
  it('gives documents that can be applied again', async () => {
    const { mesh } = await memoryMesh([REVIEWS, ALL_TO('v1')]);
    const documents = ['ServiceEntry', 'dr', 'vs'].flatMap((kind) => mesh.get(kind));

    const copy = await createMesh({ config: documents });

    expect([...copy.snapshot.clusters.keys()]).toEqual([...mesh.snapshot.clusters.keys()]);
    expect(copy.snapshot.routes.configurations.map(({ port }) => port)).toEqual(mesh.snapshot.routes.configurations.map(({ port }) => port));
    expect(copy.get('vs')).toEqual(mesh.get('vs'));
  });

  it('hands out copies', async () => {
    const { mesh, get } = await memoryMesh([REVIEWS, ALL_TO('v1')], BY_VERSION);
    const [found] = mesh.get('vs/reviews') as unknown as { spec: { http: { route: { destination: { subset: string } }[] }[] } }[];
    found!.spec.http[0]!.route[0]!.destination.subset = 'v2';

    expect(mesh.get('vs/reviews')).not.toEqual([found]);
    await mesh.apply([]);
    expect(await get(URL)).toMatchObject({ body: 'v1' });
  });

  it('finds nothing, or says that there is no such kind', async () => {
    const { mesh } = await memoryMesh([REVIEWS]);

    expect(mesh.get('vs')).toEqual([]);
    expect(mesh.get('VirtualService/none')).toEqual([]);
    expect(() => mesh.get('VirtualServise/x')).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT', message: expect.stringContaining('VirtualService') as string }));
  });
});

describe('mesh.delete', () => {
  it('takes a rule away; what is left decides', async () => {
    const { mesh, get } = await memoryMesh([REVIEWS, ALL_TO('v2')], BY_VERSION);
    expect(await get(URL)).toMatchObject({ body: 'v2' });

    const change = await mesh.delete('vs/reviews');

    expect(change.changed).toEqual(['VirtualService default/reviews']);
    expect(mesh.get('vs')).toEqual([]);
    const bodies = new Set<string>();
    for (let i = 0; i < 40; i++) bodies.add((await get(URL)).body);
    expect([...bodies].sort()).toEqual(['v1', 'v2']);
  });

  it('lets a call of a deleted service end', async () => {
    const { mesh, clock, get } = await memoryMesh([REVIEWS], { [V1]: slow('v1'), [V2]: slow('v2') });
    const call = watch(get(URL));
    await clock.advance(1);

    await mesh.delete('ServiceEntry/reviews');
    answerAll();
    await clock.advance(1);

    expect(call.value).toMatchObject({ status: 200 });
    expect(Object.keys(mesh.stats(/reviews/))).toEqual([]);
    expect(mesh.explain(URL).toString()).toContain('no HTTP service has port 9080');
  });

  it('refuses a name that is not there, and says what is', async () => {
    const { mesh } = await memoryMesh([REVIEWS, ALL_TO('v1')]);
    const { snapshot } = mesh;

    await expect(mesh.delete('vs/review')).rejects.toMatchObject({ code: 'ERR_NOT_FOUND', message: expect.stringContaining('VirtualService default/reviews') as string });
    await expect(mesh.delete('nonsense/x')).rejects.toMatchObject({ code: 'ERR_INVALID_ARGUMENT' });
    expect(mesh.snapshot).toBe(snapshot);
  });
});

describe('the config event', () => {
  it('comes once for each change, when it is in force', async () => {
    const { mesh } = await memoryMesh([REVIEWS]);
    const seen: [ConfigChange, number][] = [];
    const listener = vi.fn((change: ConfigChange) => void seen.push([change, mesh.snapshot.version]));
    mesh.on('config', listener);

    await mesh.apply(ALL_TO('v1'));
    await mesh.delete('vs/reviews');
    await expect(mesh.apply('kind: [')).rejects.toThrow();
    mesh.off('config', listener);
    await mesh.apply(ALL_TO('v1'));

    expect(seen.map(([{ changed, version }, inForce]) => [changed, version === inForce])).toEqual([
      [['VirtualService default/reviews'], true],
      [['VirtualService default/reviews'], true],
    ]);
  });
});

describe('a listener that throws', () => {
  it.each(['call', 'config', 'ejection'] as const)('of the %s event harms nothing, and is heard of', async (event) => {
    const uncaught = await uncaughtWhile(async () => {
      const eject = reviewsPolicy('{outlierDetection: {consecutive5xxErrors: 1, maxEjectionPercent: 100}}');
      const { mesh } = await memoryMesh([REVIEWS, eject], { [V1]: () => ({ body: 'v1' }), [V2]: () => ({ status: 500, body: 'v2' }) });
      mesh.on(event, () => {
        throw new Error('mine');
      });

      const change = await mesh.apply(ALL_TO('v2'));
      const response = await mesh.request(URL);

      expect(change.changed).toHaveLength(1);
      expect(response.statusCode).toBe(500);
      expect(await response.body.text()).toBe('v2');
      expect(meshInfo(response)).toMatchObject({ details: 'via_upstream' });
    });

    expect(uncaught.map(String)).toEqual(['Error: mine']);
  });
});

describe('an access log that throws', () => {
  it('harms no call, and is heard of', async () => {
    const uncaught = await uncaughtWhile(async () => {
      const { get } = await memoryMesh([REVIEWS, ALL_TO('v1')], BY_VERSION, { accessLog: () => {
        throw new Error('disk full');
      } });

      expect(await get(URL)).toMatchObject({ status: 200, body: 'v1' });
    });

    expect(uncaught.map(String)).toEqual(['Error: disk full']);
  });
});

/** What is thrown at nobody while `act` runs. The test runner's own listeners stand aside. */
async function uncaughtWhile(act: () => Promise<void>): Promise<unknown[]> {
  const thrown: unknown[] = [];
  const others = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException').on('uncaughtException', (error) => thrown.push(error));
  try {
    await act();
    await new Promise((resolve) => setImmediate(resolve));
    return thrown;
  } finally {
    process.removeAllListeners('uncaughtException');
    for (const listener of others) process.on('uncaughtException', listener);
  }
}

const waiting: (() => void)[] = [];

function slow(body: string): () => Promise<{ body: string }> {
  return () => new Promise((resolve) => waiting.push(() => resolve({ body })));
}

function answerAll(): void {
  for (const answer of waiting.splice(0)) answer();
}
