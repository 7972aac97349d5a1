// What tcp rules and policies promise about connections beyond where they go.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect as netConnect, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import { describe, expect, it } from 'vitest';
import type { Mesh } from '../../src/index.ts';
import { until } from './http-services.ts';
import { allTo, answer, heard, policy, rule, tcpService, tcpWorld, type TcpService } from './tcp-services.ts';

const CERTS = join(import.meta.dirname, '..', 'conformance', 'data', 'certs');
const pem = (name: string): string => readFileSync(join(CERTS, name), 'utf8');

const { defer, echo, dbMesh } = tcpWorld();
const TO = { host: 'db', port: 5432 };
const CLUSTER = 'cluster.outbound|5432||db.default.svc.cluster.local;.';

async function ended(socket: Socket): Promise<void> {
  socket.destroy();
  await once(socket, 'close');
}

/** The flags of a refusal; `-` for an answer. */
async function outcome(mesh: Mesh, to = TO): Promise<string> {
  try {
    await ended(await mesh.connect(to));
    return '-';
  } catch (error) {
    return (error as { flags: string }).flags;
  }
}

describe('connectTimeout', () => {
  it('ends the attempt, which counts as a failure of the endpoint', async () => {
    let abandoned = 0;
    const { mesh, ended, lines } = await dbMesh(policy('connectionPool: {tcp: {connectTimeout: 40ms}}'), { connect: () => () => abandoned++ });
    const startedAt = performance.now();

    await expect(mesh.connect(TO)).rejects.toMatchObject({ code: 'ERR_UPSTREAM', flags: 'UF,URX', attempts: 1, message: expect.stringContaining('connection timeout') });

    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(39);
    expect(abandoned).toBe(1);
    expect(ended).toMatchObject([{ flags: 'UF,URX' }]);
    expect(lines[0]).toContain('"- - -" 0 UF,URX - - "-" 0 0 ');
    expect(mesh.stats(/\|5432\|\|.*;\.upstream_cx_(active|connect_fail|connect_timeout)$/)).toEqual({
      [`${CLUSTER}upstream_cx_active`]: 0,
      [`${CLUSTER}upstream_cx_connect_fail`]: 1,
      [`${CLUSTER}upstream_cx_connect_timeout`]: 1,
    });
  });

  it('is that of the port, where portLevelSettings have one', async () => {
    const { mesh } = await dbMesh(policy('connectionPool: {tcp: {connectTimeout: 10s}}, portLevelSettings: [{port: {number: 5433}, connectionPool: {tcp: {connectTimeout: 20ms}}}]'), { connect: () => {} });
    const slow = mesh.connect(TO).catch((error: unknown) => error);

    await expect(mesh.connect({ host: 'db', port: 5433 })).rejects.toMatchObject({ flags: 'UF,URX' });

    expect(mesh.stats(/\|5432\|\|.*;\.upstream_cx_active$/)).toEqual({ [`${CLUSTER}upstream_cx_active`]: 1 });
    await mesh.close({ drainMs: 0 });
    expect(await slow).toMatchObject({ code: 'ERR_UPSTREAM' });
  });
});

describe('maxConnections', () => {
  it('counts for each cluster by itself', async () => {
    const limits = policy('connectionPool: {tcp: {maxConnections: 2}}');
    const { mesh, lines } = await dbMesh(limits + rule('tcp: [{match: [{port: 5433}], route: [{destination: {host: db, subset: v2, port: {number: 5433}}}]}, {route: [{destination: {host: db, subset: v1}}]}]'));
    const admin = { host: 'db', port: 5433 };
    const held = await Promise.all([mesh.connect(TO), mesh.connect(TO), mesh.connect(admin)]);

    expect(await Promise.all([outcome(mesh), outcome(mesh, admin)])).toEqual(['UO', '-']);

    expect(mesh.stats(/\|5432\|v1\|.*;\.(upstream_cx_(active|overflow|total)|circuit_breakers\.default\.cx_open)$/)).toEqual({
      'cluster.outbound|5432|v1|db.default.svc.cluster.local;.circuit_breakers.default.cx_open': 1,
      'cluster.outbound|5432|v1|db.default.svc.cluster.local;.upstream_cx_active': 2,
      'cluster.outbound|5432|v1|db.default.svc.cluster.local;.upstream_cx_overflow': 1,
      'cluster.outbound|5432|v1|db.default.svc.cluster.local;.upstream_cx_total': 2,
    });
    expect(lines.filter((line) => line.includes(' UO '))).toHaveLength(1);
    for (const socket of held) await ended(socket);
    expect(await outcome(mesh)).toBe('-');
  });

  it('lets further ones in as soon as a change allows', async () => {
    const { mesh } = await dbMesh(policy('connectionPool: {tcp: {maxConnections: 1}}'));
    const first = await mesh.connect(TO);
    expect(await outcome(mesh)).toBe('UO');

    await mesh.apply(policy('connectionPool: {tcp: {maxConnections: 2}}'));

    expect(await outcome(mesh)).toBe('-');
    await ended(first);
  });
});

