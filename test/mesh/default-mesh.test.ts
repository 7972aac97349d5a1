import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { configureMesh, isMeshError, meshFetch, meshInfo } from '../../src/index.ts';
import { bodyOf, httpService, says, until, type HttpService } from './http-services.ts';

const STATE = Symbol.for('ts-mesh/1');

let service: HttpService;
let folder: string;
let url: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ts-mesh-'));
  service = await httpService((request, response) => {
    void bodyOf(request).then((body) => response.end(JSON.stringify({ host: request.headers.host, traced: 'x-b3-traceid' in request.headers, body })));
  });
  url = `http://127.0.0.1:${service.port}/`;
});
afterAll(async () => {
  await service.close();
  await rm(folder, { recursive: true });
});
// The state belongs to the process; each test begins as a process does.
beforeEach(() => Reflect.deleteProperty(globalThis, STATE));
afterEach(async () => {
  vi.unstubAllEnvs();
  const { mesh } = ((globalThis as Record<symbol, unknown>)[STATE] ?? {}) as { mesh?: Promise<{ close(): Promise<void> } | undefined> };
  await mesh?.then((made) => made?.close(), () => {});
});

/** Rules under which `http://reviews` is the service, as a file. */
async function rulesFile(name: string, to = service): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, reviewsAt(to));
  return path;
}

function reviewsAt({ port }: HttpService): string {
  return `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: reviews}
spec:
  hosts: [reviews.default.svc.cluster.local]
  location: MESH_INTERNAL
  resolution: STATIC
  ports: [{number: 80, targetPort: ${port}, name: http, protocol: HTTP}]
  endpoints: [{address: 127.0.0.1}]
`;
}

describe('meshFetch', () => {
  it('is fetch as long as nothing is configured', async () => {
    const response = await meshFetch(url, { method: 'POST', body: 'x' });

    expect(await response.json()).toEqual({ host: service.address, traced: false, body: 'x' });
    expect(response).toBeInstanceOf(Response);
    expect(meshInfo(response)).toBeUndefined();
    await expect(meshFetch('http://127.0.0.1:1/')).rejects.toMatchObject({ name: 'TypeError' });
  });

  it('follows the fetch that is global when it is called', async () => {
    const stub = vi.spyOn(globalThis, 'fetch').mockResolvedValue(new Response('stub'));
    try {
      expect(await (await meshFetch(url)).text()).toBe('stub');
      expect(stub).toHaveBeenCalledOnce();
    } finally {
      stub.mockRestore();
    }
  });

  it('reads TS_MESH_CONFIG at its first call', async () => {
    vi.stubEnv('TS_MESH_CONFIG', await rulesFile('good.yaml'));

    const response = await meshFetch('http://reviews/');

    expect(await response.json()).toMatchObject({ host: 'reviews', traced: true });
    expect(meshInfo(response)).toMatchObject({ status: 200, cluster: 'outbound|80||reviews.default.svc.cluster.local' });
  });

  it('reads it once, though many call at once', async () => {
    const path = await rulesFile('once.yaml');
    vi.stubEnv('TS_MESH_CONFIG', path);

    const calls = await Promise.all([meshFetch('http://reviews/'), meshFetch('http://reviews/'), meshFetch('http://reviews/')]);
    await rm(path);
    vi.stubEnv('TS_MESH_CONFIG', '/nowhere');

    for (const response of [...calls, await meshFetch('http://reviews/')]) expect(response.status).toBe(200);
  });

  it.each([
    ['follows the file', '1', 211],
    ['does not follow the file with TS_MESH_WATCH=0', '0', 201],
  ])('%s', async (_what, watch, status) => {
    const answers = (code: number): string => `${reviewsAt(service)}---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews}
spec: {hosts: [reviews], http: [{directResponse: {status: ${code}}}]}`;
    const path = join(folder, 'watched.yaml');
    await writeFile(path, answers(201));
    vi.stubEnv('TS_MESH_CONFIG', path);
    vi.stubEnv('TS_MESH_WATCH', watch);
    expect((await meshFetch('http://reviews/')).status).toBe(201);

    await writeFile(path, answers(211));
    let last = 201;
    for (let end = performance.now() + (watch === '1' ? 5000 : 400); performance.now() < end && last === 201; ) last = (await meshFetch('http://reviews/')).status;

    expect(last).toBe(status);
  });

  it('fails every call while TS_MESH_CONFIG is bad, with all its issues, and calls nobody', async () => {
    const path = join(folder, 'bad.yaml');
    await writeFile(path, `${reviewsAt(service).replace('number: 80', 'number: 80000')}\n---\nkind: [`);
    vi.stubEnv('TS_MESH_CONFIG', path);
    const accepted = service.accepted;

    for (let i = 0; i < 2; i++) {
      const error: unknown = await meshFetch(url).catch((reason: unknown) => reason);
      expect(isMeshError(error)).toBe(true);
      expect(error).toMatchObject({ code: 'ERR_INVALID_CONFIG', message: expect.stringMatching(/TS_MESH_CONFIG=.*bad\.yaml.*bad\.yaml:9/s) as string });
      expect((error as { issues: unknown[] }).issues).toHaveLength(2);
    }
    expect(service.accepted).toBe(accepted);
  });

  it('tells warnings of TS_MESH_CONFIG as the process\'s, each once: nobody has the mesh in hand', async () => {
    const rule = (field: string): string => `${reviewsAt(service)}---\napiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: reviews}\nspec: {hosts: [reviews], http: [{${field}: 3s, directResponse: {status: 201}}]}\n`;
    const path = join(folder, 'misspelled.yaml');
    await writeFile(path, rule('timout'));
    vi.stubEnv('TS_MESH_CONFIG', path);
    const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const texts = (): string[] => warned.mock.calls.map(([text]) => String(text));

    await Promise.all([meshFetch('http://reviews/'), meshFetch('http://reviews/')]);
    expect((await meshFetch('http://reviews/')).status).toBe(201);
    expect(texts()).toEqual([expect.stringMatching(/^TS_MESH_CONFIG=.* is in force, with warnings:\n {2}.*misspelled\.yaml:15:.*timout.*did you mean timeout/)]);
    await writeFile(path, rule('timeot'));
    await until(() => texts().length === 2, 'the warning of the edit');

    expect(texts()[1]).toMatch(/timeot.*did you mean timeout/);
    expect(texts()[1]).not.toContain('timout');
    warned.mockRestore();
  });

  it('fails every call when TS_MESH_CONFIG names nothing', async () => {
    vi.stubEnv('TS_MESH_CONFIG', join(folder, 'nowhere'));

    await expect(meshFetch(url)).rejects.toMatchObject({ code: 'ERR_INVALID_CONFIG', message: expect.stringContaining('no such file or folder') as string });
  });

  it('takes who it is from the environment', async () => {
    const rules = `${reviewsAt(service)}---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews}
spec:
  hosts: [reviews.default.svc.cluster.local]
  http:
  - match: [{sourceLabels: {app: productpage, version: v2}}]
    directResponse: {status: 299}
  - route: [{destination: {host: reviews.default.svc.cluster.local}}]`;
    const path = join(folder, 'labels.yaml');
    await writeFile(path, rules);
    vi.stubEnv('TS_MESH_CONFIG', path);
    vi.stubEnv('TS_MESH_LABELS', 'app=productpage,version=v2');
    vi.stubEnv('POD_NAMESPACE', 'shop');

    expect((await meshFetch('http://reviews.default/')).status).toBe(299);
  });

  it('passes the mesh with TS_MESH_DISABLE=1, whatever is configured', async () => {
    vi.stubEnv('TS_MESH_CONFIG', join(folder, 'nowhere'));
    vi.stubEnv('TS_MESH_DISABLE', '1');
    expect((await meshFetch(url)).status).toBe(200);

    vi.stubEnv('TS_MESH_DISABLE', '0');
    await expect(meshFetch(url)).rejects.toMatchObject({ code: 'ERR_INVALID_CONFIG' });
  });
});

