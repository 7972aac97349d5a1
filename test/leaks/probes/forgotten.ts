// A program that never closes its mesh ends all the same once it has nothing left to do.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createMesh } from '../../../src/index.ts';
import { drain, fetchDoor, World } from '../support/world.ts';

if (process.send === undefined) {
  const world = await World.start();
  const child = fork(import.meta.filename, [String(world.port)]);
  const timer = setTimeout(() => child.kill('SIGKILL'), 15_000);
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  clearTimeout(timer);
  await world.close();
  process.stdout.write(JSON.stringify({ code, signal }));
} else {
  const mesh = await World.prototype.mesh.call({ port: Number(process.argv[2]) } as World, { outlierDetection: { consecutive5xxErrors: 1, interval: '1h' } });
  await createMesh({ config: import.meta.dirname, watch: { debounceMs: 5, pollMs: 5 } });
  await Promise.all(['/', '/', '/error'].map(async (path) => drain(await fetchDoor(mesh).open(path))));
  process.disconnect!();
}
