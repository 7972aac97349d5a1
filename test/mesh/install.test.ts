import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Agent, getGlobalDispatcher, MockAgent, request, setGlobalDispatcher, type Dispatcher } from 'undici';
import { createMesh, meshInfo, type Mesh } from '../../src/index.ts';
import { bodyOf, httpService, says, until, type HttpService } from './http-services.ts';

// Of the fetch of whichever Node runs this; `node-versions.test.ts` runs it on others.
const nativeFetch = globalThis.fetch;
const nativeDispatcher = getGlobalDispatcher();

let reviews: HttpService;
let outside: HttpService;
let mesh: Mesh;
let config: string;
beforeAll(async () => {
  reviews = await httpService((request, response) => {
    void bodyOf(request).then((body) => {
      response.setHeader('set-cookie', ['a=1', 'b=2']);
      if (request.url === '/hang') return;
      if (request.url === '/redirect') response.writeHead(302, { location: '/there' });
      response.end(JSON.stringify({ path: request.url, method: request.method, host: request.headers.host, custom: request.headers['x-custom'], body }));
    });
  });
  outside = await says('outside');
  config = `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: reviews}
spec:
  hosts: [reviews.default.svc.cluster.local]
  location: MESH_INTERNAL
  resolution: STATIC
  ports: [{number: 9080, targetPort: ${reviews.port}, name: http, protocol: HTTP}]
  endpoints: [{address: 127.0.0.1}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews}
spec:
  hosts: [reviews]
  http:
  - match: [{uri: {prefix: /abort}}]
    fault: {abort: {httpStatus: 418, percentage: {value: 100}}}
    route: [{destination: {host: reviews}}]
  - route: [{destination: {host: reviews}}]
`;
});
beforeEach(async () => {
  mesh = await createMesh({ config });
});
afterEach(async () => {
  await mesh.close({ drainMs: 0 });
  setGlobalDispatcher(nativeDispatcher);
  globalThis.fetch = nativeFetch;
});
afterAll(async () => {
  await reviews.close();
  await outside.close();
});

const URL = 'http://reviews:9080/x?a=1';
const outsideUrl = (): string => `http://127.0.0.1:${outside.port}/`;

/** Calls of `reviews` that went through `of`. */
function counted(of: Mesh): number | undefined {
  return of.stats(/reviews.*upstream_rq_total$/)['cluster.outbound|9080||reviews.default.svc.cluster.local;.upstream_rq_total'];
}

