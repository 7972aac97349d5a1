// Many connections while rules change, endpoints go and come, and connections end in every way there is: where did they go, and what is left?
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createMesh, isMeshError, type Mesh } from '../../../src/index.ts';
import { activeResources, turn } from '../support/world.ts';

declare const gc: () => void;

const CONNECTIONS = Number(process.env['TS_MESH_CONNECTIONS'] ?? 1000);
const CONCURRENCY = 40;
/** Between two of them everything is closed and counted. */
const ROUNDS = 10;
const SWAP_EVERY = 50;
const SUBSETS = ['v1', 'v2', 'v3'] as const;
const HOSTS_PER_SUBSET = 4;
/** Weights that follow one another. */
const WEIGHTS = [[60, 30, 10], [10, 60, 30], [30, 10, 60], [98, 1, 1]] as const;

/** A server on a loopback address of its own, so that no pair of addresses runs out of ports. */
class Endpoint {
  readonly subset: string;
  readonly address: string;
  port = 0;
  readonly #sockets: Set<Socket>;
  #server: Server | undefined;

  constructor(subset: string, address: string, sockets: Set<Socket>) {
    this.subset = subset;
    this.address = address;
    this.#sockets = sockets;
  }

  async listen(): Promise<void> {
    const server = createServer((socket) => this.#serve(socket));
    this.#server = server;
    server.listen(this.port, this.address);
    await once(server, 'listening');
    this.port = (server.address() as AddressInfo).port;
  }

  /** Refuses from now on; what is open goes on. */
  close(): void {
    this.#server?.close();
    this.#server = undefined;
  }

  async toggle(): Promise<void> {
    if (this.#server === undefined) await this.listen();
    else this.close();
  }

  /** Answers what it is asked in the way it is asked for: `echo`, `end`, `reset`. */
  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket)).on('error', () => {});
    socket.on('data', (data) => {
      const way = String(data);
      if (way === 'reset') socket.resetAndDestroy();
      else if (way === 'end') socket.end(`${this.subset} end`);
      else socket.write(`${this.subset} ${way}`);
    });
  }
}

const accepted = new Set<Socket>();
const endpoints = SUBSETS.flatMap((subset, s) => Array.from({ length: HOSTS_PER_SUBSET }, (_, i) => new Endpoint(subset, `127.0.0.${10 * (s + 1) + i}`, accepted)));
for (const endpoint of endpoints) await endpoint.listen();
const flaky = SUBSETS.map((_, s) => endpoints[s * HOSTS_PER_SUBSET]!);

/** Edition `n` of the rules: weights, balancing, limits and the endpoints themselves change. */
function rules(n: number): object[] {
  const weights = WEIGHTS[n % WEIGHTS.length]!;
  const metadata = { name: 'echo', namespace: 'default' };
  const present = endpoints.filter((_, i) => i % HOSTS_PER_SUBSET !== 1 + (n % 8));
  return [
    {
      apiVersion: 'networking.istio.io/v1', kind: 'ServiceEntry', metadata,
      spec: {
        hosts: ['echo.test'], resolution: 'STATIC', location: 'MESH_INTERNAL', ports: [{ number: 9000, name: 'tcp', protocol: 'TCP' }],
        endpoints: present.map(({ address, port, subset }) => ({ address, ports: { tcp: port }, labels: { version: subset } })),
      },
    },
    {
      apiVersion: 'networking.istio.io/v1', kind: 'DestinationRule', metadata,
      spec: {
        host: 'echo.test',
        trafficPolicy: {
          loadBalancer: { simple: ['ROUND_ROBIN', 'LEAST_REQUEST', 'RANDOM'][n % 3] },
          connectionPool: { tcp: { connectTimeout: '5s', maxConnections: 1000 - n % 3 } },
          outlierDetection: { consecutive5xxErrors: 2, interval: '20ms', baseEjectionTime: '40ms', maxEjectionPercent: 50 },
        },
        subsets: SUBSETS.map((name) => ({ name, labels: { version: name }, ...(name === 'v3' && { trafficPolicy: { connectionPool: { tcp: { maxConnections: 14 } } } }) })),
      },
    },
    {
      apiVersion: 'networking.istio.io/v1', kind: 'VirtualService', metadata,
      spec: { hosts: ['echo.test'], tcp: [{ route: SUBSETS.map((subset, s) => ({ destination: { host: 'echo.test', subset }, weight: weights[s] })) }] },
    },
  ];
}

