import type { ConnectError} from '@connectrpc/connect';
import { Code, createClient, type Transport } from '@connectrpc/connect';
import { createConnectTransport, createGrpcTransport } from '@connectrpc/connect-node';
import { createServer as createHttp2Server, createSecureServer, connect as connectHttp2 } from 'node:http2';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { describe, expect, it, vi } from 'vitest';
import { createAgents } from '../../src/clients/index.ts';
import { clientsWorld, echo, pem, REGISTRY_ONLY, reviews, secure, type Answered } from './clients-world.ts';
import { connectService, GREETER, type GreeterClient } from './connect-service.ts';

const { http, sessions, start, defer } = clientsWorld();

async function world(protocol: 'HTTP' | 'GRPC', config = '') {
  const server = (version: string) => (protocol === 'HTTP' ? http(connectService(version)) : sessions(createHttp2Server(connectService(version))));
  const tls = (version: string) => sessions(createSecureServer({ cert: pem('server.pem'), key: pem('server.key') }, connectService(version)));
  const world = await start(reviews({ v1: await server('v1'), v2: await server('v2') }, { port: 50051, protocol }) + secure({ v1: await tls('v1'), v2: await tls('v2') }) + config);
  const agents = createAgents(world.mesh);
  defer(() => agents.close());
  return { ...world, agents };
}

async function exercise(transport: Transport): Promise<unknown[]> {
  const client = createClient(GREETER, transport) as unknown as GreeterClient;
  const counted: string[] = [];
  for await (const { text } of client.count({ text: '3' })) counted.push(text);
  const failure = (call: Promise<unknown>): Promise<unknown> => call.then(() => 'no failure', ({ code, rawMessage }: ConnectError) => [Code[code], rawMessage]);
  return [
    (await client.greet({ text: 'Ann' })).text,
    (await client.greet({ text: 'Ann' }, { headers: { 'end-user': 'jason' } })).text,
    counted,
    await failure(client.greet({ text: 'fail' })),
    await failure(client.greet({ text: 'Ann' }, { headers: { 'x-fault': 'abort' } })),
  ];
}

const EXERCISED = ['v1 greets Ann', 'v2 greets Ann', ['v1 1', 'v1 2', 'v1 3'], ['FailedPrecondition', 'as asked']];

describe('Connect', () => {
  it('speaks gRPC by connections of the agents', async () => {
    const { agents, calls } = await world('GRPC');
    const transport = createGrpcTransport({ baseUrl: 'http://reviews:50051', nodeOptions: { createConnection: agents.createHttp2Connection } });

    expect(await exercise(transport)).toEqual([...EXERCISED, ['Unavailable', 'fault filter abort']]);
    expect(calls.map(({ cluster }) => cluster?.split('|')[2])).toEqual(['v1', 'v1', 'v2', 'v1', 'v1']);
  });

  it('speaks its own protocol by HTTP/1.1 and the http agent', async () => {
    const { agents } = await world('HTTP');
    const transport = createConnectTransport({ baseUrl: 'http://reviews:50051', httpVersion: '1.1', nodeOptions: { agent: agents.http } });

    expect(await exercise(transport)).toEqual([...EXERCISED, ['Unavailable', expect.any(String)]]);
  });

  it('does its TLS on connections that tls rules choose', async () => {
    const { agents, connections, mesh } = await world('GRPC', REGISTRY_ONLY);
    const transport = (baseUrl: string) => createGrpcTransport({ baseUrl, nodeOptions: { createConnection: (url, options) => agents.createHttp2Connection(url, { ...options, ca: pem('ca.pem') }) } });
    const client = createClient(GREETER, transport('https://secure.example.com')) as unknown as GreeterClient;
    const stranger = createClient(GREETER, transport('https://evil.example.com')) as unknown as GreeterClient;

    expect((await client.greet({ text: 'Ann' })).text).toBe('v2 greets Ann');
    await expect(stranger.greet({ text: 'Ann' })).rejects.toMatchObject({ rawMessage: expect.stringContaining('add a ServiceEntry'), cause: { code: 'ERR_EGRESS_BLOCKED' } });
    await mesh.close({ drainMs: 0 });
    expect(connections).toMatchObject([{ cluster: 'BlackHoleCluster' }, { cluster: 'outbound|443|v2|secure.example.com' }]);
  });
});

describe('http2.connect', () => {
  it('goes by rules, and past them where there are none', async () => {
    const { agents } = await world('GRPC');
    const outside = await sessions(createHttp2Server((_request, response) => response.end('outside')));
    const ask = async (url: string): Promise<string> => {
      const session = connectHttp2(url, { createConnection: agents.createHttp2Connection });
      defer(() => session.destroy());
      const stream = session.request({ ':path': '/x' });
      let body = '';
      for await (const chunk of stream.setEncoding('utf8')) body += chunk as string;
      return body;
    };

    expect(await ask(`http://127.0.0.1:${outside}`)).toBe('outside');
  });

  it('answers what can’t be called, and leaves other streams alone', async () => {
    const held = Promise.withResolvers<() => void>();
    const v1 = await http((_request, response) => held.resolve(() => response.end('at last')));
    const { mesh } = await start(reviews({ v1, v2: v1 }));
    const agents = createAgents(mesh);
    defer(() => agents.close());
    const session = connectHttp2('http://reviews:9080', { createConnection: agents.createHttp2Connection });
    const first = session.request({ ':path': '/held' });
    const answer = await held.promise;

    const closed = mesh.close();
    const second = session.request({ ':path': '/x' });
    const [head] = (await once(second, 'response')) as [Record<string, unknown>];
    expect([head[':status'], await text(second)]).toEqual([502, expect.stringContaining('the mesh is closed')]);
    answer();
    expect(await text(first)).toBe('at last');
    session.close();
    await closed;
  });

  it('ends with the agents', async () => {
    const world = await start(reviews({ v1: await http(echo('v1')), v2: await http(echo('v2')) }));
    const agents = createAgents(world.mesh);
    const session = connectHttp2('http://reviews:9080', { createConnection: agents.createHttp2Connection });
    const stream = session.request({ ':path': '/x', 'end-user': 'jason' });
    let body = '';
    for await (const chunk of stream.setEncoding('utf8')) body += chunk as string;
    expect(JSON.parse(body) as Answered).toMatchObject({ version: 'v2', url: '/x' });

    session.on('error', () => {});
    agents.close();
    if (!session.closed) await once(session, 'close');
    await vi.waitFor(() => expect(session.destroyed).toBe(true));
  });
});
