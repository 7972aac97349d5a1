// Nine clients, one rule: `node examples/clients/clients.ts`. Anybody is sent to v1, jason to v2.
import { Client, credentials, Metadata } from '@grpc/grpc-js';
import axios from 'axios';
import got from 'got';
import ky from 'ky';
import { once } from 'node:events';
import OpenAI from 'openai';
import createClient from 'openapi-fetch';
import { EventSource } from 'undici';
import { WebSocket } from 'ws';
import { createAgents, createLocalListener } from '../../src/clients/index.ts'; // from 'ts-mesh/clients' in your project
import { createMesh } from '../../src/index.ts'; // from 'ts-mesh'
import { GREET, greeter, hello, type HelloPaths } from './services.ts';

const services = { hello: [await hello('v1'), await hello('v2')], greeter: [await greeter('v1'), await greeter('v2')] };
const mesh = await createMesh({
  config: `${import.meta.dirname}/clients.yaml`,
  endpoints: { hello: services.hello.map(({ endpoint }) => endpoint), greeter: services.greeter.map(({ endpoint }) => endpoint) },
});
const agents = createAgents(mesh);
const listener = await createLocalListener(mesh);

const jason = { 'end-user': 'jason' };
const url = 'http://hello/';

const viaAxios = axios.create({ httpAgent: agents.http, httpsAgent: agents.https, proxy: false });
console.log('axios:      ', (await viaAxios.get(url)).data, '·', (await viaAxios.get(url, { headers: jason })).data);

const viaGot = got.extend({ agent: agents });
console.log('got:        ', await viaGot(url).text(), '·', await viaGot(url, { headers: jason }).text());

const viaKy = ky.create({ fetch: mesh.fetch });
console.log('ky:         ', await viaKy(url).text(), '·', await viaKy(url, { headers: jason }).text());

const viaOpenApi = createClient<HelloPaths>({ baseUrl: 'http://hello', fetch: mesh.fetch });
console.log('OpenAPI:    ', (await viaOpenApi.GET('/', { parseAs: 'text' })).data, '·', (await viaOpenApi.GET('/', { parseAs: 'text', headers: jason })).data);

const viaSdk = new OpenAI({ apiKey: 'none', baseURL: url, fetch: mesh.fetch, maxRetries: 0 });
const said = async (headers: Record<string, string> = {}): Promise<string> => {
  let text = '';
  for await (const { choices } of await viaSdk.chat.completions.create({ model: 'hello', stream: true, messages: [] }, { headers })) text += choices[0]?.delta.content ?? '';
  return text;
};
console.log('OpenAI:     ', await said(), '·', await said(jason));

const told = async (socket: WebSocket): Promise<string> => {
  const [message] = await once(socket, 'message');
  socket.close();
  return String(message);
};
const viaWs = (headers = {}): WebSocket => new WebSocket('ws://hello/', { agent: agents.http, headers });
console.log('ws:         ', await told(viaWs()), '·', await told(viaWs(jason)));

const source = new EventSource(url, { node: { dispatcher: mesh.dispatcher } });
console.log('EventSource:', await new Promise((resolve) => (source.onmessage = ({ data }) => resolve(data))));
source.close();

const viaGrpc = new Client(listener.address, credentials.createInsecure(), { 'grpc.default_authority': 'greeter:50051' });
const greet = (headers: Record<string, string> = {}): Promise<string | undefined> =>
  new Promise((resolve, reject) => {
    const metadata = new Metadata();
    for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
    viaGrpc.makeUnaryRequest(GREET.path, GREET.requestSerialize, GREET.responseDeserialize, 'hello', metadata, (error, answer) => (error === null ? resolve(answer) : reject(error)));
  });
console.log('grpc-js:    ', await greet(), '·', await greet(jason));

console.log('fetch:      ', await (await mesh.fetch(url)).text(), '·', await (await mesh.fetch(url, { headers: jason })).text());

viaGrpc.close();
agents.close();
await listener.close();
await mesh.close();
for (const { stop } of Object.values(services).flat()) stop();
