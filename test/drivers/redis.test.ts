// A real driver and a real server: what ioredis sees of tcp and tls rules.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis, type RedisOptions } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createMesh, type EjectionEvent, type Mesh, type MeshError, type MeshOptions } from '../../src/index.ts';
import { until } from '../mesh/http-services.ts';
import { meshConnector } from './mesh-connector.ts';
import { RedisServer } from './redis-server.ts';

const CERTS = join(import.meta.dirname, '..', 'conformance', 'data', 'certs');

const SERVICE = `
apiVersion: v1
kind: Service
metadata: {name: redis}
spec: {ports: [{name: tcp-redis, port: 6379}, {name: tls-redis, port: 6380}]}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: redis}
spec:
  host: redis
  trafficPolicy:
    loadBalancer: {simple: ROUND_ROBIN}
    outlierDetection: {consecutive5xxErrors: 1, maxEjectionPercent: 100, interval: 100ms, baseEjectionTime: 200ms}
  subsets: [{name: v1, labels: {version: v1}}, {name: v2, labels: {version: v2}}]
`;

const weights = (v1: number, v2: number): string => `
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: redis}
spec:
  hosts: [redis]
  tcp: [{route: [{destination: {host: redis, subset: v1}, weight: ${v1}}, {destination: {host: redis, subset: v2}, weight: ${v2}}]}]
`;

let servers: readonly RedisServer[] = [];
const toClose: (() => unknown)[] = [];

beforeAll(async () => {
  servers = await Promise.all([RedisServer.start(), RedisServer.start()]);
});

afterAll(async () => {
  for (const server of servers) await server.close();
});

afterEach(async () => {
  for (const close of toClose.splice(0).reverse()) await close();
});

/** A mesh whose `redis` is the two servers, each a version. */
async function redisMesh(rules = '', options: MeshOptions = {}): Promise<Mesh> {
  const mesh = await createMesh({
    config: SERVICE + rules,
    endpoints: { redis: servers.map(({ address }, index) => ({ address, labels: { version: `v${index + 1}` } })) },
    seed: 7,
    ...options,
  });
  toClose.push(() => mesh.close({ drainMs: 0 }));
  return mesh;
}

function client(mesh: Mesh, options: RedisOptions = {}): Redis {
  const redis = new Redis({ host: 'redis', port: 6379, Connector: meshConnector(mesh), retryStrategy: () => 20, ...options });
  redis.on('error', () => {});
  toClose.push(() => redis.disconnect());
  return redis;
}

/** Which server this client speaks to. */
async function versionOf(redis: Redis): Promise<string> {
  const port = /tcp_port:(\d+)/.exec(await redis.info('server'))![1];
  return `v${servers.findIndex((server) => String(server.port) === port) + 1}`;
}

async function firstError(redis: Redis): Promise<MeshError> {
  const [error] = (await once(redis, 'error')) as [MeshError];
  return error;
}

