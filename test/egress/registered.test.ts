import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { DISPATCHER, HTTP_DOORS, outcomeOf, REQUESTS } from './trick.ts';
import { openWorld, Servers, type World } from './world.ts';

let servers: Servers;
let world: World;
beforeAll(async () => {
  servers = await Servers.start();
});
afterAll(() => servers.close());
afterEach(() => world.close());

describe('what is registered stays reachable', () => {
  it.each([
    ['its short name', 'http://reviews:PORT/'],
    ['capitals', 'http://Reviews.Default:PORT/'],
    ['its namespace', 'http://reviews.default.svc:PORT/'],
    ['its whole name', 'http://reviews.default.svc.cluster.local:PORT/'],
    ['a trailing dot', 'http://reviews.default.svc.cluster.local.:PORT/'],
    ['its address', 'http://127.0.9.1:PORT/'],
    ['its address as a number', 'http://2130708737:PORT/'],
    ['a port with zeros in front', 'http://reviews:00PORT/'],
    ['the default port', 'http://api.example.com/'],
    ['the default port in full', 'http://api.example.com:80/'],
    ['a trailing dot of an external name', 'http://api.example.com./'],
    ['ideographic full stops', 'http://api。example。com/'],
    ['percent-encoded letters', 'http://%61pi.example.com/'],
    ['letters beyond ASCII', 'http://BÜCHER.example.com/'],
    ['a redirect within', 'http://reviews:PORT/to?302&%2F%2Fapi.example.com%2F'],
  ])('by %s', async (_, url) => {
    world = await openWorld(servers);
    for (const { door, call } of HTTP_DOORS) {
      const at = url.replace('PORT', String(servers.port));
      const expected = url.includes('302') && REQUESTS.some((one) => one.door === door) ? '302' : 'registered';
      expect(await outcomeOf(() => call(world, { url: at })), door).toBe(expected);
    }
    expect([world.canary.reached, world.blocked]).toEqual([[], []]);
  });

  it('with user name and password, where a door takes them', async () => {
    world = await openWorld(servers);
    for (const { call } of REQUESTS) expect(await outcomeOf(() => call(world, { url: 'http://user:word@api.example.com/' }))).toBe('registered');
  });

  it('by a Host with its port', async () => {
    world = await openWorld(servers);
    expect(await outcomeOf(() => DISPATCHER.call(world, { url: `http://reviews:${servers.port}/`, headers: { host: 'Reviews.default:1' } }))).toBe('registered');
  });

  it('by a dispatcher of the caller\'s own, for names that are registered', async () => {
    world = await openWorld(servers);
    const seen: string[] = [];
    const own = {
      dispatch({ origin }: { origin: string }, handler: { onError?(error: Error): void; onResponseError?(controller: unknown, error: Error): void }) {
        seen.push(origin);
        (handler.onError ?? handler.onResponseError?.bind(handler, undefined))?.call(handler, Object.assign(new Error(), { code: 'reached' }) as never);
        return true;
      },
    };
    const urls = [`http://reviews:${servers.port}`, 'http://api.example.com.', `http://127.0.9.1:${servers.port}`, 'http://127.0.9.2:3307', 'http://127.0.7.3:7000'];
    for (const url of urls) expect(await outcomeOf(() => world.mesh.fetch(url, { dispatcher: own } as never)), url).toBe('reached');
    expect(seen).toEqual(urls);
  });

  it('where it goes to wherever it was dialled', async () => {
    world = await openWorld(servers, { dns: { 'a.files.example.com': [['127.0.0.70']] } });
    const { port } = servers;
    for (const host of ['files.example.com', 'A.B.files.example.com', 'files.example.com.']) {
      expect(await outcomeOf(() => DISPATCHER.call(world, { url: `http://${host}:${port}/` }))).toBe('canary');
    }
    expect(world.canary.reached.filter((line) => line.includes(' by '))).toEqual([
      `files.example.com:${port} by outbound|${port}||files.example.com`,
      `a.b.files.example.com:${port} by outbound|${port}||*.files.example.com`,
      `files.example.com.:${port} by outbound|${port}||files.example.com`,
    ]);
    expect(world.blocked).toEqual([]);
  });
});

