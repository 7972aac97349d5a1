// Does memory stay flat over many calls? The mesh has policies on, and the calls end in several ways.
import { drain, fetchDoor, requestDoor, turn, World } from '../support/world.ts';

declare const gc: () => void;

const CALLS = 20_000;
const CONCURRENCY = 16;

const world = await World.start();
const mesh = await world.mesh({ connectionPool: { tcp: { maxConnections: 64 } }, outlierDetection: { consecutive5xxErrors: 1000 } });
const doors = [fetchDoor(mesh), requestDoor(mesh)];

/** Mostly calls as they should be; every tenth is left unread, every hundredth is aborted, every fiftieth fails. */
async function call(i: number): Promise<void> {
  const door = doors[i % 2]!;
  if (i % 100 === 1) {
    const controller = new AbortController();
    const opened = door.open('/silent', controller.signal);
    setImmediate(() => controller.abort());
    await opened.catch(() => {});
  } else if (i % 50 === 2) {
    await drain(await door.open('/cut')).catch(() => {});
  } else if (i % 10 === 3) {
    await door.open('/');
  } else {
    await drain(await door.open('/'));
  }
}

async function makeCalls(count: number): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: CONCURRENCY }, async () => {
      while (next < count) await call(next++);
    }),
  );
}

async function heapUsed(): Promise<number> {
  for (let i = 0; i < 10; i++) {
    gc();
    await turn();
  }
  return process.memoryUsage().heapUsed;
}

await makeCalls(4_000);
const before = await heapUsed();
await makeCalls(CALLS);
const bytesPerCall = ((await heapUsed()) - before) / CALLS;
const counted = Object.entries(mesh.stats(/upstream_rq_total$/)).reduce((sum, [, value]) => sum + value, 0);
await mesh.close();
await world.close();
process.stdout.write(JSON.stringify({ bytesPerCall: Math.round(bytesPerCall), counted: counted >= CALLS }));
