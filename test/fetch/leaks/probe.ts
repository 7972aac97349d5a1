// Runs with --expose-gc in a process of its own: prints, per case, what was left behind.
import { getEventListeners, once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { Pool } from 'undici';
import { createFetch } from '../../../src/mesh-fetch.ts';

declare const gc: () => void;

const sockets = new Set<Socket>();
const server = createServer((request, response) => {
  const path = request.url!;
  if (path === '/large') response.end('x'.repeat(4_000_000));
  else if (path === '/endless') {
    response.writeHead(200);
    response.write('one ');
  } else if (path === '/late') {
    response.write('one ');
    setTimeout(() => response.end('two'), 150);
  } else if (path === '/gzip') response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.from(Array.from({ length: 3_000_000 }, (_, i) => (i * i) % 251))));
  else if (path === '/redirect') response.writeHead(302, { location: '/large' }).end();
  else response.end('hello');
});
server.on('connection', (socket) => {
  sockets.add(socket);
  socket.on('close', () => sockets.delete(socket));
  socket.on('error', () => {});
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

const turn = (ms = 5): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Collects garbage until `done`, or gives up. */
async function collectUntil(done: () => boolean): Promise<boolean> {
  for (let i = 0; i < 60; i++) {
    // A turn before it, because what deref() returned stays alive until the end of its turn.
    await turn();
    gc();
    await turn();
    if (done()) return true;
  }
  return false;
}

type Fetch = typeof globalThis.fetch;

/** With one connection at most: does it serve another request after `leave` has left a response behind? */
async function isReleased(leave: (fetch: Fetch) => Promise<void>): Promise<boolean> {
  const pool = new Pool(origin, { connections: 1 });
  const fetch = createFetch({ dispatch: (options, handler) => pool.dispatch(options, handler) });
  await leave(fetch);
  let answered = false;
  void fetch(`${origin}/`).then((response) => response.text()).then(() => {
    answered = true;
  });
  const released = await collectUntil(() => answered);
  await pool.destroy();
  return released;
}

async function withFetch<T>(use: (fetch: Fetch) => Promise<T>): Promise<T> {
  const pool = new Pool(origin, { connections: 64 });
  try {
    return await use(createFetch({ dispatch: (options, handler) => pool.dispatch(options, handler) }));
  } finally {
    await pool.destroy();
  }
}

const listeners = (signal: AbortSignal): number => getEventListeners(signal, 'abort').length;

const cases: Record<string, () => Promise<unknown>> = {
  'an unread large body': () => isReleased(async (fetch) => void (await fetch(`${origin}/large`))),
  'an unread body that never ends': () => isReleased(async (fetch) => void (await fetch(`${origin}/endless`))),
  'an unread body whose stream was looked at': () => isReleased(async (fetch) => void (await fetch(`${origin}/endless`)).body),
  'a half-read body': () =>
    isReleased(async (fetch) => {
      const reader = (await fetch(`${origin}/large`)).body!.getReader();
      await reader.read();
    }),
  'a half-read body that never ends': () =>
    isReleased(async (fetch) => {
      const reader = (await fetch(`${origin}/endless`)).body!.getReader();
      await reader.read();
    }),
  'a loop that breaks off': () =>
    isReleased(async (fetch) => {
      for await (const _ of (await fetch(`${origin}/large`)).body!) break;
    }),
  'a clone and its original': () =>
    isReleased(async (fetch) => {
      const response = await fetch(`${origin}/large`);
      const reader = response.clone().body!.getReader();
      await reader.read();
    }),
  'an unread compressed body': () => isReleased(async (fetch) => void (await fetch(`${origin}/gzip`))),
  'an unread body after a redirect': () => isReleased(async (fetch) => void (await fetch(`${origin}/redirect`))),
  'an aborted body': () =>
    isReleased(async (fetch) => {
      const controller = new AbortController();
      await fetch(`${origin}/endless`, { signal: controller.signal });
      controller.abort();
    }),
  'a cancelled body': () => isReleased(async (fetch) => (await fetch(`${origin}/endless`)).body!.cancel()),
  'an unread small body': () => isReleased(async (fetch) => void (await fetch(`${origin}/`))),

  'a response is collected while its connection is busy': () =>
    withFetch(async (fetch) => {
      const watched = await (async () => new WeakRef(await fetch(`${origin}/endless`)))();
      return collectUntil(() => watched.deref() === undefined);
    }),
  'a text that is waited for survives its response': () =>
    withFetch(async (fetch) => {
      let text: string | undefined;
      void (await fetch(`${origin}/late`)).text().then((value) => {
        text = value;
      });
      await collectUntil(() => text !== undefined);
      return text;
    }),
  'a loop over a body survives its response': () =>
    withFetch(async (fetch) => {
      let text = '';
      let done = false;
      void (async () => {
        for await (const chunk of (await fetch(`${origin}/late`)).body!) text += Buffer.from(chunk).toString();
        done = true;
      })();
      await collectUntil(() => done);
      return text;
    }),
  'a clone survives its original': () =>
    withFetch(async (fetch) => {
      let text: string | undefined;
      void (await fetch(`${origin}/late`)).clone().text().then((value) => {
        text = value;
      });
      await collectUntil(() => text !== undefined);
      return text;
    }),

  'listeners of a shared signal, bodies read': () =>
    withFetch(async (fetch) => {
      const { signal } = new AbortController();
      for (let i = 0; i < 20; i++) await (await fetch(origin, { signal })).text();
      for (let i = 0; i < 20; i++) for await (const _ of (await fetch(origin, { signal })).body!);
      await fetch(origin, { signal, method: 'HEAD' });
      return listeners(signal);
    }),
  'listeners of a shared signal, bodies unread': () =>
    withFetch(async (fetch) => {
      const { signal } = new AbortController();
      for (let i = 0; i < 20; i++) await fetch(i % 2 === 0 ? origin : `${origin}/endless`, { signal });
      return collectUntil(() => listeners(signal) === 0);
    }),
  'listeners of a shared signal, calls that fail': () =>
    withFetch(async (fetch) => {
      const { signal } = new AbortController();
      for (let i = 0; i < 5; i++) await fetch('http://127.0.0.1:9079/', { signal, headers: { upgrade: 'x' } }).catch(() => {});
      return listeners(signal);
    }),
  'listeners of a signal that fired': () =>
    withFetch(async (fetch) => {
      const controller = new AbortController();
      const texts = [fetch(`${origin}/late`, controller), (await fetch(`${origin}/late`, controller)).text()];
      controller.abort();
      await Promise.allSettled(texts);
      return listeners(controller.signal);
    }),
  'heap after many unread responses': () =>
    withFetch(async (fetch) => {
      const round = async (): Promise<number> => {
        for (let i = 0; i < 200; i++) await fetch(i % 10 === 0 ? `${origin}/large` : origin);
        for (let i = 0; i < 10; i++) {
          gc();
          await turn();
        }
        return process.memoryUsage().heapUsed;
      };
      await round();
      const before = await round();
      const after = await round();
      return after - before < 1_000_000;
    }),
};

const results: Record<string, unknown> = {};
for (const [name, run] of Object.entries(cases)) results[name] = await run();
for (const socket of sockets) socket.destroy();
server.close();
await once(server, 'close');
await turn(50);
results.resources = process.getActiveResourcesInfo().filter((name) => name !== 'PipeWrap' && name !== 'TTYWrap');
process.stdout.write(JSON.stringify(results));
// No exit(): whatever still held the process open would make the test time out.
