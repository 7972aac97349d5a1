// Three services in Fastify that hand on the tenant, the trace and the time that is left: `node examples/fastify/fastify.ts`.
import fastify, { type FastifyInstance } from 'fastify';
import { meshContext } from '../../src/adapters/fastify.ts'; // from 'ts-mesh/fastify' in your project
import { configureMesh, meshFetch } from '../../src/index.ts'; // from 'ts-mesh'
import { endpointsOf, tell, type Servers } from '../story.ts';

/** The id that a path ends with. */
type Path = { Params: { id: string } };

function shop(): FastifyInstance {
  const app = fastify();
  app.register(meshContext, { headers: ['x-tenant'] });
  app.get<Path>('/products/:id', async ({ params: { id } }) => {
    const reviews = await meshFetch(`http://reviews:9080/reviews/${id}`);
    return { product: id, reviews: reviews.ok ? await reviews.json() : 'not available' };
  });
  return app;
}

function reviews(version: string): FastifyInstance {
  const app = fastify();
  app.register(meshContext, { headers: ['x-tenant'] });
  app.get<Path>('/reviews/:id', async ({ params: { id } }) => {
    if (version === 'v1') return { version };
    const ratings = await meshFetch(`http://ratings:9080/ratings/${id}`);
    return { version, ...(ratings.ok ? ((await ratings.json()) as object) : {}) };
  });
  return app;
}

function ratings(): FastifyInstance {
  const app = fastify();
  app.get('/ratings/:id', () => Promise.resolve({ stars: 5 }));
  return app;
}

const apps = { 'shop v1': shop(), 'reviews v1': reviews('v1'), 'reviews v2': reviews('v2'), 'ratings v1': ratings() };
for (const app of Object.values(apps)) await app.listen({ port: 0, host: '127.0.0.1' });
const servers = Object.fromEntries(Object.entries(apps).map(([name, { server }]) => [name, server])) as unknown as Servers;
const mesh = await configureMesh({ config: `${import.meta.dirname}/mesh`, endpoints: await endpointsOf(servers) });

await tell(servers, [mesh], [
  { headers: { 'x-tenant': 'globex' }, reviews: { version: 'v1' }, calls: { reviews: '200 -' } },
  { headers: { 'x-tenant': 'acme' }, reviews: { version: 'v2', stars: 5 }, calls: { reviews: '200 -', ratings: '200 -' } },
  { headers: { 'x-tenant': 'acme', 'end-user': 'tester' }, reviews: { version: 'v2' }, calls: { reviews: '200 -', ratings: '503 FI' } },
]);
