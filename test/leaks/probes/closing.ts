// What does close() leave? The process must also end by itself after it.
import { join } from 'node:path';
import { activeResources, drain, fetchDoor, turn, USUAL, World } from '../support/world.ts';
import { createMesh, type Mesh } from '../../../src/index.ts';

const FAULT = [{ fault: { delay: { fixedDelay: '1h', percentage: { value: 100 } } } }];
const EJECTS = { outlierDetection: { consecutive5xxErrors: 1, interval: '1h', baseEjectionTime: '1h', maxEjectionPercent: 100 } };

/** Meshes in all the states that hold something. */
const states: Record<string, (world: World) => Promise<Mesh>> = {
  'that was never used': (world) => world.mesh(),
  'with idle connections': async (world) => {
    const mesh = await world.mesh();
    await Promise.all([1, 2, 3].map(async () => drain(await fetchDoor(mesh).open('/'))));
    return mesh;
  },
  'with an ejected endpoint': async (world) => {
    const mesh = await world.mesh(EJECTS, [{ retries: { attempts: 0 } }]);
    await drain(await fetchDoor(mesh).open('/error'));
    return mesh;
  },
  'with a call that waits for its answer': async (world) => {
    const mesh = await world.mesh();
    fetchDoor(mesh).open('/silent').catch(() => {});
    await turn(20);
    return mesh;
  },
  'with a body that flows': async (world) => {
    const mesh = await world.mesh();
    drain(await fetchDoor(mesh).open('/endless')).catch(() => {});
    return mesh;
  },
  'with a call that is held back by a fault': async (world) => {
    const mesh = await world.mesh(USUAL, FAULT);
    fetchDoor(mesh).open('/').catch(() => {});
    await turn(20);
    return mesh;
  },
  'that watches files': async () => {
    const mesh = await createMesh({ config: join(import.meta.dirname, '..'), watch: { debounceMs: 5, pollMs: 5 } });
    await turn(30);
    return mesh;
  },
  'with a mirrored copy under way': async (world) => {
    const mesh = await world.mesh(USUAL, [{ mirror: { host: 'hello' }, rewrite: { uri: '/' } }]);
    await drain(await fetchDoor(mesh).open('/'));
    return mesh;
  },
};

function newSince(before: readonly string[]): string[] {
  const left = activeResources();
  for (const name of before) if (left.includes(name)) left.splice(left.indexOf(name), 1);
  return left;
}

const results: Record<string, unknown> = {};
const world = await World.start();
for (const [state, reach] of Object.entries(states)) {
  const before = activeResources();
  const mesh = await reach(world);
  await mesh.close({ drainMs: 20 });
  // The server hears of it a moment later, and a look at files that is under way ends by itself.
  let left = newSince(before);
  for (let i = 0; i < 50 && world.sockets.size + left.length > 0; i++) {
    await turn();
    left = newSince(before);
  }
  results[state] = { left, sockets: world.sockets.size, late: await fetchDoor(mesh).open('/').then(String, (error: { cause?: { code: string }; code?: string }) => error.cause?.code ?? error.code) };
}
await world.close();
await turn(20);
process.stdout.write(JSON.stringify(results));