describe('ioredis through the mesh', () => {
  it('is spread over the servers by weight, a connection at a time', async () => {
    const mesh = await redisMesh(weights(75, 25));
    const redises = Array.from({ length: 60 }, () => client(mesh));

    const versions = await Promise.all(redises.map(versionOf));

    const toV1 = versions.filter((version) => version === 'v1').length;
    const deviation = Math.sqrt(60 * 0.75 * 0.25);
    expect(Math.abs(toV1 - 45)).toBeLessThan(5 * deviation);
    expect(versions.filter((version) => version === 'v2')).toHaveLength(60 - toV1);
    // Each stays where it is.
    expect(await Promise.all(redises.map(versionOf))).toEqual(versions);
    await Promise.all(redises.map((redis) => redis.quit()));
    await until(() => open(mesh) === 0, 'no connection is left');
  });

  it('carries what Redis carries: large values, thousands of commands at once, blocking reads, subscriptions', async () => {
    const mesh = await redisMesh(weights(100, 0));
    const [redis, other] = [client(mesh), client(mesh)];
    await redis.flushall();

    const large = Buffer.alloc(5_000_000, 'ä€x');
    await redis.set('large', large);
    expect((await redis.getBuffer('large'))!.equals(large)).toBe(true);

    const replies = await Promise.all(Array.from({ length: 5000 }, (_, i) => redis.incrby('sum', i)));
    expect(replies.at(-1)).toBe((4999 * 5000) / 2);
    const pipeline = redis.pipeline();
    for (let i = 0; i < 1000; i++) pipeline.set(`key ${i}`, `value ${i}`).get(`key ${i}`);
    const results = (await pipeline.exec())!;
    expect(results.filter(([error, value], i) => error === null && value === (i % 2 === 0 ? 'OK' : `value ${(i - 1) / 2}`))).toHaveLength(2000);

    const waiting = other.blpop('queue', 5);
    await redis.rpush('queue', 'job');
    expect(await waiting).toEqual(['queue', 'job']);

    await other.subscribe('news');
    const message = once(other, 'message');
    await redis.publish('news', 'hello');
    expect(await message).toEqual(['news', 'hello']);
  });

  it('stays where it is when rules change, and goes by the new ones when it connects again', async () => {
    const mesh = await redisMesh(weights(100, 0));
    const redis = client(mesh);
    expect(await versionOf(redis)).toBe('v1');

    await mesh.apply(weights(0, 100));

    expect(await versionOf(redis)).toBe('v1');
    expect(await versionOf(client(mesh))).toBe('v2');
    redis.disconnect(true);
    await once(redis, 'ready');
    expect(await versionOf(redis)).toBe('v2');
  });

  it('goes on at the other server when one is killed, and comes back to it', async () => {
    const mesh = await redisMesh();
    const ejections: EjectionEvent[] = [];
    mesh.on('ejection', (event) => ejections.push(event));
    const redises = [client(mesh), client(mesh), client(mesh), client(mesh)];
    expect(new Set(await Promise.all(redises.map(versionOf)))).toEqual(new Set(['v1', 'v2']));

    await servers[0]!.kill();

    // Commands wait in the driver until it is connected again.
    expect(await Promise.all(redises.map(versionOf))).toEqual(['v2', 'v2', 'v2', 'v2']);
    expect(ejections[0]).toMatchObject({ kind: 'ejected', endpoint: servers[0]!.address });
    expect(failures(mesh)).toBeGreaterThan(0);

    await servers[0]!.run();
    await until(() => ejections.at(-1)?.kind === 'unejected', 'it is let back');
    // The balancer hears of it with what else changes within a second.
    let version = 'v2';
    for (const end = performance.now() + 3000; version !== 'v1' && performance.now() < end; await new Promise((resolve) => setTimeout(resolve, 20))) {
      version = await versionOf(client(mesh));
    }
    expect(version).toBe('v1');
  });

  it('hears in the words of the mesh why there is no connection', async () => {
    const nowhere = await redisMesh(weights(100, 0).replace('subset: v1', 'subset: v9'));
    expect(await firstError(client(nowhere))).toMatchObject({ code: 'ERR_UPSTREAM', flags: 'NC', message: expect.stringContaining('no such cluster') });

    const limited = await redisMesh('', { config: SERVICE.replace('trafficPolicy:', 'trafficPolicy:\n    connectionPool: {tcp: {maxConnections: 1}}') });
    const first = client(limited);
    await first.ping();
    const second = client(limited);
    expect(await firstError(second)).toMatchObject({ flags: 'UO' });
    // It tries again by itself, and there is room then.
    await first.quit();
    expect(await second.ping()).toBe('PONG');
  });

  it('gives up connecting when the driver does', async () => {
    const mesh = await redisMesh('', { connect: () => {} });
    const redis = client(mesh, { connectTimeout: 50, retryStrategy: () => null });
    expect(await firstError(redis)).toMatchObject({ code: 'ETIMEDOUT' });
    await until(() => open(mesh) === 0, 'no connection is left');

    const other = client(mesh, { disconnectTimeout: 50 });
    await until(() => open(mesh) === 1, 'it connects');
    other.disconnect();
    await until(() => open(mesh) === 0, 'no connection is left');
  });

  it("does its own TLS, and is routed by the name it asks for", async () => {
    const secure = await RedisServer.start({ key: join(CERTS, 'server.key'), cert: join(CERTS, 'server.pem'), ca: join(CERTS, 'ca.pem') });
    toClose.push(() => secure.close());
    const mesh = await createMesh({
      config: `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: cache}
spec:
  hosts: [cache.example.com]
  resolution: STATIC
  location: MESH_EXTERNAL
  ports: [{number: 6380, name: tls, protocol: TLS}]
  endpoints: [{address: 127.0.0.1, ports: {tls: ${secure.port}}}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: cache}
spec:
  hosts: [cache.example.com]
  tls: [{match: [{port: 6380, sniHosts: [cache.example.com]}], route: [{destination: {host: cache.example.com, port: {number: 6380}}}]}]
`,
    });
    toClose.push(() => mesh.close({ drainMs: 0 }));
    const connections: unknown[] = [];
    mesh.on('connection', ({ servername, rule }) => connections.push({ servername, rule }));
    const redis = client(mesh, { host: 'cache.example.com', port: 6380, tls: { ca: readFileSync(join(CERTS, 'ca.pem'), 'utf8') } });

    await redis.set('key', 'x'.repeat(300_000));
    expect(await redis.strlen('key')).toBe(300_000);
    await redis.quit();

    await until(() => connections.length === 1, 'the connection is over');
    expect(connections).toEqual([{ servername: 'cache.example.com', rule: expect.stringContaining('VirtualService default/cache spec.tls[0]') }]);
  });
});

/** Connections that the mesh has open, or is opening. */
function open(mesh: Mesh): number {
  return sum(mesh, /;\.upstream_cx_active$/);
}

function failures(mesh: Mesh): number {
  return sum(mesh, /;\.upstream_cx_connect_fail$/);
}

function sum(mesh: Mesh, pattern: RegExp): number {
  return Object.values(mesh.stats(pattern)).reduce((total, count) => total + count, 0);
}
