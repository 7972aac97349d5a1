import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { getRequestListener } from '@hono/node-server';
import express from 'express';
import fastify from 'fastify';
import { Hono } from 'hono';
import { afterEach, describe, expect, it } from 'vitest';
import { meshContext as inExpress } from '../../src/adapters/express.ts';
import { meshContext as inFastify } from '../../src/adapters/fastify.ts';
import { meshContext as inHono } from '../../src/adapters/hono.ts';
import type { InboundOptions } from '../../src/index.ts';
import { createMesh } from '../../src/index.ts';

// Its types are those of another version.
const express4 = createRequire(import.meta.url)('express4') as typeof express;

/** What the last service was asked, as it came in. */
type Headers = Readonly<Record<string, string>>;

/** Makes a server whose only handler, at POST /, answers with what `serve` gives for the message in the body. No header is touched in it. */
type MakeService = (serve: (message: string) => Promise<string>, options?: InboundOptions) => Promise<Server>;

const listening = async (server: Server): Promise<Server> => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
};

const ofExpress = (make: () => unknown, json: () => unknown): MakeService => (serve, options) => {
  const app = make() as express.Express;
  app.use(inExpress(options));
  app.use(json() as express.RequestHandler);
  app.post('/', (request, response, next) => {
    serve((request.body as { message: string }).message).then((text) => response.send(text), next);
  });
  return listening(createServer(app));
};

const FRAMEWORKS: Readonly<Record<string, MakeService>> = {
  'Express 5': ofExpress(express, express.json),
  'Express 4': ofExpress(express4, express4.json),
  'Fastify 5': async (serve, options = {}) => {
    const app = fastify();
    await app.register(inFastify, options);
    app.post('/', async (request) => serve((request.body as { message: string }).message));
    await app.listen({ port: 0, host: '127.0.0.1' });
    return app.server;
  },
  Hono: (serve, options) => {
    const app = new Hono();
    app.use(inHono(options));
    app.post('/', async (context) => context.text(await serve((await context.req.json<{ message: string }>()).message)));
    return listening(createServer(getRequestListener(app.fetch)));
  },
};

const opened: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0)) await close();
});

/** Services a → b → c of one framework, each of which calls the next after `pauseMs`; c tells what it was asked. */
async function threeHops(make: MakeService, options?: InboundOptions, pauseMs = 0): Promise<{ call(headers: Headers): Promise<{ status: number; asked: Headers }> }> {
  const seen: Headers[] = [];
  const last = await listening(
    createServer((request, response) => {
      seen.push(request.headers as Headers);
      response.end('c');
    }),
  );
  opened.push(() => last.close());
  const hop = (next: string) => async (message: string): Promise<string> => {
    await setTimeout(pauseMs);
    const response = await mesh.fetch(`http://${next}:9080/`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ message: `${message}>${next}` }) });
    if (!response.ok) throw new Error(`${next} answered ${response.status}`);
    return response.text();
  };
  const [a, b] = [await make(hop('b'), options), await make(hop('c'), options)];
  opened.push(() => a.close(), () => b.close());
  const service = (name: string, server: Server): string => `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: ${name}}
spec: {hosts: [${name}], location: MESH_INTERNAL, resolution: STATIC, ports: [{number: 9080, name: http, protocol: HTTP, targetPort: ${(server.address() as AddressInfo).port}}], endpoints: [{address: 127.0.0.1}]}`;
  const mesh = await createMesh({ config: ['\n', service('b', b), service('c', last)].join('\n---'), legacySemantics: false });
  opened.unshift(() => mesh.close());
  return {
    async call(headers) {
      const response = await fetch(`http://127.0.0.1:${(a.address() as AddressInfo).port}/`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify({ message: 'hello' }),
      });
      await response.text();
      return { status: response.status, asked: seen.at(-1)! };
    },
  };
}

describe.each(Object.entries(FRAMEWORKS))('in %s, without a line in the handlers', (_name, make) => {
  it('a request id, a trace and the user flow through three hops', async () => {
    const { call } = await threeHops(make);

    const { status, asked } = await call({ 'x-request-id': 'r1', 'end-user': 'jason', 'x-b3-traceid': '463ac35c9f6413ad48485a3953bb6124', 'x-b3-spanid': 'a2fb4a1d1a96d312', 'x-b3-sampled': '1', cookie: 'a=1' });

    expect(status).toBe(200);
    expect(asked).toMatchObject({ 'x-request-id': 'r1', 'end-user': 'jason', 'x-b3-traceid': '463ac35c9f6413ad48485a3953bb6124', 'x-b3-sampled': '1' });
    expect(asked).not.toHaveProperty('cookie');
  });

  it('so do a W3C trace and the headers that were chosen', async () => {
    const { call } = await threeHops(make, { headers: ['X-Tenant'] });

    const { asked } = await call({ traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01', tracestate: 'a=1', 'x-tenant': 't1' });

    expect(asked).toMatchObject({ traceparent: expect.stringContaining('4bf92f3577b34da6a3ce929d0e0e4736'), tracestate: 'a=1', 'x-tenant': 't1' });
  });

  it('so does what is left of the time', async () => {
    const { call } = await threeHops(make, {}, 20);

    const { asked } = await call({ 'x-envoy-expected-rq-timeout-ms': '60000' });

    // Two services took 20 ms each; a timer may be a millisecond early.
    const leftMs = Number(asked['x-envoy-expected-rq-timeout-ms']);
    expect(leftMs).toBeLessThanOrEqual(60_000 - 38);
    expect(leftMs).toBeGreaterThan(30_000);
  });

  it('requests at the same time are not mixed up', async () => {
    const { call } = await threeHops(make);

    const users = Array.from({ length: 10 }, (_, i) => `user-${i}`);
    const answers = await Promise.all(users.map((user) => call({ 'end-user': user })));

    expect(answers.every(({ status }) => status === 200)).toBe(true);
  });
});

describe('what is called as that of another framework is', () => {
  it.each([['Express 5', express], ['Express 4', express4]] as const)('%s says how', async (_name, make) => {
    const app = make();
    app.set('env', 'test');
    app.use(inExpress as unknown as express.RequestHandler);
    const server = await listening(createServer(app));
    opened.push(() => server.close());

    const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);

    expect([response.status, await response.text()]).toEqual([500, expect.stringContaining('app.use(meshContext()), not app.use(meshContext)')]);
  });

  it('Hono says how', async () => {
    const app = new Hono();
    app.use(inHono as never);
    app.onError((error, context) => context.text(error.message, 500));

    expect(await (await app.request('/')).text()).toContain('app.use(meshContext()), not app.use(meshContext)');
  });

  it('Fastify says how', () => {
    expect(() => fastify().register((inFastify as unknown as (options: InboundOptions) => never)({ headers: ['x-tenant'] }))).toThrow('app.register(meshContext, options)');
  });
});
