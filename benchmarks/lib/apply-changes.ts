// A mesh of so many resources in a fresh process: made twice, then changed one resource at a time.
import { AGAIN, FIRST, type ApplyFigures, type ApplyTask } from './applied.ts';
import { watchLoop, type Stretch } from './blocking.ts';
import { loadPackage } from './package.ts';
import { CHANGES, meshOf } from './resources.ts';

const { resources, changes } = JSON.parse(process.argv[2]!) as ApplyTask;
const { createMesh } = await loadPackage();

async function makeMesh(): Promise<{ mesh: Awaited<ReturnType<typeof createMesh>>; stretch: Stretch }> {
  const options = meshOf(resources);
  let mesh;
  const stretch = await watchLoop(async () => (mesh = await createMesh(options)));
  return { mesh: mesh!, stretch };
}

const first = await makeMesh();
await first.mesh.close();
const again = await makeMesh();
const { mesh } = again;
const applied: Record<string, ApplyFigures> = { [FIRST]: first.stretch, [AGAIN]: again.stretch };

let edition = 0;
for (const [kind, change] of Object.entries(CHANGES)) {
  const stretches: Stretch[] = [];
  for (let i = 0; i < changes; i++) {
    const resource = change(edition++);
    const before = mesh.snapshot;
    stretches.push(await watchLoop(() => mesh.apply(resource)));
    if (mesh.snapshot === before) throw new Error(`a change of a ${kind} changed nothing`);
  }
  const median = stretches.map(({ tookMs }) => tookMs).toSorted((a, b) => a - b)[changes >> 1]!;
  applied[`one ${kind}`] = { tookMs: median, blockedMs: Math.max(...stretches.map(({ blockedMs }) => blockedMs)) };
}
process.send!(applied, () => process.disconnect());
await mesh.close();