describe('idleTimeout', () => {
  it('is counted from the last byte, whichever way it went', async () => {
    const { mesh, ended: over } = await dbMesh(policy('connectionPool: {tcp: {idleTimeout: 120ms}}'));
    const socket = await mesh.connect(TO);
    const closed = once(socket, 'close');

    for (let i = 0; i < 6; i++) {
      expect(await answer(socket)).toMatch(/ping/);
      await new Promise((resolve) => setTimeout(resolve, 40));
    }
    await closed;

    expect(over[0]!.durationMs).toBeGreaterThan(240 + 40);
    expect(over).toMatchObject([{ flags: '-', bytesSent: 24 }]);
  });
});

describe('the end that a rule sets', () => {
  it.each([
    ['-', 'idleTimeout: 60ms'],
    ['DT', 'maxConnectionDuration: 60ms'],
  ])('closes a connection of createConnection without an error: %s', async (flags, tcp) => {
    const { mesh, ended: over } = await dbMesh(policy(`connectionPool: {tcp: {${tcp}}}`));
    const socket = mesh.createConnection(TO);
    const events = heard(socket);
    await answer(socket);

    await once(socket, 'close');

    expect(events).toEqual(['connect', 'ready', 'close false']);
    expect(over).toMatchObject([{ flags }]);
  });
});

describe('a change of rules', () => {
  it('leaves open connections where they are, and sends further ones elsewhere', async () => {
    const { mesh, v1 } = await dbMesh(allTo('v1'));
    const before = await mesh.connect(TO);
    expect(await answer(before)).toBe('v1 ping');

    await mesh.apply(allTo('v2'));

    const after = await mesh.connect(TO);
    expect(await answer(after)).toBe('v2 ping');
    expect(await answer(before)).toBe('v1 ping');
    await mesh.delete('VirtualService/db');
    expect(await answer(before)).toBe('v1 ping');
    expect(v1.sockets.size).toBe(1);
    await Promise.all([ended(before), ended(after)]);
    expect(mesh.stats(/;\.upstream_cx_active$/)).toMatchObject({ [`${CLUSTER}upstream_cx_active`]: 0 });
    expect(Object.values(mesh.stats(/;\.upstream_cx_active$/)).every((active) => active === 0)).toBe(true);
  });

  it('counts a connection whose cluster is gone until it ends, and logs it', async () => {
    const { mesh, ended: over, lines } = await dbMesh(allTo('v1'));
    const socket = await mesh.connect(TO);

    await mesh.delete('VirtualService/db');
    await mesh.delete('DestinationRule/db');
    await mesh.delete('Service/db');

    expect(await answer(socket)).toBe('v1 ping');
    await ended(socket);
    expect(over).toMatchObject([{ cluster: 'outbound|5432|v1|db.default.svc.cluster.local', bytesSent: 4 }]);
    expect(lines).toHaveLength(1);
  });
});

