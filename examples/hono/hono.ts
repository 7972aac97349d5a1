// Three services in Hono that hand on who asks, the trace and the time that is left: `node examples/hono/hono.ts`.
import type { Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { meshContext } from '../../src/adapters/hono.ts'; // from 'ts-mesh/hono' in your project
import { configureMesh, meshFetch } from '../../src/index.ts'; // from 'ts-mesh'
import { endpointsOf, tell } from '../story.ts';

function shop(): Hono {
  const app = new Hono();
  app.use(meshContext());
  app.get('/products/:id', async (context) => {
    const product = context.req.param('id');
    const reviews = await meshFetch(`http://reviews:9080/reviews/${product}`);
    return context.json({ product, reviews: reviews.ok ? ((await reviews.json()) as object) : 'not available' });
  });
  return app;
}

function reviews(version: string): Hono {
  const app = new Hono();
  app.use(meshContext());
  app.get('/reviews/:id', async (context) => {
    if (version === 'v1') return context.json({ version });
    const ratings = await meshFetch(`http://ratings:9080/ratings/${context.req.param('id')}`);
    return context.json({ version, ...(ratings.ok ? ((await ratings.json()) as object) : {}) });
  });
  return app;
}

function ratings(): Hono {
  const app = new Hono();
  app.get('/ratings/:id', async (context) => {
    if (context.req.header('end-user') === 'canary-slow') await sleep(30_000, undefined, { ref: false });
    return context.json({ stars: 5 });
  });
  return app;
}

const listen = ({ fetch }: Hono): Server => serve({ fetch, port: 0, hostname: '127.0.0.1' }) as Server;
const servers = { 'shop v1': listen(shop()), 'reviews v1': listen(reviews('v1')), 'reviews v2': listen(reviews('v2')), 'ratings v1': listen(ratings()) };
const mesh = await configureMesh({ config: `${import.meta.dirname}/mesh`, endpoints: await endpointsOf(servers) });

await tell(servers, [mesh], [
  { headers: {}, reviews: { version: 'v1' }, calls: { reviews: '200 -' } },
  { headers: { 'end-user': 'canary-jane' }, reviews: { version: 'v2', stars: 5 }, calls: { reviews: '200 -', ratings: '200 -' } },
  { headers: { 'end-user': 'canary-slow' }, reviews: { version: 'v2' }, calls: { reviews: '200 -', ratings: '504 UT' } },
]);
