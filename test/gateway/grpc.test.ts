import { Client, credentials, Metadata, Server, ServerCredentials, status, type ServerUnaryCall, type sendUnaryData, type ServiceError, type ClientReadableStream, type ClientDuplexStream, type ServerWritableStream, type ServerReadableStream, type ServerDuplexStream } from '@grpc/grpc-js';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { bound, edge, gatewayWorld, service } from './gateway-world.ts';

const { start, defer } = gatewayWorld();

const PLAIN = edge('{port: {number: 80, name: grpc, protocol: GRPC}, hosts: ["*"]}');
const text = { to: (value: string): Buffer => Buffer.from(value), from: (bytes: Buffer): string => bytes.toString() };
const method = (name: string, requestStream: boolean, responseStream: boolean) => ({
  path: `/shop.Shop/${name}`,
  requestStream,
  responseStream,
  requestSerialize: text.to,
  requestDeserialize: text.from,
  responseSerialize: text.to,
  responseDeserialize: text.from,
});
const METHODS = { Say: method('Say', false, false), List: method('List', false, true), Sum: method('Sum', true, false), Chat: method('Chat', true, true) };

/** A gRPC server: says, lists, sums and chats. */
async function shop(): Promise<number> {
  const server = new Server();
  server.addService(METHODS, {
    Say: (call: ServerUnaryCall<string, string>, done: sendUnaryData<string>) => {
      if (call.request === 'fail') {
        done({ code: status.NOT_FOUND, details: 'not here', metadata: new Metadata() });
        return;
      }
      const trailers = new Metadata();
      trailers.set('x-trailer', 'last');
      call.sendMetadata(new Metadata());
      done(null, `${call.request} from ${call.metadata.get('x-who')[0] ?? 'nobody'}`, trailers);
    },
    List: (call: ServerWritableStream<string, string>) => {
      for (let i = 0; i < Number(call.request); i++) call.write(`item ${i}`);
      call.end();
    },
    Sum: (call: ServerReadableStream<string, string>, done: sendUnaryData<string>) => {
      let sum = 0;
      call.on('data', (value: string) => (sum += Number(value)));
      call.on('end', () => done(null, String(sum)));
    },
    Chat: (call: ServerDuplexStream<string, string>) => {
      call.on('data', (value: string) => call.write(`you said ${value}`));
      call.on('end', () => call.end());
    },
  });
  defer(async () => server.forceShutdown());
  return new Promise((resolve, reject) => server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => (error === null ? resolve(port) : reject(error))));
}

function client(port: number | undefined): Client {
  const made = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), { 'grpc.default_authority': 'shop.example.com', 'grpc.service_config_disable_resolution': 1 });
  defer(async () => made.close());
  return made;
}

interface Said {
  readonly value?: string | undefined;
  readonly error: ServiceError | null;
  readonly trailers?: Metadata;
}

function say(to: Client, what: string, metadata = new Metadata()): Promise<Said> {
  return new Promise((resolve) => {
    let trailers: Metadata | undefined;
    to.makeUnaryRequest(METHODS.Say.path, text.to, text.from, what, metadata, { deadline: Date.now() + 5000 }, (error, value) => setImmediate(() => resolve({ value, error, ...(trailers && { trailers }) }))).on(
      'status',
      (told) => (trailers = told.metadata),
    );
  });
}

const collect = async (stream: ClientReadableStream<string> | ClientDuplexStream<string, string>): Promise<string[]> => {
  const seen: string[] = [];
  stream.on('data', (value: string) => seen.push(value));
  await once(stream, 'end');
  return seen;
};

const TO_SHOP = bound('shop', `hosts: [shop.example.com], http: [
  {match: [{headers: {x-who: {exact: nobody}}}], fault: {abort: {grpcStatus: UNAVAILABLE, percentage: {value: 100}}}, route: [{destination: {host: shop.local}}]},
  {match: [{uri: {prefix: /shop.Shop/}}], route: [{destination: {host: shop.local}}]}]`);

describe('gRPC through a gateway', () => {
  const world = async () => {
    const started = await start(PLAIN + TO_SHOP + service('shop.local', 'GRPC', { v1: await shop() }));
    return { ...started, to: client(started.gateway.portOf(80)) };
  };

  it('carries calls, with metadata before and after', async () => {
    const { to, lines, calls } = await world();
    const metadata = new Metadata();
    metadata.set('x-who', 'me');

    const { value, trailers } = await say(to, 'hello', metadata);

    expect([value, trailers?.get('x-trailer')]).toEqual(['hello from me', ['last']]);
    expect(lines[0]).toContain('"POST /shop.Shop/Say HTTP/2" 200 - via_upstream');
    expect(calls).toMatchObject([{ status: 200, flags: '-', cluster: 'outbound|80||shop.local' }]);
  });

  it('tells the status of calls that fail', async () => {
    const { to } = await world();

    expect((await say(to, 'fail')).error).toMatchObject({ code: status.NOT_FOUND, details: 'not here' });
  });

  it('streams from the server, from the client and both ways', async () => {
    const { to } = await world();
    const list = await collect(to.makeServerStreamRequest(METHODS.List.path, text.to, text.from, '300'));
    const sum = await new Promise<string | undefined>((resolve, reject) => {
      const call = to.makeClientStreamRequest(METHODS.Sum.path, text.to, text.from, (error, value) => (error === null ? resolve(value) : reject(error)));
      for (let i = 1; i <= 100; i++) call.write(String(i));
      call.end();
    });
    const chat = to.makeBidiStreamRequest(METHODS.Chat.path, text.to, text.from);
    const heard: string[] = [];
    for (const word of ['a', 'b', 'c']) {
      chat.write(word);
      heard.push(String((await once(chat, 'data'))[0]));
    }
    chat.end();
    chat.resume();
    const [ended] = (await once(chat, 'status')) as [{ code: number }];

    expect([list.length, list[299], sum]).toEqual([300, 'item 299', '5050']);
    expect([heard, ended.code]).toEqual([['you said a', 'you said b', 'you said c'], status.OK]);
  });

  it('gives its own answers as gRPC statuses', async () => {
    const { to, calls } = await world();
    const nobody = new Metadata();
    nobody.set('x-who', 'nobody');

    const aborted = await say(to, 'hello', nobody);
    const unrouted = await new Promise<ServiceError | null>((resolve) => {
      to.makeUnaryRequest('/other.Other/Do', text.to, text.from, 'x', (error) => resolve(error));
    });

    expect(aborted.error).toMatchObject({ code: status.UNAVAILABLE, details: 'fault filter abort' });
    expect(unrouted).toMatchObject({ code: status.UNIMPLEMENTED });
    expect(calls).toMatchObject([{ status: 200, flags: 'FI' }, { status: 200, flags: 'NR' }]);
  });

  it('cancels where the caller cancels', async () => {
    const { to, calls } = await world();
    const chat = to.makeBidiStreamRequest(METHODS.Chat.path, text.to, text.from);
    chat.on('error', () => {});
    chat.write('a');
    await once(chat, 'data');
    chat.cancel();

    await expect.poll(() => calls).toMatchObject([{ status: 200, flags: 'DR', details: 'http2.remote_reset' }]);
  });
});