describe('configureMesh', () => {
  it('makes the default mesh', async () => {
    const mesh = await configureMesh({ config: reviewsAt(service) });

    expect((await meshFetch('http://reviews/')).status).toBe(200);
    expect(mesh.stats(/reviews.*;\.upstream_rq_200$/)).toEqual({ 'cluster.outbound|80||reviews.default.svc.cluster.local;.upstream_rq_200': 1 });
  });

  it('comes before the environment', async () => {
    vi.stubEnv('TS_MESH_CONFIG', join(folder, 'nowhere'));
    await configureMesh({ config: reviewsAt(service) });

    expect((await meshFetch('http://reviews/')).status).toBe(200);
  });

  it('mends a process whose TS_MESH_CONFIG is bad', async () => {
    vi.stubEnv('TS_MESH_CONFIG', join(folder, 'nowhere'));
    await expect(meshFetch(url)).rejects.toMatchObject({ code: 'ERR_INVALID_CONFIG' });

    await configureMesh({ config: reviewsAt(service) });

    expect((await meshFetch('http://reviews/')).status).toBe(200);
  });

  it('called again: new calls take the new mesh, those under way end on the old one, which closes', async () => {
    const waiting: (() => void)[] = [];
    await using slow = await httpService((_request, response) => waiting.push(() => response.end('old')));
    await using second = await says('new');
    const old = await configureMesh({ config: reviewsAt(slow) });
    const underWay = meshFetch('http://reviews/');
    await until(() => waiting.length === 1, 'the slow service is called');

    await configureMesh({ config: reviewsAt(second) });

    expect(await (await meshFetch('http://reviews/')).text()).toBe('new');
    await expect(old.fetch('http://reviews/')).rejects.toMatchObject({ name: 'TypeError', cause: { code: 'ERR_MESH_CLOSED' } });
    waiting[0]!();
    expect(await (await underWay).text()).toBe('old');
    await until(() => slow.sockets.size === 0, 'the old mesh has closed its connections');
  });

  it('with bad rules leaves the mesh in place', async () => {
    await configureMesh({ config: reviewsAt(service) });

    await expect(configureMesh({ config: 'kind: [\n' })).rejects.toMatchObject({ code: 'ERR_INVALID_CONFIG' });

    expect((await meshFetch('http://reviews/')).status).toBe(200);
  });

  it('called twice at once: the one made last stays, the other is closed', async () => {
    await using other = await says('second');
    const [first, second] = await Promise.all([configureMesh({ config: reviewsAt(service) }), configureMesh({ config: reviewsAt(other) })]);

    expect(await (await meshFetch('http://reviews/')).text()).toBe('second');
    await expect(first.fetch('http://reviews/')).rejects.toThrow();
    expect((await second.fetch('http://reviews/')).status).toBe(200);
  });

  it('called while TS_MESH_CONFIG is being read: what it made stays', async () => {
    await using other = await says('configured');
    vi.stubEnv('TS_MESH_CONFIG', await rulesFile('slow.yaml'));
    const first = meshFetch('http://reviews/');

    await configureMesh({ config: reviewsAt(other) });

    expect(await (await meshFetch('http://reviews/')).text()).toBe('configured');
    expect((await first).status).toBe(200);
  });
});
