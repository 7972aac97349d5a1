import http from 'node:http';
import { text } from 'node:stream/consumers';
import { describe, expect, it, vi } from 'vitest';
import { createAgents } from '../../src/clients/index.ts';
import { meshInfo } from '../../src/index.ts';
import { createTestMesh, type DefaultAnswer, type TestMesh } from '../../src/testing/index.ts';
import { says } from '../mesh/http-services.ts';
import { BOOKS, BOOKS_FILE } from './rules.ts';

const served = async (mesh: TestMesh, url: string, init?: RequestInit): Promise<DefaultAnswer> => (await (await mesh.fetch(url, init)).json()) as DefaultAnswer;

const rule = (http: string, host = 'ratings'): string => `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: ${host}}
spec:
  hosts: [${host}]
  http: [${http}]
`;

describe('createTestMesh', () => {
  it('answers for every service, by whichever subset the rules choose', async () => {
    await using mesh = await createTestMesh(BOOKS);

    const answer = await served(mesh, 'http://reviews:9080/reviews/0?q=1', { headers: { 'end-user': 'jason' } });

    expect(answer).toEqual({ service: 'reviews', subset: 'v2', endpoint: '198.18.0.2:9080', method: 'GET', path: '/reviews/0?q=1' });
  });

  it('names the subset of an endpoint that was chosen without one', async () => {
    await using mesh = await createTestMesh(BOOKS);
    await mesh.delete('vs/reviews');

    const subsets = new Set<string>();
    for (let i = 0; i < 20; i++) subsets.add((await served(mesh, 'http://reviews:9080/')).subset);

    expect([...subsets].sort()).toEqual(['v1', 'v2']);
  });

  it('takes a handler for a service, or one for each subset, and answers of every kind', async () => {
    await using mesh = await createTestMesh(BOOKS, {
      services: {
        reviews: { v2: (request, at) => ({ status: 201, headers: { 'x-subset': at.subset }, body: request.body }) },
        ratings: () => new Response('four', { status: 202, headers: { 'x-by': 'a Response' } }),
        'payments:8080': async () => ({ json: { paid: true } }),
      },
    });

    const review = await mesh.fetch('http://reviews:9080/', { method: 'POST', body: 'fine', headers: { 'end-user': 'jason' } });
    const rating = await mesh.fetch('http://ratings:9080/');
    const payment = await mesh.fetch('http://payments:8080/');

    expect([review.status, review.headers.get('x-subset'), await review.text()]).toEqual([201, 'v2', 'fine']);
    expect([rating.status, rating.headers.get('x-by'), await rating.text()]).toEqual([202, 'a Response', 'four']);
    expect([await payment.json(), payment.headers.get('content-type')]).toEqual([{ paid: true }, 'application/json']);
  });

  it('makes a service that no rule knows, with its versions, of handlers alone', async () => {
    await using mesh = await createTestMesh({ services: { payments: { v1: () => ({ body: 'one' }), v2: () => ({ body: 'two' }) } } });

    const bodies = new Set<string>();
    for (let i = 0; i < 20; i++) bodies.add(await (await mesh.fetch('http://payments/')).text());

    expect([...bodies].sort()).toEqual(['one', 'two']);
  });

  it('refuses handlers of subsets that there are not', async () => {
    await expect(createTestMesh(BOOKS, { services: { reviews: { v3: () => ({}) } } })).rejects.toThrow('reviews has no subset v3 (it has: v1, v2)');
  });

  const noAnswers: readonly (readonly [unknown, string])[] = [
    ['five stars', 'services: ratings answered "five stars": an answer is a Response'],
    [{ stars: 5 }, 'services: ratings answered an object with stars: an answer is a Response'],
    [[5], 'services: ratings answered [5]'],
    [null, 'services: ratings answered null'],
  ];
  it.each(noAnswers)('does not take %j of a handler for an empty answer', async (answer, message) => {
    await using mesh = await createTestMesh(BOOKS, { services: { ratings: () => answer as never } });

    await expect(mesh.request('http://ratings:9080/')).rejects.toThrow(message);
  });

  it('refuses services that are no handlers', async () => {
    await expect(createTestMesh(BOOKS, { services: { ratings: { json: { stars: 5 } } as never } })).rejects.toThrow('services: ratings.json is no function');
    for (const none of ['five stars', null]) await expect(createTestMesh(BOOKS, { services: { ratings: none as never } })).rejects.toThrow('services: ratings is no function');
  });

  it('tells every issue of a configuration, with its place', async () => {
    await expect(createTestMesh({ text: rule('{route: [{destination: {host: ratings}}], timeout: soon}'), file: 'ratings.yaml' })).rejects.toThrow(/ratings\.yaml:7/);
  });

  it('lets a handler\'s error be seen by its caller', async () => {
    await using mesh = await createTestMesh(BOOKS, {
      services: {
        ratings: () => {
          throw new Error('expected another path');
        },
      },
    });

    await expect(mesh.request('http://ratings:9080/')).rejects.toThrow('expected another path');
  });

  it('gives services to rules that are applied later', async () => {
    await using mesh = await createTestMesh();
    await mesh.apply(BOOKS);

    expect((await served(mesh, 'http://reviews:9080/', { headers: { 'end-user': 'jason' } })).subset).toBe('v2');
  });

  it('keeps the endpoints that the rules declare', async () => {
    const entry = 'apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {name: api}\nspec: {hosts: [api.example.com], ports: [{number: 80, name: http, protocol: HTTP}], resolution: STATIC, endpoints: [{address: 10.0.0.7, labels: {version: v9}}]}\n';
    await using mesh = await createTestMesh(entry);

    expect(await served(mesh, 'http://api.example.com/')).toMatchObject({ service: 'api.example.com', subset: 'v9', endpoint: '10.0.0.7:80' });
  });

  it('looks names up nowhere but in itself', async () => {
    const entry = (resolution: string): string => `apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {name: api}\nspec: {hosts: ["${resolution === 'DYNAMIC_DNS' ? '*' : 'api'}.example.com"], ports: [{number: 80, name: http, protocol: HTTP}], resolution: ${resolution}}\n`;
    for (const resolution of ['DNS', 'DNS_ROUND_ROBIN', 'DYNAMIC_DNS', 'NONE']) {
      await using mesh = await createTestMesh(entry(resolution));
      expect(await served(mesh, 'http://api.example.com/'), resolution).toMatchObject({ service: resolution === 'DYNAMIC_DNS' ? '*.example.com' : 'api.example.com' });
    }
  });

  it('closes: nothing gets out that no service has, whatever the door and the port, and the error says what to do', async () => {
    await using mesh = await createTestMesh(BOOKS);
    const message = /no service of this test mesh is at http:\/\/127\.0\.0\.1(:9080)?, .*services: ratings, reviews\).*services: \{ '127\.0\.0\.1:\d+': handler \}/s;

    await expect(mesh.request('http://127.0.0.1/')).rejects.toThrow(message);
    await expect(mesh.request('http://127.0.0.1:9080/')).rejects.toThrow(message);
    await expect(mesh.fetch('http://127.0.0.1/')).rejects.toMatchObject({ cause: { code: 'ERR_EGRESS_BLOCKED', message: expect.stringMatching(message) } });
    await expect(mesh.fetch('https://127.0.0.1/')).rejects.toMatchObject({ cause: { code: 'ERR_EGRESS_BLOCKED' } });
    await expect(mesh.dispatcher.request({ origin: 'http://127.0.0.1', path: '/', method: 'GET' })).rejects.toThrow(message);
    await expect(mesh.connect({ host: '127.0.0.1', port: 5432 })).rejects.toThrow('no service of this test mesh');
  });

  it('has no services for what is not HTTP', async () => {
    await using mesh = await createTestMesh('apiVersion: v1\nkind: Service\nmetadata: {name: db}\nspec: {ports: [{name: tcp, port: 5432}]}\n');

    await expect(mesh.connect({ host: 'db', port: 5432 })).rejects.toThrow(/opens no sockets.*198\.18\.0\.1:5432/);
  });

  it('refuses what a redirect leads out to', async () => {
    await using mesh = await createTestMesh(BOOKS, { services: { ratings: () => ({ status: 302, headers: { location: 'http://127.0.0.1:8081/' } }) } });

    await expect(mesh.fetch('http://ratings:9080/')).rejects.toMatchObject({ cause: { code: 'ERR_EGRESS_BLOCKED' } });
  });

  it('lets out what it does not know, when it is told to, whether some service has that port or not', async () => {
    await using elsewhere = await says('elsewhere');
    const origin = `http://${elsewhere.address}`;
    for (const config of [BOOKS, BOOKS.replaceAll('9080', String(elsewhere.port))]) {
      await using mesh = await createTestMesh({ config, passthrough: true });
      expect(await (await mesh.fetch(origin)).text()).toBe('elsewhere');
      const restore = mesh.install();
      expect(await (await mesh.request(origin)).body.text()).toBe('elsewhere');
      restore();
      expect(mesh.clock.now()).toBe(0);
    }
  });

  it('lets out to some hosts alone', async () => {
    await using elsewhere = await says('elsewhere');
    for (const passthrough of [['127.0.0.1'], [elsewhere.address]]) {
      await using mesh = await createTestMesh({ config: BOOKS, passthrough });
      expect(await (await mesh.fetch(`http://${elsewhere.address}`)).text()).toBe('elsewhere');
      await expect(mesh.request(`http://localhost:${elsewhere.port}`)).rejects.toThrow("passthrough: ['localhost']");
      (await mesh.connect({ host: '127.0.0.1', port: elsewhere.port })).destroy();
      await expect(mesh.connect({ host: 'localhost', port: elsewhere.port })).rejects.toThrow("passthrough: ['localhost']");
    }
    await using mesh = await createTestMesh({ config: BOOKS, passthrough: ['127.0.0.1:1'] });
    await expect(mesh.request(`http://${elsewhere.address}`)).rejects.toThrow('no service of this test mesh');
  });

  it('behaves as its rules say under REGISTRY_ONLY', async () => {
    await using mesh = await createTestMesh([{ text: BOOKS }, { text: 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: istio, namespace: istio-system}\ndata:\n  mesh: |\n    outboundTrafficPolicy: {mode: REGISTRY_ONLY}\n' }]);

    expect((await mesh.request('http://nobody:9080/')).statusCode).toBe(502);
    expect(mesh.calls.at(-1)).toMatchObject({ service: 'nobody', attempt: 0, status: 502, endpoint: undefined });
  });

  it('gives the same run for the same seed, another for another, and takes it from the environment', async () => {
    const run = async (seed?: number): Promise<string> => {
      await using mesh = await createTestMesh(BOOKS, seed === undefined ? {} : { seed });
      let subsets = String(mesh.seed);
      for (let i = 0; i < 40; i++) subsets += ` ${(await served(mesh, 'http://reviews:9080/')).subset} ${mesh.calls[i]!.headers['x-request-id']}`;
      return subsets;
    };
    vi.stubEnv('TS_MESH_SEED', '77');

    expect(await run(5)).toBe(await run(5));
    expect((await run(5)).slice(2)).not.toBe((await run(6)).slice(2));
    expect(await run()).toBe(await run(77));
    vi.unstubAllEnvs();
  });
});

describe('time in a test mesh', () => {
  it('a call under a delay of 7 s is there within 50 ms, mesh and all, and 7 s later', async () => {
    const tookMs: number[] = [];
    for (let run = 0; run < 10; run++) {
      const began = performance.now();
      await using mesh = await createTestMesh(BOOKS);
      using _ = mesh.fault('ratings', { delay: '7s' });

      const response = await mesh.fetch('http://ratings:9080/');

      expect([response.status, mesh.clock.now(), meshInfo(response)!.durationMs]).toEqual([200, 7000, 7000]);
      tookMs.push(performance.now() - began);
    }
    // The quickest: what a machine does besides is no part of it.
    expect(Math.min(...tookMs)).toBeLessThan(50);
  });

  it('stands still while nobody waits', async () => {
    await using mesh = await createTestMesh(BOOKS);
    await mesh.fetch('http://ratings:9080/');
    await new Promise((resolve) => setTimeout(resolve, 10));

    expect(mesh.clock.now()).toBe(0);
  });

  it('is held up by advance, and can be taken in hand', async () => {
    await using mesh = await createTestMesh(BOOKS, { clock: 'manual' });
    using _ = mesh.fault('ratings', { delay: '7s' });
    const done = vi.fn();
    const call = mesh.fetch('http://ratings:9080/').then(done);

    await mesh.clock.advance('6999ms');
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(done).not.toHaveBeenCalled();
    await mesh.clock.advance(1);
    await call;

    expect(mesh.clock.now()).toBe(7000);
    mesh.clock.auto = true;
    await mesh.fetch('http://ratings:9080/');
    expect(mesh.clock.now()).toBe(14_000);
  });

  it('moves on for retries, their pauses and timeouts', async () => {
    await using mesh = await createTestMesh([{ text: BOOKS }, { text: rule('{route: [{destination: {host: ratings}}], timeout: 10s, retries: {attempts: 2, perTryTimeout: 2s, retryOn: "5xx", backoff: 1s}}') }], { services: { ratings: () => 'hang' } });

    const response = await mesh.fetch('http://ratings:9080/');

    expect(response.status).toBe(504);
    expect(mesh.calls.for('ratings').map(({ attempt, flags }) => [attempt, flags])).toEqual([[1, 'URX,UT'], [2, 'URX,UT'], [3, 'URX,UT']]);
    expect(mesh.clock.now()).toBeGreaterThan(6000);
  });

  it('waits for a handler that does something real, however short the timeout', async () => {
    const timeout = { text: rule('{route: [{destination: {host: ratings}}], timeout: 50ms}') };
    await using mesh = await createTestMesh([{ text: BOOKS }, timeout], {
      services: {
        ratings: async () => {
          await new Promise((resolve) => setTimeout(resolve, 20));
          return {};
        },
      },
    });

    expect((await mesh.fetch('http://ratings:9080/')).status).toBe(200);
    expect(mesh.clock.now()).toBe(0);
  });

  it('does not wait for handlers that wait for it: by sleeping, by a delayed answer, or by calls of their own', async () => {
    await using mesh: TestMesh = await createTestMesh(BOOKS, {
      services: {
        ratings: async (_, at) => {
          await at.sleep('3s');
          return { delay: '2s', body: 'slow' };
        },
        reviews: async () => ({ body: await (await mesh.fetch('http://ratings:9080/')).text() }),
      },
    });

    expect(await (await mesh.fetch('http://reviews:9080/')).text()).toBe('slow');
    expect(mesh.clock.now()).toBe(5000);
  });

  it('moves on for bodies that come slowly, and for the timeout that cuts them off', async () => {
    await using mesh = await createTestMesh([{ text: BOOKS }, { text: rule('{route: [{destination: {host: ratings}}], timeout: 3s}') }], { services: { ratings: () => ({ body: 'x'.repeat(100) }) } });
    using _ = mesh.fault('ratings', { slow: '2s', times: 1 });
    expect(await (await mesh.fetch('http://ratings:9080/')).text()).toBe('x'.repeat(100));
    expect(mesh.clock.now()).toBe(2000);
    using _slower = mesh.fault('ratings', { slow: '5s' });

    await expect((await mesh.fetch('http://ratings:9080/')).text()).rejects.toThrow();
    expect(mesh.clock.now()).toBe(5000);
  });

  it('sleeps', async () => {
    await using mesh = await createTestMesh(BOOKS);

    await mesh.clock.sleep('1h');
    expect(mesh.clock.now()).toBe(3_600_000);
    await expect(mesh.clock.sleep('soon')).rejects.toThrow("'7s'");
  });

  it('ends with the mesh, when a call hangs for ever', async () => {
    const mesh = await createTestMesh(BOOKS, { services: { ratings: () => 'hang' } });
    const call = mesh.fetch('http://ratings:9080/');
    call.catch(() => {});

    await mesh.close();

    await expect(call).rejects.toMatchObject({ cause: { code: 'ERR_MESH_CLOSED' } });
    await expect(mesh.fetch('http://ratings:9080/')).rejects.toMatchObject({ cause: { code: 'ERR_MESH_CLOSED' } });
  });
});

describe('mesh.calls', () => {
  it('has each try with what was asked and answered, without secrets', async () => {
    let asked = 0;
    await using mesh = await createTestMesh(BOOKS_FILE, { services: { ratings: () => ({ status: ++asked < 3 ? 503 : 200 }) } });
    await mesh.apply(rule('{route: [{destination: {host: ratings}}], retries: {attempts: 3, retryOn: "5xx"}}'));

    await mesh.fetch('http://ratings:9080/ratings/1?token=abc&q=2', { headers: { authorization: 'Bearer abc', 'x-user': 'ann' } });

    const calls = mesh.calls.for('ratings');
    expect(calls.map(({ attempt, status, flags }) => [attempt, status, flags])).toEqual([[1, 503, '-'], [2, 503, '-'], [3, 200, '-']]);
    expect(calls[0]).toMatchObject({ service: 'ratings', method: 'GET', path: '/ratings/1?token=<redacted>&q=2', endpoint: '198.18.0.3:9080', mirrored: false });
    expect(calls[0]!.headers).toMatchObject({ authorization: '<redacted>', 'x-user': 'ann', host: 'ratings:9080' });
    expect(JSON.stringify(mesh.calls)).not.toContain('abc');
    expect(calls[2]!.startedAtMs).toBeGreaterThan(calls[0]!.startedAtMs);
    expect(calls[2]!.rule).toContain('VirtualService default/ratings spec.http[0]');
  });

  it('has what came to no endpoint, and tells copies from calls', async () => {
    await using mesh = await createTestMesh([{ text: BOOKS }, { text: rule('{match: [{uri: {prefix: /broken}}], fault: {abort: {httpStatus: 418, percentage: {value: 100}}}, route: [{destination: {host: ratings}}]}, {match: [{uri: {prefix: /copied}}], route: [{destination: {host: ratings}}], mirror: {host: reviews, subset: v1}}') }]);
    await mesh.fetch('http://ratings:9080/broken');
    await mesh.fetch('http://ratings:9080/elsewhere');
    await mesh.fetch('http://ratings:9080/copied');
    await mesh.clock.advance(1);

    expect(mesh.calls.map(({ service, subset, attempt, mirrored, status, flags }) => [service, subset, attempt, mirrored, status, flags])).toEqual(
      expect.arrayContaining([['ratings', '', 0, false, 418, 'FI'], ['ratings', '', 0, false, 404, 'NR'], ['ratings', '', 1, false, 200, '-'], ['reviews', 'v1', 1, true, 200, '-']]),
    );
    expect(mesh.calls).toHaveLength(4);
    expect(mesh.calls.for('reviews/v1')).toHaveLength(1);
    expect(mesh.calls.for('reviews/v2')).toHaveLength(0);
    expect(mesh.calls.for('reviews.default.svc.cluster.local')).toHaveLength(1);
    mesh.reset();
    expect(mesh.calls).toHaveLength(0);
  });

  it('has calls of all doors, those of an installed mesh too', async () => {
    await using mesh = await createTestMesh(BOOKS);
    await mesh.request('http://ratings:9080/1');
    await mesh.fetch('http://ratings:9080/2');
    await mesh.dispatcher.request({ origin: 'http://ratings:9080', path: '/3', method: 'GET' });
    const restore = mesh.install({ fetch: true });
    await fetch('http://ratings:9080/4').finally(restore);
    mesh.fault('ratings', { delay: '7s' });
    const agents = createAgents(mesh);
    const { body } = await new Promise<{ body: string }>((resolve, reject) => {
      http.get('http://ratings:9080/5', { agent: agents.http }, (response) => void text(response).then((body) => resolve({ body }))).on('error', reject);
    });
    agents.close();

    expect(JSON.parse(body)).toMatchObject({ service: 'ratings', path: '/5' });
    expect([mesh.calls.map(({ path }) => path), mesh.clock.now()]).toEqual([['/1', '/2', '/3', '/4', '/5'], 7000]);
  });
});
