import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect as netConnect, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import { connect as tlsConnect, createServer as createTlsServer } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { until } from './http-services.ts';
import { active, allTo, answer, rule, tcpWorld } from './tcp-services.ts';

const { defer, dbMesh, meshTo } = tcpWorld();
const TO = { host: 'db', port: 5432 };

describe("the caller's own TLS on top", () => {
  const pem = (name: string): string => readFileSync(join(import.meta.dirname, '..', 'conformance', 'data', 'certs', name), 'utf8');

  async function secure(name: string): Promise<string> {
    const server = createTlsServer({ key: pem('server.key'), cert: pem('server.pem') }, (socket) => {
      socket.on('error', () => {}).on('data', (data) => socket.write(`${name} ${String((socket as unknown as { servername: string }).servername)} ${String(data)}`));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    defer({ close: () => server.close() });
    return `127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  it('is routed by its server name, and closes what is under it', async () => {
    const [one, two] = await Promise.all([secure('one'), secure('two')]);
    const tls = rule(`tls: [
      {match: [{port: 5434, sniHosts: [a.example.com]}], route: [{destination: {host: db, subset: v1}}]},
      {match: [{port: 5434, sniHosts: [b.example.com]}], route: [{destination: {host: db, subset: v2}}]}]`, '"*.example.com", db');
    const { mesh, ended } = await dbMesh(tls, { endpoints: { db: [{ address: one, labels: { version: 'v1' } }, { address: two, labels: { version: 'v2' } }] } });

    for (const [servername, name] of [['a.example.com', 'one'], ['b.example.com', 'two']] as const) {
      const bare = mesh.createConnection({ host: 'db', port: 5434, servername });
      const socket = tlsConnect({ socket: bare, servername, ca: pem('ca.pem') });
      await once(socket, 'secureConnect');
      expect(await answer(socket)).toBe(`${name} ${servername} ping`);
      socket.end();
      await Promise.all([once(socket, 'close'), once(bare, 'close')]);
    }

    expect(ended.map(({ servername, flags }) => [servername, flags])).toEqual([['a.example.com', '-'], ['b.example.com', '-']]);
    expect(active(mesh)).toBe(0);
  });

  it('hears of every way in which it breaks, and nothing ends the process', async () => {
    const address = await secure('one');
    let breakOff: ((bytes: number, socket: Socket, on: Socket) => void) | undefined;
    const { mesh } = await meshTo((socket) => {
      let bytes = 0;
      const on = netConnect(Number(address.split(':')[1]), '127.0.0.1');
      const count = (data: Buffer): void => breakOff?.((bytes += data.length), socket, on);
      socket.on('data', count).pipe(on).on('data', count).pipe(socket);
      socket.on('close', () => on.destroy());
      on.on('error', () => {}).on('close', () => socket.destroy());
    });
    for (let after = 1; after < 4000; after += 250) {
      for (const how of ['reset', 'end', 'destroy'] as const) {
        breakOff = (bytes, socket) => {
          if (bytes < after) return;
          if (how === 'reset') socket.resetAndDestroy();
          else if (how === 'end') socket.end();
          else socket.destroy();
        };
        const socket = tlsConnect({ socket: mesh.createConnection(TO), servername: 'a.example.com', ca: pem('ca.pem') });
        socket.on('error', () => {}).on('secureConnect', () => socket.write('x'.repeat(1000)));
        socket.on('data', () => socket.write('x'.repeat(1000)));
        await new Promise((resolve) => socket.once('close', resolve));
      }
    }
    await until(() => active(mesh) === 0, 'nothing is open');
  });

  it('hears why the mesh could not open it', async () => {
    const { mesh } = await dbMesh(allTo('none'));
    const bare = mesh.createConnection({ ...TO, servername: 'db' });
    const socket = tlsConnect({ socket: bare, servername: 'db' });
    const [error] = (await once(socket, 'error')) as [Error];
    expect(error).toMatchObject({ code: 'ERR_UPSTREAM', flags: 'UH' });
    await until(() => bare.destroyed, 'it is closed');
  });
});
