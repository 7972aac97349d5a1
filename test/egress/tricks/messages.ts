import { once } from 'node:events';
import { PassThrough, Readable, Writable } from 'node:stream';
import { connect, EventSource, fetch, pipeline, request, stream, upgrade, WebSocket, type Dispatcher } from 'undici';
import type { Trick } from '../trick.ts';
import type { World } from '../world.ts';

const outside = ({ canary }: World): string => `http://127.0.0.66:${canary.port}`;
const elsewhere = ({ canary }: World): string => `http://127.0.0.66:${canary.strangePort}`;
const inside = ({ canary }: World): string => `http://reviews:${canary.port}`;

const dispatched = ({ mesh }: World, options: Partial<Dispatcher.RequestOptions>): Promise<unknown> =>
  mesh.dispatcher.request({ method: 'GET', path: '/', ...options } as Dispatcher.RequestOptions);

const atDispatcher = (trick: string, outcome: Trick['outcome'], optionsOf: (world: World) => Partial<Dispatcher.RequestOptions>, blocked?: false): Trick => ({
  trick,
  outcome,
  ...(blocked === false && { blocked }),
  attempts: [{ door: 'mesh.dispatcher', run: (world) => dispatched(world, optionsOf(world)) }],
});

/** How an EventSource or a WebSocket ends. */
async function closed(events: EventTarget & { close(): void }): Promise<string> {
  await once(events as never, 'error');
  events.close();
  return 'closed';
}

/** A liar: where it says it points is not where its text leads. */
function twoFaced(world: World): URL {
  const url = new URL(inside(world));
  return Object.defineProperty(url, 'toString', { value: () => elsewhere(world) });
}

