import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import type { ConnectOptions, Mesh } from '../../src/index.ts';
import { httpService, until } from './http-services.ts';
import { policy, rule, tcpWorld } from './tcp-services.ts';

const { echo, dbMesh, defer } = tcpWorld();

/** What comes back for `ping`; the connection is closed then. */
async function ask(mesh: Mesh, options: ConnectOptions): Promise<string> {
  const socket = await mesh.connect(options);
  socket.write('ping');
  const [data] = (await once(socket, 'data')) as [Buffer];
  socket.destroy();
  await once(socket, 'close');
  return String(data);
}

/** What was counted of `db`, without its listing's zeros. */
function counted(mesh: Mesh): Record<string, number> {
  const all = Object.entries(mesh.stats(/\|5432\|\|db.*;\.upstream_(cx_(?!connect_ms)|rq_)/)).filter(([, count]) => count > 0);
  return Object.fromEntries(all.map(([name, count]) => [name.slice(name.lastIndexOf('.') + 1), count]));
}

describe('mesh.connect', () => {
  it('draws a destination for each connection', async () => {
    const { mesh } = await dbMesh(rule('tcp: [{route: [{destination: {host: db, subset: v1}, weight: 75}, {destination: {host: db, subset: v2}, weight: 25}]}]'));

    const replies = await Promise.all(Array.from({ length: 80 }, () => ask(mesh, { host: 'db', port: 5432 })));

    const toV1 = replies.filter((reply) => reply === 'v1 ping').length;
    expect(toV1).toBeGreaterThan(45);
    expect(toV1).toBeLessThan(75);
    expect(replies.filter((reply) => reply === 'v2 ping')).toHaveLength(80 - toV1);
  });

  it('serves a service without rules, by every name and address of it', async () => {
    const { mesh } = await dbMesh();

    for (const host of ['db', 'DB', 'db.default', 'db.default.svc', 'db.default.svc.cluster.local', 'db.default.svc.cluster.local.', '10.9.0.1']) {
      expect(await ask(mesh, { host, port: 5432 })).toMatch(/^v[12] ping$/);
    }
  });

  it('goes by the port of a match, and to the service itself where none fits', async () => {
    const { mesh, ended } = await dbMesh(rule('tcp: [{match: [{port: 5433}], route: [{destination: {host: db, subset: v2}}]}]'));

    expect(await ask(mesh, { host: 'db', port: 5433 })).toBe('v2 ping');
    await ask(mesh, { host: 'db', port: 5432 });

    expect(ended.map(({ cluster }) => cluster)).toEqual(['outbound|5433|v2|db.default.svc.cluster.local', 'outbound|5432||db.default.svc.cluster.local']);
  });

  it.each([
    ['NC', 'subset: undeclared', 'there is no such cluster'],
    ['UH', 'subset: none', 'it has no healthy endpoint'],
  ])('refuses with %s', async (flags, destination, why) => {
    const { mesh, ended } = await dbMesh(rule(`tcp: [{route: [{destination: {host: db, ${destination}}}]}]`));

    await expect(mesh.connect({ host: 'db', port: 5432 })).rejects.toMatchObject({ code: 'ERR_UPSTREAM', flags, message: expect.stringContaining(why) });

    expect(ended).toMatchObject([{ flags, endpoint: undefined, target: 'db:5432', openedFor: 'connect' }]);
  });

  it('tries an endpoint once, and counts the failure', async () => {
    const { mesh, ended, lines } = await dbMesh('', { endpoints: { db: [{ address: '127.0.0.1:1' }] } });

    await expect(mesh.connect({ host: 'db', port: 5432 })).rejects.toMatchObject({ code: 'ERR_UPSTREAM', flags: 'UF,URX', attempts: 1 });

    expect(ended).toMatchObject([{ flags: 'UF,URX', endpoint: '127.0.0.1:1' }]);
    expect(lines[0]).toContain('"- - -" 0 UF,URX');
    expect(counted(mesh)).toEqual({ upstream_cx_connect_attempts_exceeded: 1, upstream_cx_connect_fail: 1, upstream_cx_destroy: 1, upstream_cx_destroy_remote: 1, upstream_cx_total: 1, upstream_rq_pending_failure_eject: 1, upstream_rq_pending_total: 1 });
  });

  it('counts who closed a connection: whoever ended last, or broke it off', async () => {
    const left = await dbMesh('');
    const destroyed = await dbMesh('');
    const broken = await dbMesh('');
    const opened = { upstream_cx_total: 1, upstream_cx_destroy: 1, upstream_cx_destroy_with_active_rq: 1, upstream_rq_pending_total: 1, upstream_rq_total: 1 };
    const local = { ...opened, upstream_cx_destroy_local: 1, upstream_cx_destroy_local_with_active_rq: 1 };
    const remote = { ...opened, upstream_cx_destroy_remote: 1, upstream_cx_destroy_remote_with_active_rq: 1 };

    await once((await left.mesh.connect({ host: 'db', port: 5432 })).resume().end(), 'close');
    await once((await destroyed.mesh.connect({ host: 'db', port: 5432 })).destroy(), 'close');
    const socket = (await broken.mesh.connect({ host: 'db', port: 5432 })).resume().on('error', () => {});
    const ends = (): number => broken.v1.sockets.size + broken.v2.sockets.size;
    await expect.poll(ends).toBe(1);
    for (const { sockets } of [broken.v1, broken.v2]) for (const end of sockets) end.resetAndDestroy();
    await new Promise((resolve) => socket.on('close', resolve));

    expect(counted(left.mesh)).toEqual(remote);
    expect(counted(destroyed.mesh)).toEqual(local);
    expect(counted(broken.mesh)).toEqual(remote);
  });

  it('ejects an endpoint that refuses, and uses the other', async () => {
    const detection = policy('outlierDetection: {consecutive5xxErrors: 2, maxEjectionPercent: 100, interval: 1h}, loadBalancer: {simple: ROUND_ROBIN}');
    const good = await echo('good');
    const { mesh } = await dbMesh(detection, { endpoints: { db: [{ address: '127.0.0.1:1' }, { address: good.address }] } });
    const ejected = new Promise((resolve) => mesh.on('ejection', resolve));

    for (let i = 0; i < 4; i++) await ask(mesh, { host: 'db', port: 5432 }).catch(() => {});

    expect(await ejected).toMatchObject({ kind: 'ejected', endpoint: '127.0.0.1:1' });
  });

  it('refuses connections above the limit, and takes further ones when one has ended', async () => {
    const { mesh, ended } = await dbMesh(policy('connectionPool: {tcp: {maxConnections: 1}}'));
    const first = await mesh.connect({ host: 'db', port: 5432 });

    await expect(mesh.connect({ host: 'db', port: 5432 })).rejects.toMatchObject({ flags: 'UO' });
    first.destroy();
    await once(first, 'close');

    expect(await ask(mesh, { host: 'db', port: 5432 })).toMatch(/ping/);
    expect(ended.map(({ flags }) => flags)).toEqual(['UO', '-', '-']);
  });

  it('ends a connection at its idle time and at its age', async () => {
    const idle = await dbMesh(policy('connectionPool: {tcp: {idleTimeout: 80ms}}'));
    const aged = await dbMesh(policy('connectionPool: {tcp: {maxConnectionDuration: 80ms, idleTimeout: 0s}}'));

    for (const { mesh } of [idle, aged]) await once(await mesh.connect({ host: 'db', port: 5432 }), 'close');

    expect(idle.ended).toMatchObject([{ flags: '-' }]);
    expect(aged.ended).toMatchObject([{ flags: 'DT' }]);
    for (const { ended } of [idle, aged]) expect(ended[0]!.durationMs).toBeGreaterThanOrEqual(79);
  });

  it('tells what went through it when it is over', async () => {
    const { mesh, ended, lines } = await dbMesh(rule('tcp: [{route: [{destination: {host: db, subset: v1}}]}]'));

    await ask(mesh, { host: 'db', port: 5432, sourceAddress: '10.0.0.7' });

    expect(ended).toMatchObject([{ flags: '-', bytesSent: 4, bytesReceived: 7, rule: expect.stringContaining('VirtualService default/db') }]);
    expect(lines[0]).toMatch(/"- - -" 0 - - - "-" 4 7 \d+ - "-" "-" "-" "-" "127\.0\.0\.1:\d+" outbound\|5432\|v1\|db\.default\.svc\.cluster\.local 127\.0\.0\.1:\d+ db:5432 10\.0\.0\.7:0 - -/);
  });

  it('keeps one caller at one endpoint where its address is hashed', async () => {
    const { mesh } = await dbMesh(policy('loadBalancer: {consistentHash: {useSourceIp: true}}'));
    const replies = async (sourceAddress: string): Promise<string[]> =>
      Promise.all(Array.from({ length: 5 }, () => ask(mesh, { host: 'db', port: 5432, sourceAddress })));

    const all = await Promise.all(Array.from({ length: 12 }, (_, i) => replies(`10.0.0.${i}`)));

    for (const own of all) expect(new Set(own).size).toBe(1);
    expect(new Set(all.flat())).toEqual(new Set(['v1 ping', 'v2 ping']));
  });

  it('tells the server name where rules could go by it, and nowhere else', async () => {
    const { mesh, ended, lines, v1 } = await dbMesh(rule('tls: [{match: [{port: 5434, sniHosts: [db]}], route: [{destination: {host: db, subset: v1}}]}]'));
    const port = Number(v1.address.split(':')[1]);
    for (const to of [{ host: 'db', port: 5434 }, { host: 'db', port: 5433 }, { host: '127.0.0.1', port }]) await ask(mesh, { ...to, servername: 'db' });

    expect(ended.map(({ servername }) => servername)).toEqual(['db', undefined, undefined]);
    expect(lines.map((line) => line.trim().split(' ').at(-2))).toEqual(['db', '-', '-']);
  });

  describe('to what nobody registered', () => {
    it('goes to the address, under ALLOW_ANY', async () => {
      const { mesh, ended, v1 } = await dbMesh();
      const port = Number(v1.address.split(':')[1]);

      expect(await ask(mesh, { host: '127.0.0.1', port })).toBe('v1 ping');
      expect(await ask(mesh, { host: 'unknown.example', port: 7000, originalDst: v1.address })).toBe('v1 ping');

      expect(ended).toMatchObject([{ cluster: 'PassthroughCluster', rule: 'no rule' }, { cluster: 'PassthroughCluster' }]);
    });

    it('ends, under REGISTRY_ONLY, and says what would let it through', async () => {
      const registryOnly = `
---
apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data: {mesh: "outboundTrafficPolicy: {mode: REGISTRY_ONLY}"}
`;
      const { mesh, ended, v1 } = await dbMesh(registryOnly);
      const port = Number(v1.address.split(':')[1]);

      await expect(mesh.connect({ host: '127.0.0.1', port })).rejects.toMatchObject({
        code: 'ERR_EGRESS_BLOCKED',
        flags: 'UH',
        message: expect.stringContaining(`add a ServiceEntry for host 127.0.0.1, port ${port}`),
      });

      expect(ended).toMatchObject([{ flags: 'UH', cluster: 'BlackHoleCluster' }]);
      expect(v1.sockets.size).toBe(0);
    });
  });

  it('carries HTTP calls to a port that is not HTTP, over connections it keeps', async () => {
    const service = await httpService((request, response) => response.end(`${request.headers.host} ${request.url}`));
    defer(service);
    const { mesh, ended } = await dbMesh(rule('http: [{fault: {abort: {httpStatus: 418, percentage: {value: 100}}}, route: [{destination: {host: db}}]}]'), {
      endpoints: { db: [{ address: service.address }] },
    });

    for (let i = 0; i < 10; i++) expect(await (await mesh.fetch(`http://db:5432/${i}?x`)).text()).toBe(`db:5432 /${i}?x`);

    expect(service.accepted).toBeLessThan(5);
    expect(mesh.explain('http://db:5432/')).toMatchObject({ kind: 'connection', reason: expect.stringContaining('tcp rules') });
    await mesh.close({ drainMs: 0 });
    await until(() => service.sockets.size === 0, 'its connection is closed');
    expect(ended).toHaveLength(service.accepted);
    expect(ended[0]).toMatchObject({ openedFor: 'call', cluster: 'outbound|5432||db.default.svc.cluster.local' });
  });

  it('gives up with the signal, also while it connects', async () => {
    const { mesh, ended } = await dbMesh('', { connect: () => {} });
    const controller = new AbortController();
    const reason = new Error('enough');
    const connecting = mesh.connect({ host: 'db', port: 5432, signal: controller.signal });
    await new Promise((resolve) => setImmediate(resolve));

    controller.abort(reason);

    await expect(connecting).rejects.toBe(reason);
    await expect(mesh.connect({ host: 'db', port: 5432, signal: controller.signal })).rejects.toBe(reason);
    expect(ended).toHaveLength(1);
    expect(mesh.stats(/\|5432\|\|db.*;\.upstream_cx_active$/)).toEqual({ 'cluster.outbound|5432||db.default.svc.cluster.local;.upstream_cx_active': 0 });
  });

  it('closes its connections with the mesh, and opens none after', async () => {
    const { mesh, v1 } = await dbMesh(rule('tcp: [{route: [{destination: {host: db, subset: v1}}]}]'));
    const socket = await mesh.connect({ host: 'db', port: 5432 });
    await until(() => v1.sockets.size === 1, 'the service has the connection');

    await mesh.close({ drainMs: 0 });

    await once(socket, 'close');
    await until(() => v1.sockets.size === 0, 'the service has lost it');
    await expect(mesh.connect({ host: 'db', port: 5432 })).rejects.toMatchObject({ code: 'ERR_MESH_CLOSED' });
  });

  it.each([
    [{ host: '', port: 1 }, /host must be/],
    [{ host: 'a b', port: 1 }, /host must be/],
    [{ host: 'user@db', port: 1 }, /host must be/],
    [{ host: 7, port: 1 }, /host must be/],
    [{ host: 'db', port: 0 }, /port must be 1 to 65535, got 0/],
    [{ host: 'db', port: 1.5 }, /port must be/],
    [{ host: 'db' }, /got undefined/],
  ])('refuses %j', async (options, message) => {
    const { mesh } = await dbMesh();
    await expect(mesh.connect(options as ConnectOptions)).rejects.toMatchObject({ code: 'ERR_INVALID_ARGUMENT', message: expect.stringMatching(message) });
  });
});