describe('outlier detection', () => {
  const detection = policy('outlierDetection: {consecutive5xxErrors: 1, maxEjectionPercent: 100, interval: 50ms, baseEjectionTime: 100ms}, loadBalancer: {simple: ROUND_ROBIN}');

  it('takes an endpoint that refuses out, keeps what is open to it, and lets it back', async () => {
    const [good, ill] = await Promise.all([echo('good'), tcpService((socket) => socket.on('data', (data) => socket.write(`ill ${String(data)}`)))]);
    defer(ill);
    const { mesh } = await dbMesh(detection, { endpoints: { db: [{ address: good.address }, { address: ill.address }] } });
    const heard: string[] = [];
    mesh.on('ejection', ({ kind, endpoint }) => heard.push(`${kind} ${endpoint}`));
    const sockets = [await mesh.connect(TO), await mesh.connect(TO)];
    const kept = sockets.find(({ remotePort }) => remotePort === ill.port)!;
    expect(await answer(kept)).toBe('ill ping');

    ill.server.close();
    await until(() => !ill.server.listening, 'the service no longer listens');
    const flags: string[] = [];
    while (heard.length === 0) flags.push(await outcome(mesh));
    expect(heard).toEqual([`ejected ${ill.address}`]);
    expect(flags.filter((flag) => flag !== '-')).toEqual(['UF,URX']);
    expect(await answer(kept, 'still')).toBe('ill still');

    const back: TcpService = defer(await tcpService(() => {}, { port: ill.port }));
    await until(() => heard.length === 2, 'it is let back');
    expect(heard[1]).toBe(`unejected ${ill.address}`);
    // The balancer hears of it with what else changes within a second.
    let last: number | undefined;
    const again: Socket[] = [];
    for (const end = performance.now() + 3000; last !== back.port && performance.now() < end; last = again.at(-1)!.remotePort) {
      again.push(await mesh.connect(TO));
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(last).toBe(back.port);
    for (const socket of [...sockets, ...again]) socket.destroy();
  });
});

describe('TLS to endpoints', () => {
  async function secureEcho(): Promise<TcpService & { names: (string | false)[] }> {
    const names: (string | false)[] = [];
    const inner = createTlsServer({ key: pem('server.key'), cert: pem('server.pem') }, (socket) => {
      names.push((socket as unknown as { servername: string | false }).servername);
      socket.on('error', () => {});
      socket.on('data', (data) => socket.write(`secret ${String(data)}`));
    });
    inner.on('tlsClientError', () => {});
    await new Promise<void>((resolve) => inner.listen(0, '127.0.0.1', resolve));
    const inward = defer({ close: () => inner.close() });
    const { port } = inner.address() as AddressInfo;
    // What the mesh reaches, so that its connections can be counted.
    const service = defer(await tcpService((socket) => {
      const on = netConnect(port, '127.0.0.1');
      socket.pipe(on).pipe(socket);
      socket.on('close', () => on.destroy());
      on.on('close', () => socket.destroy()).on('error', () => {});
    }));
    return Object.assign(service, { names, inward });
  }

  const tls = (mode: string): string => policy(`tls: {${mode}}`);

  it('is made by the mesh, and the caller sends plain bytes', async () => {
    const secure = await secureEcho();
    const { mesh, ended: over } = await dbMesh(tls(`mode: SIMPLE, caCertificates: ${join(CERTS, 'ca.pem')}, sni: db.example.com`), { endpoints: { db: [{ address: secure.address }] } });

    for (const socket of [await mesh.connect(TO), mesh.createConnection(TO)]) {
      expect(await answer(socket)).toBe('secret ping');
      await ended(socket);
    }

    expect(secure.names).toEqual(['db.example.com', 'db.example.com']);
    expect(over).toMatchObject([{ flags: '-' }, { flags: '-' }]);
    await until(() => secure.sockets.size === 0, 'nothing is left open');
  });

  it('fails as a connection does, where the certificate is not one to trust', async () => {
    const secure = await secureEcho();
    const { mesh, ended: over } = await dbMesh(tls(`mode: SIMPLE, caCertificates: ${join(CERTS, 'ca.pem')}, subjectAltNames: [nobody.test]`), { endpoints: { db: [{ address: secure.address }] } });

    await expect(mesh.connect(TO)).rejects.toMatchObject({ code: 'ERR_UPSTREAM', flags: 'UF,URX' });

    expect(over).toMatchObject([{ flags: 'UF,URX', failure: expect.stringContaining('SAN') }]);
    await until(() => secure.sockets.size === 0, 'nothing is left open');
  });
});

describe('the access log', () => {
  it.each([
    ['UO', policy('connectionPool: {tcp: {maxConnections: 1}}'), 'outbound\\|5432\\|\\|db\\.default\\.svc\\.cluster\\.local'],
    ['UH', allTo('none'), 'outbound\\|5432\\|none\\|db\\.default\\.svc\\.cluster\\.local'],
    ['NC', allTo('undeclared'), '-'],
  ])('has a line for a connection that was refused: %s', async (flags, rules, cluster) => {
    const { mesh, lines } = await dbMesh(rules);
    const first = flags === 'UO' ? await mesh.connect(TO) : undefined;

    expect(await outcome(mesh)).toBe(flags);

    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(new RegExp(`^\\[.*\\] "- - -" 0 ${flags} - - "-" 0 0 \\d+ - "-" "-" "-" "-" "-" ${cluster} - db:5432 127\\.0\\.0\\.1:0 - -`));
    first?.destroy();
  });

  it('has it in JSON, too', async () => {
    const { mesh, lines } = await dbMesh(`
---
apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data: {mesh: "accessLogEncoding: JSON"}
`);

    const socket = await mesh.connect(TO);
    expect(await answer(socket)).toMatch(/ping/);
    await ended(socket);

    await mesh.apply(`apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data: {mesh: 'accessLogFormat: "%START_TIME(%Y)% %UPSTREAM_HOST% %BYTES_SENT% %REQ(X-A)%"'}
`);
    const other = await mesh.connect(TO);
    await answer(other);
    await ended(other);

    expect(lines[1]).toMatch(/^\d{4} \S+:\d+ 7 -$/);
    expect(JSON.parse(lines[0]!)).toMatchObject({ response_code: 0, response_flags: '-', bytes_received: 4, bytes_sent: 7, upstream_cluster: 'outbound|5432||db.default.svc.cluster.local', method: null });
  });
});