/** What a request says beside its URL, and undici's other ways to make one. */
export const MESSAGE_TRICKS: readonly Trick[] = [
  atDispatcher('an absolute URL as path', '404', (world) => ({ origin: inside(world), path: `${outside(world)}/` }), false),
  atDispatcher('a path that begins with //', 'registered', (world) => ({ origin: inside(world), path: `//127.0.0.66:${world.canary.port}/` }), false),
  atDispatcher('a path that begins with @', '404', (world) => ({ origin: inside(world), path: `@127.0.0.66:${world.canary.port}/` }), false),
  atDispatcher('an origin with user name', '502', (world) => ({ origin: `http://reviews@127.0.0.66:${world.canary.port}` })),
  atDispatcher('an origin that is read differently twice', 'registered', (world) => ({ origin: twoFaced(world) }), false),
  atDispatcher('raw headers with two Hosts', '502', (world) => ({ origin: inside(world), headers: ['host', 'evil.test', 'Host', 'reviews'] })),
  atDispatcher('CONNECT as the method of a request', 'UND_ERR_INVALID_ARG', (world) => ({ origin: outside(world), method: 'CONNECT' as never }), false),
  atDispatcher('a Unix socket as origin', 'TypeError', () => ({ origin: 'unix:/tmp/evil.sock' }), false),
  atDispatcher('originalDst of a Unix socket', 'ERR_INVALID_ARGUMENT', (world) => ({ origin: `http://files.example.com:${world.canary.port}`, originalDst: `/tmp/evil.sock:${world.canary.port}` }) as never, false),
  atDispatcher('originalDst with another port', '502', (world) => ({ origin: `http://files.example.com:${world.canary.port}`, originalDst: `127.0.0.66:${world.canary.strangePort}` }) as never),
  atDispatcher('originalDst where nobody registered the name', '502', (world) => ({ origin: `http://evil.test:${world.canary.port}`, originalDst: `127.0.0.66:${world.canary.port}` }) as never),
  atDispatcher('originalDst of a registered service, another port', 'ERR_EGRESS_BLOCKED', (world) => ({ origin: elsewhere(world), originalDst: `127.0.9.1:${world.canary.strangePort}` }) as never),
  atDispatcher('no originalDst', 'ERR_EGRESS_BLOCKED', (world) => ({ origin: elsewhere(world), originalDst: null }) as never),
  {
    trick: 'CONNECT',
    outcome: 'UND_ERR_SOCKET',
    attempts: [{ door: 'undici.connect', run: async (world) => connect(outside(world), { dispatcher: world.mesh.dispatcher }) }],
  },
  {
    trick: 'CONNECT by way of a registered service',
    outcome: 'UND_ERR_SOCKET',
    blocked: false,
    attempts: [{ door: 'mesh.dispatcher', run: (world) => world.mesh.dispatcher.connect({ origin: inside(world), path: 'evil.test:443' }) }],
  },
  {
    trick: 'CONNECT, another port',
    outcome: 'ERR_EGRESS_BLOCKED',
    attempts: [{ door: 'undici.connect', run: async (world) => connect(elsewhere(world), { dispatcher: world.mesh.dispatcher }) }],
  },
  {
    trick: 'upgrade',
    outcome: 'UND_ERR_SOCKET',
    attempts: [{ door: 'undici.upgrade', run: async (world) => upgrade(outside(world), { dispatcher: world.mesh.dispatcher }) }],
  },
  {
    trick: 'upgrade, another port',
    outcome: 'ERR_EGRESS_BLOCKED',
    attempts: [{ door: 'undici.upgrade', run: async (world) => upgrade(elsewhere(world), { dispatcher: world.mesh.dispatcher }) }],
  },
  {
    trick: 'a stream',
    outcome: '502',
    attempts: [
      { door: 'undici.stream', run: (world) => answered((take) => stream(`${outside(world)}/`, { method: 'GET', dispatcher: world.mesh.dispatcher }, ({ statusCode }) => take(statusCode))) },
      { door: 'undici.pipeline', run: (world) => answered((take) => void Readable.from(['a']).pipe(pipeline(`${outside(world)}/`, { method: 'POST', dispatcher: world.mesh.dispatcher }, ({ statusCode, body }) => (take(statusCode), body))).resume()) },
    ],
  },
  {
    trick: 'a stream, another port',
    outcome: 'ERR_EGRESS_BLOCKED',
    attempts: [
      { door: 'undici.stream', run: async (world) => stream(`${elsewhere(world)}/`, { method: 'GET', dispatcher: world.mesh.dispatcher }, () => new PassThrough()) },
      { door: 'undici.request', run: async (world) => request(`${elsewhere(world)}/`, { method: 'POST', body: Readable.from(['a']), dispatcher: world.mesh.dispatcher }) },
      { door: 'mesh.fetch', run: ({ mesh, canary }) => mesh.fetch(`http://127.0.0.66:${canary.strangePort}/`, { method: 'POST', body: ReadableStream.from(['a']) as never, duplex: 'half' } as RequestInit) },
    ],
  },
  {
    trick: 'a fetch of another undici, given the dispatcher',
    outcome: '502',
    attempts: [{ door: 'undici.fetch', run: async (world) => fetch(`${outside(world)}/`, { dispatcher: world.mesh.dispatcher }) }],
  },
  {
    trick: 'an EventSource',
    outcome: 'closed',
    attempts: [{ door: 'undici EventSource', run: (world) => closed(new EventSource(`${outside(world)}/`, { node: { dispatcher: world.mesh.dispatcher } } as never)) }],
  },
  {
    trick: 'a WebSocket',
    outcome: 'closed',
    attempts: [
      { door: 'undici WebSocket', run: (world) => closed(new WebSocket(`ws://127.0.0.66:${world.canary.port}/`, { dispatcher: world.mesh.dispatcher })) },
      { door: 'undici WebSocket, another port', run: (world) => closed(new WebSocket(`ws://127.0.0.66:${world.canary.strangePort}/`, { dispatcher: world.mesh.dispatcher })) },
      {
        door: 'Node\'s own WebSocket, install()',
        async run({ mesh, canary }) {
          const uninstall = mesh.install();
          return closed(new globalThis.WebSocket(`ws://127.0.0.66:${canary.strangePort}/`)).finally(uninstall);
        },
      },
      { door: 'undici WebSocket, wss', run: (world) => closed(new WebSocket('wss://evil.test/', { dispatcher: world.mesh.dispatcher })) },
    ],
  },
];

/** The status of a response whose body goes nowhere. */
async function answered(start: (take: (status: number) => Writable) => unknown): Promise<{ status: number }> {
  const status = Promise.withResolvers<number>();
  const running = start((code) => {
    status.resolve(code);
    return new Writable({ write: (_chunk, _encoding, done) => done() });
  });
  await running;
  return { status: await status.promise };
}