describe('connections to what is registered', () => {
  const reachedBy = async (options: Parameters<World['mesh']['connect']>[0]): Promise<string | undefined> => {
    const socket = await world.mesh.connect(options);
    socket.destroy();
    await once(socket, 'close');
    return world.canary.reached.find((line) => line.includes(' by '));
  };

  it.each([
    [{ host: 'wide.example.com', port: 6400 }, 'wide.example.com:6400 by outbound|6400||wide.example.com'],
    [{ host: 'WIDE.example.com.', port: 6400 }, 'WIDE.example.com.:6400 by outbound|6400||wide.example.com'],
    [{ host: 'a.cdn.example.com', port: 443, servername: 'a.cdn.example.com' }, 'a.cdn.example.com:443 by outbound|443||*.cdn.example.com'],
    [{ host: '127.0.7.9', port: 7000 }, '127.0.7.9:7000 by outbound|7000||range.example.com'],
    [{ host: 'evil.test', port: 6400, originalDst: '127.0.0.66:6400' }, '127.0.0.66:6400 by outbound|6400||wide.example.com'],
  ])('%j', async (options, reached) => {
    world = await openWorld(servers);
    expect(await reachedBy(options)).toBe(reached);
  });

  it('by a name whose address is in a registered range go to the address that was checked', async () => {
    // The second answer would lead outside.
    world = await openWorld(servers, { dns: { 'in.test': [['127.0.7.9'], ['127.0.0.66']] } });
    expect(await reachedBy({ host: 'in.test', port: 7000 })).toBe('127.0.7.9:7000 by outbound|7000||range.example.com');
    expect(world.lookups).toEqual(['in.test']);
  });

  it.each(['https://secure.example.com/', 'https://SECURE.example.com./', 'https://secure.example.com:443/'])('%s asks for the name without a dot', async (url) => {
    world = await openWorld(servers);
    const names: (string | undefined)[] = [];
    world.mesh.on('connection', ({ servername }) => names.push(servername));
    // The endpoint speaks no TLS.
    await expect(world.mesh.fetch(url)).rejects.toThrow(TypeError);
    await world.mesh.close();
    expect([names, world.blocked, world.canary.reached]).toEqual([['secure.example.com'], [], []]);
  });
});

const mode = (name: string): string => `{apiVersion: v1, kind: ConfigMap, metadata: {name: istio, namespace: istio-system}, data: {mesh: "outboundTrafficPolicy: {mode: ${name}}"}}\n`;

describe('where everything may leave', () => {
  it.each(HTTP_DOORS)('the canary is reached through $door', async ({ call }) => {
    world = await openWorld(servers);
    await world.mesh.apply(mode('ALLOW_ANY'));
    for (const port of [servers.port, servers.strangePort]) expect(await outcomeOf(() => call(world, { url: `http://evil.test:${port}/` }))).toBe('canary');
    expect(world.canary.reached).toHaveLength(4);
  });

  it('also by a connection', async () => {
    world = await openWorld(servers);
    await world.mesh.apply(mode('ALLOW_ANY'));
    (await world.mesh.connect({ host: 'evil.test', port: 1234 })).destroy();
    expect(world.canary.reached).toContain('evil.test:1234 by PassthroughCluster');
  });
});

describe('a change to REGISTRY_ONLY', () => {

  it('takes hold of connections that are still open', async () => {
    world = await openWorld(servers);
    const call = (): Promise<string> => outcomeOf(() => DISPATCHER.call(world, { url: 'http://evil.test:6400/' }));
    await world.mesh.apply(mode('ALLOW_ANY'));
    expect(await call()).toBe('canary');
    await world.mesh.apply(mode('REGISTRY_ONLY'));
    expect(await call()).toBe('ERR_EGRESS_BLOCKED');
  });
});
