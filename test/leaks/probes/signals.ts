// What is left on a signal that many calls share, and of the timers that calls set?
import { getEventListeners } from 'node:events';
import { activeResources, collectUntil, drain, fetchDoor, requestDoor, turn, World } from '../support/world.ts';

const results: Record<string, unknown> = {};
const world = await World.start();
const mesh = await world.mesh();
const listeners = (signal: AbortSignal): number => getEventListeners(signal, 'abort').length;
const timers = (): number => activeResources().filter((name) => name === 'Timeout').length;

for (const [name, door] of Object.entries({ fetch: fetchDoor(mesh), request: requestDoor(mesh) })) {
  await drain(await door.open('/'));
  await turn();
  const before = timers();
  const { signal } = new AbortController();

  for (let i = 0; i < 50; i++) await drain(await door.open('/', signal));
  results[`${name}: listeners, bodies read`] = listeners(signal);

  for (let i = 0; i < 5; i++) await drain(await door.open('/cut', signal)).catch(() => {});
  results[`${name}: listeners, answers cut`] = listeners(signal);

  for (let i = 0; i < 20; i++) for await (const _ of await door.open('/large', signal)) break;
  results[`${name}: listeners, loops broken off`] = await collectUntil(() => listeners(signal) === 0);

  const fired = new AbortController();
  const calls = Array.from({ length: 10 }, () => door.open('/silent', fired.signal));
  await turn(20);
  fired.abort();
  await Promise.allSettled(calls);
  results[`${name}: listeners of a signal that fired`] = listeners(fired.signal);

  await turn(20);
  results[`${name}: timers beyond those of an idle mesh`] = Math.max(0, timers() - before);
}

const { signal } = new AbortController();
for (let i = 0; i < 20; i++) await mesh.fetch(i % 2 === 0 ? 'http://hello/' : 'http://hello/large', { signal });
results['fetch: listeners, bodies unread'] = await collectUntil(() => listeners(signal) === 0);
for (let i = 0; i < 20; i++) await (await mesh.request('http://hello/large', { signal })).body.dump();
results['request: listeners, bodies dumped'] = await collectUntil(() => listeners(signal) === 0);

await mesh.close();
await world.close();
process.stdout.write(JSON.stringify(results));
