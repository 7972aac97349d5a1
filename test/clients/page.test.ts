import { createClient } from '@connectrpc/connect';
import { createConnectTransport, createGrpcTransport } from '@connectrpc/connect-node';
import { Client, credentials } from '@grpc/grpc-js';
import axios from 'axios';
import got from 'got';
import ky from 'ky';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import http, { type IncomingMessage } from 'node:http';
import http2, { type ClientHttp2Session } from 'node:http2';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import OpenAI from 'openai';
import createApi, { type Client as ApiClient } from 'openapi-fetch';
import * as undici from 'undici';
import { afterEach, describe, expect, it, vi } from 'vitest';
import * as ws from 'ws';
import { createAgents, createLocalListener } from '../../src/clients/index.ts';
import { clientsWorld, reviews } from './clients-world.ts';
import { connectService, GREETER, type GreeterClient } from './connect-service.ts';
import { greeterServer } from './greeter.ts';

const { http: serve, sessions, start, defer } = clientsWorld();

const PAGE = readFileSync(join(import.meta.dirname, '../../docs/clients.md'), 'utf8');
/** Client and the first piece of code of its line. */
const LINES = new Map([...PAGE.matchAll(/^\| ([^|]+?) \| `([^`]+)`/gm)].map(([, client, code]) => [client!, code!]));

type Speaks = 'http' | 'events' | 'web-socket' | 'grpc' | 'connect' | 'connect-grpc';

/** What a client is to say to its service, and how `made`, which its line gives, is asked. */
interface Exercise {
  readonly speaks: Speaks;
  readonly ask: (made: never) => Promise<string>;
}

const bodyOf = async (response: Promise<{ text(): Promise<string> }>): Promise<string> => (await response).text();
const URL_OF_REVIEWS = 'http://reviews:9080/';

const EXERCISES: Readonly<Record<string, Exercise>> = {
  fetch: { speaks: 'http', ask: (made: Promise<Response>) => bodyOf(made) },
  undici: { speaks: 'http', ask: async (made: Promise<undici.Dispatcher.ResponseData>) => (await made).body.text() },
  axios: { speaks: 'http', ask: async (made: typeof axios) => (await made.get<string>(URL_OF_REVIEWS)).data },
  'axios by fetch': { speaks: 'http', ask: async (made: typeof axios) => (await made.get<string>(URL_OF_REVIEWS)).data },
  got: { speaks: 'http', ask: (made: typeof got) => made(URL_OF_REVIEWS).text() },
  ky: { speaks: 'http', ask: (made: typeof ky) => made(URL_OF_REVIEWS).text() },
  'openapi-fetch': { speaks: 'http', ask: async (made: ApiClient<{ '/': { get: { responses: { 200: { content: { 'text/plain': string } } } } } }>) => (await made.GET('/', { parseAs: 'text' })).data! },
  'SDK of OpenAI, and its like': { speaks: 'events', ask: async (made: OpenAI) => (await made.get('/').asResponse()).text() },
  'node:http, and all that bring no agent': { speaks: 'http', ask: async () => text(((await once(http.get(URL_OF_REVIEWS), 'response')) as [IncomingMessage])[0]) },
  'node:http2': {
    speaks: 'http',
    ask: async (made: ClientHttp2Session) => {
      defer(() => made.destroy());
      return text(made.request({ ':path': '/' }));
    },
  },
  ws: { speaks: 'web-socket', ask: async (made: ws.WebSocket) => String(((await once(made, 'message')) as [Buffer])[0]) },
  'WebSocket of undici': { speaks: 'web-socket', ask: (made: undici.WebSocket) => new Promise((resolve) => (made.onmessage = ({ data }) => resolve(data as string))) },
  'EventSource of undici': {
    speaks: 'events',
    ask: (made: undici.EventSource) => {
      defer(() => made.close());
      return new Promise((resolve) => (made.onmessage = ({ data }) => resolve(data as string)));
    },
  },
  '@grpc/grpc-js, all of the process': { speaks: 'grpc', ask: () => greet(new Client('reviews:9080', credentials.createInsecure())) },
  '@grpc/grpc-js, one client': { speaks: 'grpc', ask: (made: Client) => greet(made) },
  'Connect, gRPC': { speaks: 'connect-grpc', ask: (made: Parameters<typeof createClient>[1]) => unary(made) },
  Connect: { speaks: 'connect', ask: (made: Parameters<typeof createClient>[1]) => unary(made) },
  'whatever takes a proxy': {
    speaks: 'http',
    ask: async ({ HTTP_PROXY }: NodeJS.ProcessEnv) => {
      const dispatcher = new undici.EnvHttpProxyAgent({ httpProxy: HTTP_PROXY, noProxy: '' } as never);
      defer(() => dispatcher.close());
      return (await undici.request(URL_OF_REVIEWS, { dispatcher })).body.text();
    },
  },
};

function greet(client: Client): Promise<string> {
  defer(() => client.close());
  const bytes = (text: string): Buffer => Buffer.from(text);
  return new Promise((resolve, reject) => client.makeUnaryRequest('/Greeter/Greet', bytes, String, 'it', (error, answer) => (error === null ? resolve(answer!) : reject(error))));
}

async function unary(transport: Parameters<typeof createClient>[1]): Promise<string> {
  return (await (createClient(GREETER, transport) as unknown as GreeterClient).greet({ text: 'it' })).text;
}

/** A service that speaks so and says its name, and the protocol of its port. */
async function service(speaks: Speaks, version: string): Promise<number> {
  if (speaks === 'connect-grpc') return sessions(http2.createServer(connectService(version)));
  if (speaks === 'connect') return serve(connectService(version));
  if (speaks === 'grpc') {
    const server = await greeterServer(version);
    defer(() => server.close());
    return server.port;
  }
  if (speaks === 'web-socket') {
    return serve(() => {}, (server) => {
      const sockets = new ws.WebSocketServer({ server });
      sockets.on('connection', (socket) => socket.send(version));
      defer(() => sockets.clients.forEach((client) => client.terminate()));
    });
  }
  return serve((_request, response) => {
    if (speaks === 'events') response.setHeader('content-type', 'text/event-stream');
    response.end(speaks === 'events' ? `data: ${version}\n\n` : version);
  });
}

/** Sends everything to v2, which no client reaches by chance. */
const TO_V2 = {
  apiVersion: 'networking.istio.io/v1',
  kind: 'VirtualService',
  metadata: { name: 'reviews' },
  spec: { hosts: ['reviews'], http: [{ route: [{ destination: { host: 'reviews', subset: 'v2' } }] }] },
};

describe('the clients of docs/clients.md', () => {
  const { globalAgent } = http;
  afterEach(() => {
    http.globalAgent = globalAgent;
    vi.unstubAllEnvs();
  });

  it('are all tried here', () => {
    expect([...LINES.keys()]).toEqual(Object.keys(EXERCISES));
  });

  it.each(Object.keys(EXERCISES))('%s', async (client) => {
    const { speaks, ask } = EXERCISES[client]!;
    const ports = { v1: await service(speaks, 'v1'), v2: await service(speaks, 'v2') };
    const { mesh } = await start(reviews(ports, { protocol: speaks === 'grpc' || speaks === 'connect-grpc' ? 'GRPC' : 'HTTP' }));
    await mesh.apply(TO_V2);
    const agents = createAgents(mesh);
    defer(() => agents.close());
    const listener = await createLocalListener(mesh);
    defer(() => listener.close({ drainMs: 0 }));
    vi.stubEnv('grpc_proxy', '');
    vi.stubEnv('OPENAI_API_KEY', 'a key');
    const { WebSocket } = client === 'ws' ? ws : undici;
    const known = { mesh, agents, listener, axios, got, ky, createClient: createApi, OpenAI, http, http2, request: undici.request, EventSource: undici.EventSource, WebSocket, Client, credentials, createGrpcTransport, createConnectTransport, process };

    const made: unknown = await new Function(...Object.keys(known), `return { made: ${LINES.get(client)} }`)(...Object.values(known)).made;

    expect(await ask(made as never)).toContain('v2');
  });
});