describe(`install() on Node ${process.versions.node}`, () => {
  it('takes every fetch, and puts everything back', async () => {
    const uninstall = mesh.install();

    expect(await (await fetch(URL)).json()).toMatchObject({ path: '/x?a=1', host: 'reviews:9080' });
    expect(counted(mesh)).toBe(1);
    expect(globalThis.fetch).toBe(nativeFetch);

    uninstall();
    await expect(fetch(URL)).rejects.toThrow(TypeError);
    expect(getGlobalDispatcher()).toBe(nativeDispatcher);
    expect(await (await fetch(outsideUrl())).text()).toBe('outside');
    expect(counted(mesh)).toBe(1);
  });

  it('serves the native fetch whole: bodies both ways, headers, redirects, refusals', async () => {
    mesh.install();

    const posted = await fetch('http://reviews:9080/p', { method: 'POST', body: 'text', headers: { 'X-Custom': 'mine' } });
    expect(await posted.json()).toMatchObject({ method: 'POST', body: 'text', custom: 'mine' });
    expect(posted.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
    const streamed = await fetch('http://reviews:9080/s', { method: 'POST', body: new Blob(['a', 'b']).stream(), duplex: 'half' } as RequestInit);
    expect(await streamed.json()).toMatchObject({ body: 'ab' });
    const redirected = await fetch('http://reviews:9080/redirect');
    expect(await redirected.json()).toMatchObject({ path: '/there' });
    expect(redirected.redirected).toBe(true);
    const refused = await fetch('http://reviews:9080/abort');
    expect([refused.status, await refused.text()]).toEqual([418, 'fault filter abort']);
  });

  it('lets a caller give up', async () => {
    mesh.install();
    const controller = new AbortController();
    const call = fetch('http://reviews:9080/hang', { signal: controller.signal });
    await until(() => counted(mesh) === 1, 'the request is on its way');
    controller.abort();

    await expect(call).rejects.toMatchObject({ name: 'AbortError' });
    await until(() => Object.values(mesh.stats(/(cx|rq)_active$/)).every((value) => value === 0), 'the connection is closed');
  });

  it('takes undici\'s own calls too', async () => {
    mesh.install();

    const { statusCode, body } = await request(URL);
    const raw = await request(URL, { responseHeaders: 'raw' });
    await raw.body.dump();

    expect([statusCode, await body.json()]).toMatchObject([200, { host: 'reviews:9080' }]);
    // The types of undici don't say that raw headers are a flat list.
    expect((raw.headers as unknown as string[]).join()).toContain('set-cookie,a=1,set-cookie,b=2');
    expect((raw.headers as unknown as string[]).join()).toContain('server,envoy');
  });

  it('leaves calls that bring their own dispatcher', async () => {
    mesh.install();
    const agent = new Agent();

    const { body } = await request(`http://127.0.0.1:${reviews.port}/own`, { dispatcher: agent });
    await body.dump();
    await agent.close();

    expect(counted(mesh)).toBe(0);
  });

  it('lets pass what is none of the mesh\'s', async () => {
    mesh.install();

    expect(await (await fetch(outsideUrl())).text()).toBe('outside');
    const error: unknown = await fetch('http://127.0.0.1:1/').catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: 'TypeError', message: 'fetch failed' });
  });

  it('with { fetch: true } is fetch, until it is uninstalled', async () => {
    const uninstall = mesh.install({ fetch: true });

    expect(globalThis.fetch).toBe(mesh.fetch);
    const response = await fetch(URL);
    expect(meshInfo(response)).toMatchObject({ status: 200, lane: 'lean' });
    expect(await response.json()).toMatchObject({ host: 'reviews:9080' });
    expect(await (await fetch(outsideUrl())).text()).toBe('outside');

    uninstall();
    expect(globalThis.fetch).toBe(nativeFetch);
  });

  it('twice is as once', async () => {
    const first = mesh.install();
    const second = mesh.install({ fetch: true });

    expect(await (await fetch(outsideUrl())).text()).toBe('outside');
    expect((await fetch(URL)).status).toBe(200);
    second();
    expect(getGlobalDispatcher()).toBe(nativeDispatcher);
    expect(globalThis.fetch).toBe(nativeFetch);
    first();
    expect(getGlobalDispatcher()).toBe(nativeDispatcher);
  });

  it('ends with the mesh: after close() the process has its fetch again', async () => {
    mesh.install({ fetch: true });

    await mesh.close();

    expect(globalThis.fetch).toBe(nativeFetch);
    expect(await (await fetch(outsideUrl())).text()).toBe('outside');
  });
});

describe('install() among others', () => {
  it('passes the rest on to what was there before', async () => {
    const before = mockAgent('http://other.test', 'mocked before');
    setGlobalDispatcher(before);
    const uninstall = mesh.install();

    expect(await (await fetch('http://other.test/')).text()).toBe('mocked before');
    expect((await fetch(URL)).status).toBe(200);

    uninstall();
    expect(getGlobalDispatcher()).toBe(before);
  });

  it('steps aside for what is installed later, and stays out of its way when uninstalled', async () => {
    const uninstall = mesh.install();
    const after = mockAgent('http://reviews:9080', 'mocked after');
    setGlobalDispatcher(after);

    expect(await (await fetch('http://reviews:9080/')).text()).toBe('mocked after');
    // What goes through the mesh all the same, and is none of its own, meets the mock too.
    after.get('http://other.test').intercept({ path: '/' }).reply(200, 'by the mesh');
    expect(await (await mesh.fetch('http://other.test/')).text()).toBe('by the mesh');

    uninstall();
    expect(getGlobalDispatcher()).toBe(after);
  });

  it.each([['in', [1, 0]], ['out of', [0, 1]]] as const)('two meshes, uninstalled %s order, leave nothing behind', async (_what, order) => {
    await using second = await createMesh({ config: config.replaceAll('9080', '9081').replaceAll('reviews', 'ratings') });
    const uninstalls = [mesh.install({ fetch: true }), second.install({ fetch: true })];

    expect((await fetch('http://ratings:9081/')).status).toBe(200);
    expect((await fetch(URL)).status).toBe(200);
    expect(await (await fetch(outsideUrl())).text()).toBe('outside');

    for (const index of order) {
      uninstalls[index]!();
      expect(await (await fetch(outsideUrl())).text()).toBe('outside');
    }
    expect(getGlobalDispatcher()).toBe(nativeDispatcher);
    expect(globalThis.fetch).toBe(nativeFetch);
  });
});

function mockAgent(origin: string, text: string): MockAgent & Dispatcher {
  const agent = new MockAgent();
  agent.disableNetConnect();
  agent.get(origin).intercept({ path: '/' }).reply(200, text);
  return agent;
}
