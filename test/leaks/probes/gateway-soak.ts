// A gateway under load while its rules change: is everything answered as the rules say, counted right, and does nothing stay?
import { fork } from 'node:child_process';
import { join } from 'node:path';
import { createGateway } from '../../../src/gateway/index.ts';
import { createMesh } from '../../../src/index.ts';
import { SOAK_GATEWAY, soakRules, type SoakEndpoints } from '../support/soak-rules.ts';
import { activeResources, turn } from '../support/world.ts';

declare const gc: () => void;

const REQUESTS = Number(process.env['TS_MESH_SOAK_REQUESTS'] ?? 5000);
const CONNECTIONS = Math.floor(REQUESTS / 20);
const CALLERS = 32;
const IS_LONG = REQUESTS >= 100_000;
const SWAP_MS = IS_LONG ? 1000 : 200;
const SAMPLE_MS = IS_LONG ? 1000 : 200;

interface Progress {
  readonly begun: number;
  readonly connections: number;
  readonly done?: object;
  readonly endpoints?: SoakEndpoints;
}

const load = fork(join(import.meta.dirname, 'soak-load.ts'), { execArgv: ['--no-warnings'] });
const exited = new Promise((resolve) => load.once('exit', resolve));
let progress: Progress = { begun: 0, connections: 0 };
const ready = Promise.withResolvers<SoakEndpoints>();
const done = Promise.withResolvers<object>();
load.on('message', (message: Progress) => {
  if (message.endpoints !== undefined) ready.resolve(message.endpoints);
  else progress = message;
  if (message.done !== undefined) done.resolve(message.done);
});
load.once('exit', () => done.reject(new Error('the load ended before its time')));

const endpoints = await ready.promise;
const mesh = await createMesh({ config: [SOAK_GATEWAY, ...soakRules(0, endpoints)], accessLog: false, seed: 7 });
const gateway = await createGateway(mesh, { labels: { istio: 'edge' }, namespace: 'default', ports: { 80: 0, 443: 0, 9000: 0 }, accessLog: false });
const flags: Record<string, number> = {};
const problems: string[] = [];
let calls = 0;
gateway.on('connection', (info) => (flags[info.flags] = (flags[info.flags] ?? 0) + 1)).on('call', () => calls++).on('problem', (message) => problems.push(message));

let swaps = 0;
const swapping = setInterval(() => {
  swaps++;
  mesh.apply(soakRules(swaps, endpoints)).catch((error: Error) => problems.push(error.message));
}, SWAP_MS);

const begunAt = performance.now();
const samples: { seconds: number; requests: number; connections: number; heap: number; rss: number; sockets: number; timers: number }[] = [];
function sample(): void {
  gc();
  const { heapUsed, external, rss } = process.memoryUsage();
  const active = process.getActiveResourcesInfo();
  samples.push({
    seconds: (performance.now() - begunAt) / 1000,
    requests: progress.begun,
    connections: progress.connections,
    heap: heapUsed + external,
    rss,
    sockets: active.filter((name) => name === 'TCPSocketWrap').length,
    timers: active.filter((name) => name === 'Timeout').length,
  });
  if (IS_LONG && samples.length % 10 === 0) {
    console.error(`${String(Math.round((100 * progress.begun) / REQUESTS)).padStart(3)} %  ${progress.begun} requests, ${progress.connections} connections, ${swaps} changes, ${Math.round(heapUsed / 1e6)} MB`);
  }
}
const sampling = setInterval(sample, SAMPLE_MS);

const ports = { http: gateway.portOf(80), tcp: gateway.portOf(9000), tls: gateway.portOf(443) };
load.send({ requests: REQUESTS, connections: CONNECTIONS, callers: CALLERS, ports });
const seen = await done.promise;
const seconds = (performance.now() - begunAt) / 1000;
clearInterval(swapping);
clearInterval(sampling);

/** Sums of statistics by what they are called last. */
function sums(): Record<string, number> {
  const names = /\.(upstream_rq_total|upstream_rq_200|upstream_rq_active|upstream_cx_active|aborts_injected|delays_injected|active_faults)$/;
  const result: Record<string, number> = {};
  for (const [name, value] of Object.entries(gateway.stats(names))) {
    // Clusters of subsets alone: the whole service has its own, and external names count twice.
    if (name.startsWith('cluster.') && !/\|80\|v[12]\|\w+\.local;\.upstream_\w+$/.test(name)) continue;
    const key = `${/\|(\w+)\.local;/.exec(name)?.[1] ?? ''}.${name.split('.').at(-1)}`;
    result[key] = (result[key] ?? 0) + value;
  }
  return result;
}
for (let i = 0; i < 200 && Object.values(flags).reduce((sum, n) => sum + n, 0) < CONNECTIONS; i++) await turn();
const stats = sums();
await gateway.close();
await mesh.close();
load.send('end');
await exited;
for (let i = 0; i < 100 && activeResources().length > 0; i++) await turn();
gc();
const left = { active: activeResources(), heap: process.memoryUsage().heapUsed };
console.log(JSON.stringify({ requests: REQUESTS, connections: CONNECTIONS, seconds, swaps, calls, flags, problems, seen, stats, samples, left }));
