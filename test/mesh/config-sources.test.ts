import { mkdtemp, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMesh, type ConfigSource } from '../../src/index.ts';
import { REVIEWS, reviewsRules } from '../engine/memory-mesh.ts';

const RULES = reviewsRules('  - route: [{destination: {host: reviews, subset: v1}}]');
const OBJECT = {
  apiVersion: 'networking.istio.io/v1',
  kind: 'VirtualService',
  metadata: { name: 'reviews' },
  spec: { hosts: ['reviews'], http: [{ route: [{ destination: { host: 'reviews', subset: 'v1' } }] }] },
};

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ts-mesh-'));
  await mkdir(join(folder, 'mesh', 'rules'), { recursive: true });
  await writeFile(join(folder, 'mesh', 'a-services.yml'), REVIEWS);
  await writeFile(join(folder, 'mesh', 'rules', 'reviews.yaml'), RULES);
  await writeFile(join(folder, 'mesh', 'notes.txt'), 'kind: [');
  await writeFile(join(folder, 'rules.json'), JSON.stringify(OBJECT, undefined, 2));
});
afterAll(() => rm(folder, { recursive: true }));

/** Which rule is in force for `reviews`, and where it comes from. */
async function ruleOf(config: ConfigSource): Promise<string> {
  await using mesh = await createMesh({ config });
  return mesh.explain('http://reviews:9080/').route.trials.map(({ origin }) => `${origin?.kind} ${origin?.file}:${origin?.line}`).join();
}

describe('createMesh({ config }) takes', () => {
  it('nothing: everything passes the mesh', async () => {
    await using mesh = await createMesh();

    expect(mesh.explain('http://reviews:9080/')).toMatchObject({ kind: 'passthrough' });
    expect(mesh.warnings).toEqual([]);
  });

  it('a path of a folder, with its subfolders', async () => {
    expect(await ruleOf(join(folder, 'mesh'))).toBe(`VirtualService ${join(folder, 'mesh', 'rules', 'reviews.yaml')}:8`);
  });

  it('a path with the name that issues shall show', async () => {
    expect(await ruleOf({ path: join(folder, 'mesh'), file: 'the rules' })).toBe('VirtualService the rules/rules/reviews.yaml:8');
    await expect(createMesh({ config: { path: join(folder, 'gone.yaml'), file: 'gone.yaml' } })).rejects.toThrow(/^(?!.*ts-mesh-).*gone\.yaml/s);
  });

  it('a path of a file, YAML or JSON', async () => {
    expect(await ruleOf([REVIEWS, join(folder, 'mesh', 'rules', 'reviews.yaml')])).toContain('reviews.yaml:8');
    expect(await ruleOf([REVIEWS, join(folder, 'rules.json')])).toMatch(/rules\.json:\d+$/);
  });

  it('a path as Kubernetes mounts a ConfigMap: links to links', async () => {
    const mounted = join(folder, 'mounted');
    await mkdir(join(mounted, '..2026_01'), { recursive: true });
    await writeFile(join(mounted, '..2026_01', 'reviews.yaml'), `${REVIEWS}---${RULES}`);
    await symlink('..2026_01', join(mounted, '..data'));
    await symlink(join('..data', 'reviews.yaml'), join(mounted, 'reviews.yaml'));

    expect(await ruleOf(mounted)).toBe(`VirtualService ${join(mounted, 'reviews.yaml')}:29`);
  });

  it('text', async () => {
    expect(await ruleOf(`${REVIEWS}---${RULES}`)).toBe('VirtualService <inline>:29');
  });

  it('text with the name that issues show', async () => {
    expect(await ruleOf([{ text: REVIEWS }, { text: RULES, file: 'my rules' }])).toBe('VirtualService my rules:8');
  });

  it('a resource as an object, and a list of any of these, in its order', async () => {
    const second = { ...OBJECT, spec: { ...OBJECT.spec, http: [{ name: 'mine', ...OBJECT.spec.http[0] }] } };

    expect(await ruleOf([REVIEWS, OBJECT])).toMatch(/^VirtualService /);
    await using mesh = await createMesh({ config: [REVIEWS, [[OBJECT], second]] });
    expect(mesh.get('vs/reviews')).toMatchObject([{ spec: { http: [{ name: 'mine' }] } }]);
  });

  it('what mesh.get gives', async () => {
    await using mesh = await createMesh({ config: `${REVIEWS}---${RULES}` });

    expect(await ruleOf([...mesh.get('se'), ...mesh.get('dr'), ...mesh.get('vs')])).toMatch(/^VirtualService /);
  });

  it('a Kubernetes List', async () => {
    expect(await ruleOf([REVIEWS, { apiVersion: 'v1', kind: 'List', items: [OBJECT] }])).toMatch(/^VirtualService /);
  });

  it.each([
    ['number', 5],
    ['true', true],
    ['function', () => {}],
    ['symbol', Symbol('x')],
  ])('no %s', async (_what, config) => {
    await expect(createMesh({ config: config as never })).rejects.toMatchObject({ code: 'ERR_INVALID_CONFIG' });
  });

  it('only as an option: a path for the options would be a mesh without rules', async () => {
    await expect(createMesh('./mesh' as never)).rejects.toMatchObject({ code: 'ERR_INVALID_ARGUMENT', message: "createMesh takes options, such as { config: 'mesh/' }, got \"./mesh\"" });
  });

  it('a path from where the process runs, and says where that leads when nothing is there', async () => {
    await expect(createMesh({ config: 'no-mesh/' })).rejects.toThrow(`no-mesh/:1:1: error: there is no such file or folder as ${join(process.cwd(), 'no-mesh')} (give a file`);
  });

  it('a name in one line for a path, and says so when nothing is there', async () => {
    await expect(createMesh({ config: 'kind: VirtualService' })).rejects.toMatchObject({
      code: 'ERR_INVALID_CONFIG',
      message: expect.stringMatching(/kind: VirtualService.*no such file or folder.*YAML text with a line break/) as string,
    });
  });
});

describe('createMesh({ endpoints })', () => {
  const SERVICE = 'apiVersion: v1\nkind: Service\nmetadata: {name: reviews, namespace: shop}\nspec: {ports: [{name: http, port: 9080}]}\n';
  const endpointsOf = async (endpoints: Record<string, { address: string }[]>, namespace = 'shop'): Promise<string[]> => {
    await using mesh = await createMesh({ config: SERVICE, endpoints, workload: { namespace } });
    return mesh.explain('http://reviews.shop:9080/').destinations.flatMap((destination) => destination.endpoints.map(({ address }) => address));
  };

  it.each(['reviews', 'reviews.shop', 'reviews.shop.svc.cluster.local', 'reviews.shop:9080'])('knows the service as %s', async (host) => {
    expect(await endpointsOf({ [host]: [{ address: '10.0.0.1:1234' }] })).toEqual(['10.0.0.1:1234']);
  });

  it('takes the port of the service when none is given', async () => {
    expect(await endpointsOf({ reviews: [{ address: '10.0.0.1' }] })).toEqual(['10.0.0.1:9080']);
  });
});
