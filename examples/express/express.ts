// Three services in Express that hand on who asks, the trace and the time that is left: `node examples/express/express.ts`.
import type { Server } from 'node:http';
import express from 'express';
import { meshContext } from '../../src/adapters/express.ts'; // from 'ts-mesh/express' in your project
import { configureMesh, meshFetch } from '../../src/index.ts'; // from 'ts-mesh'
import { endpointsOf, tell } from '../story.ts';

function shop(): Server {
  const app = express();
  app.use(meshContext());
  app.get('/products/:id', async (request, response) => {
    const reviews = await meshFetch(`http://reviews:9080/reviews/${request.params.id}`);
    response.json({ product: request.params.id, reviews: reviews.ok ? await reviews.json() : 'not available' });
  });
  return app.listen(0, '127.0.0.1');
}

function reviews(version: string): Server {
  const app = express();
  app.use(meshContext());
  app.get('/reviews/:id', async (request, response) => {
    if (version === 'v1') return void response.json({ version });
    const ratings = await meshFetch(`http://ratings:9080/ratings/${request.params.id}`);
    if (ratings.ok) response.json({ version, ...((await ratings.json()) as object) });
    else response.sendStatus(ratings.status);
  });
  return app.listen(0, '127.0.0.1');
}

function ratings(): Server {
  const app = express();
  app.get('/ratings/:id', (_request, response) => void response.json({ stars: 5 }));
  return app.listen(0, '127.0.0.1');
}

const servers = { 'shop v1': shop(), 'reviews v1': reviews('v1'), 'reviews v2': reviews('v2'), 'ratings v1': ratings() };
const mesh = await configureMesh({ config: `${import.meta.dirname}/mesh`, endpoints: await endpointsOf(servers) });

await tell(servers, [mesh], [
  { headers: {}, reviews: { version: 'v1' }, calls: { reviews: '200 -' } },
  { headers: { 'end-user': 'jason' }, reviews: { version: 'v2', stars: 5 }, calls: { reviews: '200 -', ratings: '200 -' } },
  // Reviews know that the shop waits for two seconds, so that nothing waits for all of the seven. Either may be first to give up.
  { headers: { 'end-user': 'tester' }, reviews: 'not available', calls: { reviews: '504 (UT|-)', ratings: '504 DI,UT' } },
]);