let edition = 0;
const mesh: Mesh = await createMesh({ config: rules(0), seed: 11, tracing: false });
mesh.on('config', () => edition++);

const drawn = new Map<string, number>();
const flags = new Map<string, number>();
const ejections = { ejected: 0, unejected: 0 };
let over = 0;
mesh.on('connection', (info) => {
  over++;
  const subset = info.cluster?.split('|')[2] ?? 'none';
  drawn.set(subset, (drawn.get(subset) ?? 0) + 1);
  flags.set(info.flags, (flags.get(info.flags) ?? 0) + 1);
});
mesh.on('ejection', ({ kind }) => ejections[kind]++);

const share = SUBSETS.map(() => ({ expected: 0, variance: 0 }));
let wrong = 0;
let lost = 0;
const WAYS = ['echo', 'echo', 'end', 'echo', 'reset', 'leave', 'echo', 'abort'] as const;

/** One connection from its beginning to its end, through either door. */
async function connection(n: number): Promise<void> {
  for (const [s, { expected, variance }] of share.entries()) {
    const p = WEIGHTS[edition % WEIGHTS.length]![s]! / 100;
    share[s] = { expected: expected + p, variance: variance + p * (1 - p) };
  }
  const way = WAYS[n % WAYS.length]!;
  try {
    const socket = n % 3 === 0 && way !== 'abort' ? await mesh.connect({ host: 'echo.test', port: 9000 }) : mesh.createConnection({ host: 'echo.test', port: 9000 });
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    let failure: Error | undefined;
    let port = socket.remotePort;
    socket.on('connect', () => (port = socket.remotePort)).on('error', (error) => (failure = error));
    if (way === 'abort') setImmediate(() => socket.destroy());
    else socket.write(way);
    let text = '';
    socket.on('data', (data) => {
      text += String(data);
      if (way === 'leave') socket.destroy();
      else if (way === 'echo') socket.end();
    });
    await closed;
    if (isMeshError(failure)) throw failure;
    if (way === 'reset' || way === 'abort' || new RegExp(`^v[123] ${way}$`).test(text)) return;
    // Whoever stops listening resets those that it has not accepted yet.
    if (flaky.some((endpoint) => endpoint.port === port) && (failure as NodeJS.ErrnoException | undefined)?.code === 'ECONNRESET') lost++;
    else wrong++;
  } catch (error) {
    if (!isMeshError(error)) throw error;
  }
}

async function heapUsed(): Promise<number> {
  for (let i = 0; i < 8; i++) {
    gc();
    await turn();
  }
  return process.memoryUsage().heapUsed;
}

const isSocket = (name: string): boolean => name === 'TCPSocketWrap' || name === 'TCPConnectWrap';
const samples: { heap: number; open: number; held: number; inProcess: number }[] = [];
const startedAt = performance.now();
let next = 0;
let swaps: Promise<unknown> = Promise.resolve();
const perRound = Math.ceil(CONNECTIONS / ROUNDS);
for (let round = 1; round <= ROUNDS; round++) {
  let toggles = 0;
  const toggling = setInterval(() => void flaky[toggles++ % flaky.length]!.toggle(), 25);
  const until = Math.min(CONNECTIONS, round * perRound);
  await Promise.all(
    Array.from({ length: CONCURRENCY }, async () => {
      while (next < until) {
        const n = next++;
        if (n % SWAP_EVERY === SWAP_EVERY - 1) swaps = swaps.then(() => mesh.apply(rules(edition + 1) as never));
        await connection(n);
      }
    }),
  );
  clearInterval(toggling);
  await swaps;
  for (let i = 0; i < 200 && (accepted.size > 0 || activeResources().some(isSocket)); i++) await turn();
  const held = Object.values(mesh.stats(/;\.upstream_(cx|rq)_active$/)).reduce((sum, count) => sum + count, 0);
  samples.push({ heap: await heapUsed(), open: accepted.size, held, inProcess: activeResources().filter(isSocket).length });
}
const seconds = (performance.now() - startedAt) / 1000;

await mesh.close({ drainMs: 0 });
for (const endpoint of endpoints) endpoint.close();
process.stdout.write(
  JSON.stringify({
    connections: over,
    seconds: Math.round(seconds),
    editions: edition,
    wrong,
    lost,
    ejections,
    flags: Object.fromEntries(flags),
    unknown: drawn.get('none') ?? 0,
    deviations: share.map(({ expected, variance }, s) => Number((((drawn.get(SUBSETS[s]!) ?? 0) - expected) / Math.sqrt(variance)).toFixed(2))),
    samples,
  }),
);
