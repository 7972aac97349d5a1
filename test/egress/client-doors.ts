import { once } from 'node:events';
import { request as httpRequest, type ClientRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { request as httpsRequest } from 'node:https';
import type { Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { connect as connectTls } from 'node:tls';
import { createAgents, createLocalListener, type LocalListener, type MeshAgents } from '../../src/clients/index.ts';
import type { Call, Door } from './trick.ts';
import type { World } from './world.ts';

/** What `sent` is answered, as tricks compare it. */
async function answerTo(sent: ClientRequest, body?: string): Promise<{ statusCode: number | undefined; body: { text(): Promise<string> } }> {
  const [response] = (await once(sent.end(body), 'response')) as [IncomingMessage];
  const said = await text(response);
  return { statusCode: response.statusCode, body: { text: () => Promise.resolve(said) } };
}

/** Runs `use` with the agents of a world. */
export async function withAgents<T>({ mesh }: World, use: (agents: MeshAgents) => Promise<T>): Promise<T> {
  using agents = createAgents(mesh, { https: { rejectUnauthorized: false } });
  return await use(agents);
}

/** A request of `node:http`, or of `node:https` on port 443, by the agents. */
export function byAgent(world: World, options: RequestOptions & { servername?: string; socket?: Socket }): Promise<unknown> {
  return withAgents(world, (agents) => {
    const secure = options.port === 443;
    return answerTo((secure ? httpsRequest : httpRequest)({ ...options, agent: secure ? agents.https : agents.http } as RequestOptions));
  });
}

/** As everybody calls them: with a URL. */
export const AGENT: Door = {
  door: 'http.Agent',
  call: (world, { url, method = 'GET', headers, body }) =>
    withAgents(world, (agents) => {
      const secure = /^https:/i.test(url);
      return answerTo((secure ? httpsRequest : httpRequest)(new URL(url), { method, headers, agent: secure ? agents.https : agents.http }), body);
    }),
};

export async function withListener<T>({ mesh }: World, use: (listener: LocalListener) => Promise<T>): Promise<T> {
  const listener = await createLocalListener(mesh, { limits: { handshakeMs: 1000 } });
  try {
    return await use(listener);
  } finally {
    await listener.close({ drainMs: 0 });
  }
}

/** A request to the listener itself. */
export const toListener = (world: World, options: RequestOptions): Promise<unknown> =>
  withListener(world, ({ port }) => answerTo(httpRequest({ host: '127.0.0.1', port, agent: false, ...options })));

const authorityOf = (url: string): string => /^https?:\/*([^/?#]*)/i.exec(url)![1]!;

/** The listener takes the place of the URL's host. */
export const LISTENER: Door = {
  door: 'local listener',
  call: (world, { url, headers }) => toListener(world, { headers: { host: authorityOf(url), ...headers } }),
};

export const LISTENER_HTTP2: Door = {
  door: 'local listener, HTTP/2',
  call: (world, { url }) =>
    withListener(world, async (listener) => {
      const session = connectHttp2(listener.url);
      try {
        const stream = session.request({ ':authority': authorityOf(url), ':path': '/' });
        const [head] = (await once(stream, 'response')) as [{ ':status': number }];
        const said = await text(stream);
        return { statusCode: head[':status'], body: { text: () => Promise.resolve(said) } };
      } finally {
        session.destroy();
      }
    }),
};

export const PROXY: Door = {
  door: 'local listener, whole URL',
  call: (world, { url, headers }) => toListener(world, { path: url, headers: { host: 'api.example.com', ...headers } }),
};

/** What a tunnel to `authority` is answered, or what is answered inside; `secure`: by TLS with that name. */
export function inTunnel(world: World, authority: string, { host = authority, secure }: { readonly host?: string; readonly secure?: string } = {}): Promise<unknown> {
  return withListener(world, async ({ port }) => {
    const [response, socket, head] = (await once(httpRequest({ host: '127.0.0.1', port, agent: false, method: 'CONNECT', path: authority }).end(), 'connect')) as [IncomingMessage, Socket, Buffer];
    if (response.statusCode !== 200) return { statusCode: response.statusCode, body: { text: () => Promise.resolve(String(head)) } };
    const inside = secure === undefined ? socket : connectTls({ socket, servername: secure, rejectUnauthorized: false });
    inside.on('error', () => {});
    inside.write(`GET / HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`);
    const said = await text(inside).catch(() => '');
    if (said === '') return 'closed';
    const [, status, body] = /^HTTP\/1.1 (\d+)[^]*?\r\n\r\n([^]*)$/.exec(said)!;
    return { statusCode: Number(status), body: { text: () => Promise.resolve(body!) } };
  });
}

export const TUNNEL: Door = {
  door: 'local listener, CONNECT',
  call: (world, { url }: Call) => inTunnel(world, authorityOf(url).includes(':', authorityOf(url).lastIndexOf(']') + 1) ? authorityOf(url) : `${authorityOf(url)}:80`),
};

export const LISTENER_DOORS: readonly Door[] = [LISTENER, LISTENER_HTTP2, PROXY, TUNNEL];
