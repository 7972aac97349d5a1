// Weighs one kind of thing in a fresh process: by how much the heap grows when there are more of them.
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { HELD_PATH, USUAL } from './answer.ts';
import { CONTESTANTS } from './contestants/all.ts';
import { loadPackage } from './package.ts';
import { addressOf, hostName, serviceOf } from './rules.ts';
import type { Weighed, Weights } from './weighed.ts';

const task = JSON.parse(process.argv[2]!) as Weighed;

/** What is on the heap and in use. */
async function usedHeap(): Promise<number> {
  // What a collection lets go of may free more in the next.
  for (let i = 0; i < 4; i++) {
    await sleep(10);
    globalThis.gc!();
  }
  return process.memoryUsage().heapUsed;
}

/**
 * Between two sizes, so that what is there once, whatever the size, does not count. The smaller comes first twice: code that is
 * compiled on the way would count as part of whatever is weighed then.
 */
async function slopes<Name extends string>([few, many]: readonly [number, number], weigh: (count: number) => Promise<Readonly<Record<Name, number>>>): Promise<Record<Name, number>> {
  await weigh(few);
  const [small, large] = [await weigh(few), await weigh(many)];
  const each = Object.keys(large).map((name) => [name, (large[name as Name] - small[name as Name]) / (many - few)]);
  return Object.fromEntries(each) as Record<Name, number>;
}

/** Services that nobody can reach, so that calls leave no connections behind: the heap with them declared, and by how much it grows when each is called once. */
async function weighServices(count: number, endpointsEach: number): Promise<Record<'declared' | 'called', number>> {
  const { createMesh } = await loadPackage();
  const names = Array.from({ length: count }, (_, host) => hostName(host));
  const addresses = (host: number) => Array.from({ length: endpointsEach }, (_, at) => ({ address: `${addressOf(host, at)}:9080` }));
  const mesh = await createMesh({
    config: names.map(serviceOf),
    endpoints: Object.fromEntries(names.map((name, host) => [name, addresses(host)])),
    connect: (_target, callback) => callback(new Error('nobody can be reached')),
  });
  const declared = await usedHeap();
  await Promise.all(names.map(async (name) => (await mesh.request(`http://${name}:9080/`)).body.dump()));
  const called = (await usedHeap()) - declared;
  await mesh.close();
  return { declared, called };
}

async function weighClusters(): Promise<Weights> {
  const { declared, called } = await slopes([100, 600], (count) => weighServices(count, 1));
  return { 'declared service': declared, 'cluster once called, idle again': called };
}

async function weighEndpoints(): Promise<Weights> {
  const { declared, called } = await slopes([100, 10_100], (count) => weighServices(1, count));
  return { endpoint: declared + called };
}

async function weighRequests(contestant: string, ports: readonly number[]): Promise<Weights> {
  const racer = await CONTESTANTS[contestant]!({ ports });
  const count = 400;
  const all = (): Promise<unknown> => Promise.all(Array.from({ length: count }, racer.callOf(USUAL)));
  await racer.callOf(USUAL)();
  const before = await usedHeap();
  // Twice, so that the second finds the code compiled and the connections open.
  await all();
  await all();
  const idle = await usedHeap();
  const held = racer.callOf({ read: 'text', path: HELD_PATH });
  for (let i = 0; i < count; i++) held().catch(() => {});
  await sleep(300);
  const busy = await usedHeap();
  return { 'idle connection': (idle - before) / count, 'request in flight': (busy - idle) / count };
}

const weights = task.what === 'clusters' ? await weighClusters() : task.what === 'endpoints' ? await weighEndpoints() : await weighRequests(task.contestant, task.ports);
process.send!(weights);
// Requests that are never answered are not waited for.
await once(process, 'disconnect');
process.exit();
