// Two versions of two services: `hello` speaks HTTP, WebSocket, server-sent events and as language models do, `greeter` gRPC.
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';

/** Where a version of a service runs, as `endpoints` wants it. */
export interface Running {
  readonly endpoint: { readonly address: string; readonly labels: { readonly version: string } };
  stop(): void;
}

/** What `openapi-typescript` makes of a description of `hello`. */
export interface HelloPaths {
  '/': { get: { responses: { 200: { content: { 'text/plain': string } } } } };
}

/** Answers with its version, whatever it is asked in. */
export async function hello(version: string): Promise<Running> {
  const text = `hello from ${version}`;
  const words = text.split(/(?= )/).map((content) => JSON.stringify({ choices: [{ index: 0, delta: { content } }] }));
  const server = createServer((request, response) => {
    const asksModel = request.url === '/chat/completions';
    const streams = asksModel || request.headers.accept === 'text/event-stream';
    const events = asksModel ? [...words, '[DONE]'] : [text];
    response.writeHead(200, { 'content-type': streams ? 'text/event-stream' : 'text/plain' });
    response.end(streams ? events.map((event) => `data: ${event}\n\n`).join('') : text);
  });
  const sockets = new WebSocketServer({ server });
  sockets.on('connection', (socket) => socket.send(text));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const stop = (): void => {
    for (const client of sockets.clients) client.terminate();
    server.closeAllConnections();
    server.close();
  };
  return { endpoint: { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, labels: { version } }, stop };
}

/** The method that `greeter` has: texts, without a schema. */
export const GREET = {
  path: '/Greeter/Greet',
  requestStream: false,
  responseStream: false,
  requestSerialize: (text: string) => Buffer.from(text),
  requestDeserialize: String,
  responseSerialize: (text: string) => Buffer.from(text),
  responseDeserialize: String,
} as const;

export async function greeter(version: string): Promise<Running> {
  const server = new Server();
  server.addService({ greet: GREET }, { greet: (_call: unknown, answer: (error: null, text: string) => void) => answer(null, `hello from ${version}`) });
  const port = await new Promise<number>((resolve, reject) => server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => (error === null ? resolve(bound) : reject(error))));
  return { endpoint: { address: `127.0.0.1:${port}`, labels: { version } }, stop: () => server.forceShutdown() };
}
