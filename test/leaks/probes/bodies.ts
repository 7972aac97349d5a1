// Does a connection come back, whatever the caller does with the body? With one connection at most, the next call tells.
import type { Mesh } from '../../../src/index.ts';
import { collectUntil, drain, fetchDoor, heldPermits, ONE_CONNECTION, requestDoor, turn, World, type Door } from '../support/world.ts';

/** A way to leave a call behind; it ends when the caller has lost interest. */
type Way = (mesh: Mesh) => Promise<unknown>;

function throughAnyDoor(doorOf: (mesh: Mesh) => Door): Record<string, Way> {
  const through = (leave: (door: Door) => Promise<unknown>): Way => (mesh) => leave(doorOf(mesh));
  return {
    'a body read to its end': through(async (door) => drain(await door.open('/large'))),
    'an unread small body': through(async (door) => void (await door.open('/'))),
    'a loop that breaks off': through(async (door) => {
      for await (const _ of await door.open('/large')) break;
    }),
    'a body aborted by its signal': through(async (door) => {
      const controller = new AbortController();
      const body = await door.open('/endless', controller.signal);
      controller.abort();
      await drain(body).catch(() => {});
    }),
    'a call aborted before its answer': through(async (door) => {
      const controller = new AbortController();
      const opened = door.open('/silent', controller.signal);
      setTimeout(() => controller.abort(), 20);
      await opened.catch(() => {});
    }),
    'a call aborted while it waits for the connection': through(async (door) => {
      const controllers = [new AbortController(), new AbortController()];
      const opened = controllers.map(({ signal }) => door.open('/silent', signal));
      setTimeout(() => controllers.toReversed().forEach((controller) => controller.abort()), 20);
      await Promise.allSettled(opened);
    }),
    'an answer that is cut': through(async (door) => drain(await door.open('/cut')).catch(() => {})),
  };
}

const read = async (body: AsyncIterable<unknown>): Promise<unknown> => body[Symbol.asyncIterator]().next();

const doors: Record<string, Record<string, Way>> = {
  fetch: {
    ...throughAnyDoor(fetchDoor),
    'an unread large body': async (mesh) => void (await mesh.fetch('http://hello/large')),
    'an unread body that never ends': async (mesh) => void (await mesh.fetch('http://hello/endless')),
    'a half-read large body': async (mesh) => read((await mesh.fetch('http://hello/large')).body!),
    'a half-read body that never ends': async (mesh) => read((await mesh.fetch('http://hello/endless')).body!),
  },
  // As with undici.request, the caller has to do something with a body that it does not want and that is not small.
  request: {
    ...throughAnyDoor(requestDoor),
    'a large body that is dumped': async (mesh) => (await mesh.request('http://hello/large')).body.dump(),
    'a half-read body that is destroyed': async (mesh) => {
      const { body } = await mesh.request('http://hello/endless');
      await read(body);
      body.on('error', () => {}).destroy();
    },
  },
};

const results: Record<string, unknown> = {};
const world = await World.start();

for (const [door, ways] of Object.entries(doors)) {
  for (const [way, leave] of Object.entries(ways)) {
    const mesh = await world.mesh(ONE_CONNECTION);
    await leave(mesh);
    let answered = false;
    // Closing the mesh fails a call that still waits.
    void fetchDoor(mesh).open('/').then(drain).then((size) => (answered = size === 'hello'.length), () => {});
    const released = await collectUntil(() => answered);
    await turn();
    results[`${door}: ${way}`] = { released, held: heldPermits(mesh) };
    await mesh.close({ drainMs: 0 });
  }
}
await turn(20);
results.sockets = world.sockets.size;
await world.close();
process.stdout.write(JSON.stringify(results));
