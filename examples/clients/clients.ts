// Six clients, one rule: `node examples/clients/clients.ts`. Anybody is sent to v1, jason to v2.
import { Client, credentials, Metadata } from '@grpc/grpc-js';
import axios from 'axios';
import got from 'got';
import { once } from 'node:events';
import { EventSource } from 'undici';
import { WebSocket } from 'ws';
import { createAgents, createLocalListener } from '../../src/clients/index.ts'; // from 'ts-mesh/clients' in your project
import { createMesh } from '../../src/index.ts'; // from 'ts-mesh'
import { GREET, greeter, hello } from './services.ts';

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
