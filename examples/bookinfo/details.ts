import express, { type Express } from 'express';

/** The details service: what is printed on the book. */
export function createDetails(): Express {
  const app = express();
  app.get('/details/:productId', (request, response) => {
    response.json({
      id: Number(request.params.productId),
      author: 'William Shakespeare',
      year: 1595,
      type: 'paperback',
      pages: 200,
      publisher: 'PublisherA',
      language: 'English',
    });
  });
  return app;
}
