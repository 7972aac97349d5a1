import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Body, Controller, Get, Injectable, Module, Post, UseGuards, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { clientToken, InjectMesh, MESH, MeshClient, MeshHealthIndicator, MeshModule, type MeshModuleOptions, type ServiceClient } from '../../src/adapters/nest.ts';
import { currentInbound, type Mesh } from '../../src/index.ts';
import { createTestMesh } from '../../src/testing/index.ts';

type Headers = Readonly<Record<string, string>>;

const opened: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close();
});

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  opened.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

/** What the guard of {@link Hop} saw. */
const guarded: (string | undefined)[] = [];

class Guard {
  canActivate(): boolean {
    guarded.push(currentInbound()?.headers.join());
    return true;
  }
}
Injectable()(Guard);

/** A controller that asks the next service, and touches no header. Decorators are called by hand: Node does not run their syntax. */
class Hop {
  readonly next: ServiceClient;
  readonly mesh: Mesh;

  constructor(next: ServiceClient, mesh: Mesh) {
    this.next = next;
    this.mesh = mesh;
  }

  async ask(body: { readonly message: string }): Promise<string> {
    const response = await this.next.fetch('/', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ message: `${body.message}!` }) });
    return `${response.status} ${await response.text()}`;
  }

  rules(): string {
    return String(this.mesh.snapshot.version);
  }
}
const decorate = (decorator: MethodDecorator, name: 'ask' | 'rules'): unknown => decorator(Hop.prototype, name, Object.getOwnPropertyDescriptor(Hop.prototype, name)!);
MeshClient('next:9080')(Hop, undefined, 0);
InjectMesh()(Hop, undefined, 1);
Body()(Hop.prototype, 'ask', 0);
decorate(Post() as MethodDecorator, 'ask');
decorate(Get('rules') as MethodDecorator, 'rules');
UseGuards(Guard)(Hop);
Controller()(Hop);

function appOf(mesh: ReturnType<typeof MeshModule.forRoot>): new () => object {
  class App {}
  Module({ imports: [mesh], controllers: [Hop] })(App);
  return App;
}

function rulesFor(port: number): string {
  return `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: next}
spec: {hosts: [next], location: MESH_INTERNAL, resolution: STATIC, ports: [{number: 9080, name: http, protocol: HTTP, targetPort: ${port}}], endpoints: [{address: 127.0.0.1}]}
`;
}

const PLATFORMS = { Express: () => new ExpressAdapter(), Fastify: () => new FastifyAdapter() };

/** An application that calls the service on `port`. */
async function started(platform: keyof typeof PLATFORMS, options: MeshModuleOptions): Promise<{ app: INestApplication; port: number }> {
  const app = await NestFactory.create(appOf(MeshModule.forRoot(options)), PLATFORMS[platform]() as never, { logger: false });
  await app.listen(0, '127.0.0.1');
  opened.push(() => app.close());
  return { app, port: Number(new URL(await app.getUrl()).port) };
}

describe.each(Object.keys(PLATFORMS) as (keyof typeof PLATFORMS)[])('in Nest 12 on %s', (platform) => {
  it('contexts flow through three hops without a line in the controllers', async () => {
    const seen: Headers[] = [];
    const last = await listening(
      createServer((request, response) => {
        seen.push(request.headers as Headers);
        response.end('last');
      }),
    );
    const b = await started(platform, { config: rulesFor(last) });
    const a = await started(platform, { config: rulesFor(b.port) });
    guarded.length = 0;

    const answer = await fetch(`http://127.0.0.1:${a.port}/`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-request-id': 'r1', 'end-user': 'jason', traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01', 'x-envoy-expected-rq-timeout-ms': '60000' },
      body: JSON.stringify({ message: 'hello' }),
    });

    expect(await answer.text()).toBe('201 200 last');
    expect(seen[0]).toMatchObject({ 'x-request-id': 'r1', 'end-user': 'jason', traceparent: expect.stringContaining('4bf92f3577b34da6a3ce929d0e0e4736') });
    expect(Number(seen[0]!['x-envoy-expected-rq-timeout-ms'])).toBeGreaterThan(30_000);
    expect(guarded[0]).toContain('end-user,jason');
  });

  it('nothing flows where that is switched off', async () => {
    const seen: Headers[] = [];
    const last = await listening(
      createServer((request, response) => {
        seen.push(request.headers as Headers);
        response.end('last');
      }),
    );
    const { port } = await started(platform, { config: rulesFor(last), inbound: false });

    await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', headers: { 'content-type': 'application/json', 'end-user': 'jason' }, body: '{"message":"hello"}' });

    expect(seen[0]).not.toHaveProperty('end-user');
  });
});

