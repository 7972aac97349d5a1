import express, { type Express } from 'express';

/** The ratings service: stars per reviewer. Versions 1 and 2 answer alike; the mesh tells them apart by label. */
export function createRatings(): Express {
  const app = express();
  app.get('/ratings/:productId', (request, response) => {
    response.json({ id: Number(request.params.productId), ratings: { Reviewer1: 5, Reviewer2: 4 } });
  });
  return app;
}
