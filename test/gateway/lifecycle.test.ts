import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { createGateway } from '../../src/gateway/index.ts';
import { createMesh } from '../../src/index.ts';
import { bound, edge, gatewayWorld, raw, service } from './gateway-world.ts';

const { http, tcp, start } = gatewayWorld();

const PLAIN = edge('{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}');
const reply = (status: number): string => bound('r', `hosts: ["*"], http: [{directResponse: {status: ${status}}}]`);
const GET = 'GET / HTTP/1.1\r\nHost: a.example.com\r\nConnection: close\r\n\r\n';
const changed = (gateway: Awaited<ReturnType<typeof start>>['gateway']): Promise<unknown> => new Promise<void>((resolve) => void gateway.on('config', resolve));

describe('a gateway and its mesh', () => {
  it('follows every change, on connections that are open too', async () => {
    const { mesh, gateway } = await start(PLAIN + reply(201));
    const socket = connect(gateway.portOf(80)!, '127.0.0.1');
    const status = async (): Promise<string | undefined> => {
      socket.write(GET.replace('close', 'keep-alive'));
      return / (\d+) /.exec(String((await once(socket, 'data'))[0]))?.[1];
    };

    expect(await status()).toBe('201');
    await mesh.apply(`\n${reply(202)}`);
    expect(await status()).toBe('202');
    socket.destroy();
  });

  it('opens and closes ports', async () => {
    const { mesh, gateway } = await start(PLAIN + reply(201));
    const first = gateway.portOf(80);

    const moved = changed(gateway);
    await mesh.apply(`\n${edge('{port: {number: 81, name: http, protocol: HTTP}, hosts: ["*"]}')}`);
    await moved;

    expect(gateway.ports).toEqual([81]);
    expect(await raw(gateway.portOf(81), GET)).toMatch(/^HTTP\/1.1 201 /);
    expect(await raw(first, GET)).toBe('');
  });

  it('tells of servers that others keep out', async () => {
    const { mesh, gateway, problems } = await start(PLAIN + reply(201));

    const done = changed(gateway);
    await mesh.apply(`\n${PLAIN.replace('name: edge', 'name: other').replace('protocol: HTTP', 'protocol: TCP')}`);
    await done;

    expect(gateway.rejected).toEqual([expect.stringContaining('Gateway default/other')]);
    expect(problems).toEqual(gateway.rejected);
  });

  it('needs its ports to start', async () => {
    const { mesh, gateway } = await start(PLAIN + reply(201));

    await expect(createGateway(mesh, { labels: { istio: 'edge' }, ports: { 80: gateway.portOf(80)! } })).rejects.toMatchObject({ code: 'ERR_LISTEN', message: expect.stringContaining('EADDRINUSE') });
  });

  it.each([{ headersMs: -1 }, { connections: 0 }, { idleMs: Number.NaN }])('refuses the limits %j', async (limits) => {
    await using mesh = await createMesh();

    await expect(createGateway(mesh, { labels: {}, limits })).rejects.toMatchObject({ code: 'ERR_INVALID_ARGUMENT' });
  });
});

describe('closing a gateway', () => {
  it('lets what is under way end, and begins nothing more', async () => {
    let finish!: () => void;
    const arrived = new Promise<void>((resolve) => {
      void http((_request, response) => {
        finish = () => response.end('done');
        resolve();
      }).then((port) => (servicePort = port));
    });
    let servicePort = 0;
    await expect.poll(() => servicePort).not.toBe(0);
    const { gateway } = await start(PLAIN + bound('r', 'hosts: ["*"], http: [{route: [{destination: {host: shop.local}}]}]') + service('shop.local', 'HTTP', { v1: servicePort }));
    const port = gateway.portOf(80);
    const idle = connect(port!, '127.0.0.1');
    await once(idle, 'connect');
    const call = get({ port, host: '127.0.0.1', headers: { host: 'a.example.com' } });
    await arrived;

    const closed = gateway.close();
    await once(idle, 'close');
    expect(await raw(port, GET)).toBe('');
    finish();
    const [response] = (await once(call, 'response')) as [IncomingMessage];
    response.resume();
    await closed;

    expect([response.statusCode, response.headers.connection]).toEqual([200, 'close']);
  });

  it('ends what does not end by itself after the drain time', async () => {
    const port = await tcp(() => {});
    const { gateway } = await start(
      edge('{port: {number: 9000, name: tcp, protocol: TCP}, hosts: ["*"]}') + bound('r', 'hosts: ["*"], tcp: [{route: [{destination: {host: echo.local}}]}]') + service('echo.local', 'TCP', { v1: port }),
    );
    const socket = connect(gateway.portOf(9000)!, '127.0.0.1');
    socket.on('error', () => {});
    await once(socket, 'connect');

    await Promise.all([gateway.close({ drainMs: 50 }), once(socket, 'close')]);
  });
});
