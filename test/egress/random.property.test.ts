import fc from 'fast-check';
import { expect, it } from 'vitest';
import { host, openRandomWorld, port } from './random-world.ts';

const attempt = fc.record({
  door: fc.constantFrom('http', 'https', 'connect', 'tls'),
  host,
  port,
  path: fc.constantFrom('/', '/free'),
  named: fc.option(host, { nil: undefined }),
});

it('whatever is asked for, no socket is opened to what nobody registered', async () => {
  const world = await openRandomWorld();
  const { mesh } = world;
  await fc.assert(
    fc.asyncProperty(attempt, ({ door, host: to, port: at, path, named }) =>
      world.attempt(async () => {
        if (door === 'http' || door === 'https') await (await mesh.request(`${door}://${to}:${at}${path}`, named === undefined ? {} : { headers: { host: named } })).body.dump();
        else await mesh.connect({ host: to, port: at, ...(door === 'tls' && { servername: named ?? to }) });
      }),
    ),
    { numRuns: 2000 },
  );
  await mesh.close({ drainMs: 0 });
  expect(world.total()).toBeGreaterThan(100);
});
