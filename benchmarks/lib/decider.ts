// Decisions about one set of rules, in a fresh process: which route, which cluster, which host; nothing is sent.
import { join } from 'node:path';
import type { HostSet, MeshOptions } from '../../src/index.ts';
import { loadPackage } from './package.ts';
import { headOf, rulesOf, type RuleShape, type Target } from './rules.ts';

/** What the process is started with; no shape: Bookinfo. */
export interface DecisionTask {
  readonly shape?: RuleShape;
  /** CPU time to spend. */
  readonly windowMs: number;
}

/** What it found. */
export interface Decisions {
  /** CPU time, so that what else the machine does counts little. */
  readonly nsPerDecision: number;
  readonly bytesPerDecision: number;
  /** From documents to a mesh that serves. */
  readonly compileMs: number;
}

/** Calls are drawn evenly from all hosts and rules: the worst case for the processor's caches. */
const HEADS = 1024;
const task = JSON.parse(process.argv[2]!) as DecisionTask;
const { createMesh, HostSet: Hosts, seededRandom } = await loadPackage();
const random = seededRandom(1);

const start = performance.now();
const mesh = await createMesh(optionsOf(task.shape));
const compileMs = performance.now() - start;
const { routes, clusters } = mesh.snapshot;
// Through JSON and back, because strings pieced together at run time are slower to read than those of a program's text.
const heads = (JSON.parse(JSON.stringify(Array.from({ length: HEADS }, () => callOf(task.shape)))) as ReturnType<typeof callOf>[]).map((call) => ({
  method: 'GET',
  scheme: 'http',
  port: 9080,
  ...call,
}));
const hostSets = new Map<string, HostSet>();

/** As the engine does it: the route by port, Host and request; one draw for the split; the host by the balancer. */
function decide(at: number): void {
  const head = heads[at & (HEADS - 1)]!;
  const route = routes.virtualHost(head.port, head.authority)?.match(head);
  if (route?.action.kind !== 'forward') throw new Error(`no rule for ${head.authority}${head.path}`);
  const { cluster } = route.action.destinations.pick(random);
  let hosts = hostSets.get(cluster);
  if (hosts === undefined) hostSets.set(cluster, (hosts = new Hosts(clusters.get(cluster)!, 0)));
  if (hosts.pick(performance.now(), { random }) === undefined) throw new Error(`no host in ${cluster}`);
}

function optionsOf(shape: RuleShape | undefined): MeshOptions {
  if (shape !== undefined) return rulesOf(shape) as MeshOptions;
  const endpoints = ['v1', 'v2', 'v3'].map((version) => ({ address: `10.0.0.${version.slice(1)}:9080`, labels: { version } }));
  return { config: join(import.meta.dirname, 'bookinfo.yaml'), endpoints: { reviews: endpoints } };
}

function callOf(shape: RuleShape | undefined): ReturnType<typeof headOf> {
  const headers = ['accept', 'application/json', 'user-agent', 'benchmark', 'end-user', random() < 0.5 ? 'jason' : 'jim'];
  if (shape === undefined) return { authority: 'reviews:9080', path: '/reviews/42?full=1', headers };
  const target: Target = { host: Math.floor(random() * shape.hosts), rule: Math.floor(random() * shape.rulesPerHost) };
  return headOf(target);
}

/** Bytes that a decision leaves to the garbage collector, measured over too few for it to run meanwhile. */
function bytesPerDecision(): number {
  const few = 10_000;
  const samples = Array.from({ length: 9 }, () => {
    globalThis.gc!();
    const before = process.memoryUsage().heapUsed;
    for (let i = 0; i < few; i++) decide(i);
    return (process.memoryUsage().heapUsed - before) / few;
  });
  return Math.max(0, samples.toSorted((a, b) => a - b)[4]!);
}

for (let i = 0; i < 200_000; i++) decide(i);
let made = 0;
const begun = process.cpuUsage();
let cpuUs = 0;
while (cpuUs < task.windowMs * 1000) {
  for (let i = 0; i < 10_000; i++) decide(made++);
  const { user, system } = process.cpuUsage(begun);
  cpuUs = user + system;
}
const result: Decisions = { nsPerDecision: (cpuUs * 1000) / made, bytesPerDecision: bytesPerDecision(), compileMs };
process.send!(result, () => process.disconnect());
await mesh.close();