describe('the module', () => {
  it('closes the mesh that it made with the application, and no other', async () => {
    const own = await started('Express', { config: rulesFor(1) });
    const made = own.app.get<Mesh>(MESH);
    await own.app.close();
    await expect(made.fetch('http://next:9080/')).rejects.toMatchObject({ cause: { code: 'ERR_MESH_CLOSED' } });

    await using mesh = await createTestMesh(rulesFor(1));
    const other = await started('Express', { mesh });
    expect(await (await fetch(`http://127.0.0.1:${other.port}/rules`)).text()).toBe(String(mesh.snapshot.version));
    await other.app.close();
    expect((await mesh.fetch('http://next:9080/')).status).toBe(200);
  });

  it('takes options that other providers know, and lets tests put clients in place', async () => {
    class Settings {
      readonly rules = rulesFor(1);
    }
    class SettingsModule {}
    Module({ providers: [Settings], exports: [Settings] })(SettingsModule);
    const mesh = MeshModule.forRootAsync({ imports: [SettingsModule], inject: [Settings], useFactory: ({ rules }: Settings) => ({ config: rules }) });
    const testing = await Test.createTestingModule({ imports: [appOf(mesh)] }).overrideProvider(clientToken('next:9080')).useValue({ fetch: () => Promise.resolve(new Response('fake')) }).compile();
    opened.push(() => testing.close());

    expect(testing.get<Mesh>(MESH).get('ServiceEntry/next')).toHaveLength(1);
    expect(await testing.get(Hop).ask({ message: '' })).toBe('200 fake');
  });

  it('has clients that are named in files loaded after the one that makes it', async () => {
    const options = { config: rulesFor(1) };
    for (const mesh of [MeshModule.forRoot(options), MeshModule.forRootAsync({ useFactory: () => options })]) {
      class Late {
        readonly client: ServiceClient;

        constructor(client: ServiceClient) {
          this.client = client;
        }
      }
      class Feature {}
      class App {}
      MeshClient(`next:9080/${randomUUID()}`)(Late, undefined, 0);
      Module({ providers: [Late] })(Feature);
      Module({ imports: [mesh, Feature] })(App);

      const app = await NestFactory.createApplicationContext(App, { logger: false, abortOnError: false });
      opened.push(() => app.close());

      expect(app.get(Late).client.url).toContain('http://next:9080/');
    }
  });

  it('leaves a mesh open that a test put in the place of its own', async () => {
    await using mesh = await createTestMesh(rulesFor(1));
    const testing = await Test.createTestingModule({ imports: [appOf(MeshModule.forRoot({ config: rulesFor(1) }))] }).overrideProvider(MESH).useValue(mesh).compile();
    expect(testing.get<Mesh>(MESH)).toBe(mesh);
    await testing.close();

    expect((await mesh.fetch('http://next:9080/')).status).toBe(200);
  });

  it('tells how the mesh is', async () => {
    const { app } = await started('Express', { config: rulesFor(1) });

    expect(app.get(MeshHealthIndicator).isHealthy()).toEqual({ mesh: { status: 'up', version: expect.any(Number) } });
    expect(Object.keys(app.get(MeshHealthIndicator).isHealthy('rules'))).toEqual(['rules']);
  });

  it('refuses to start with rules that have errors', async () => {
    await expect(Test.createTestingModule({ imports: [MeshModule.forRoot({ config: 'apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: a}\nspec: {hosts: 1}\n' })] }).compile()).rejects.toMatchObject({ code: 'ERR_INVALID_CONFIG' });
  });
});
