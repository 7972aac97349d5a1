import { setTimeout as sleep } from 'node:timers/promises';
import express, { type Express, type Request } from 'express';

export interface HttpbinOptions {
  /** How long one answer takes, in milliseconds. Default 0. */
  readonly workMs?: number;
}

/** The two pages of httpbin that the walk-through reads: they answer with the request as it arrived. */
export function createHttpbin({ workMs = 0 }: HttpbinOptions = {}): Express {
  const app = express();
  app.use(async (_request, _response, next) => {
    if (workMs > 0) await sleep(workMs);
    next();
  });
  app.get('/get', (request, response) => {
    response.json({
      args: request.query,
      headers: headersOf(request),
      origin: request.socket.remoteAddress,
      url: `http://${request.headers.host}${request.originalUrl}`,
    });
  });
  app.get('/headers', (request, response) => {
    response.json({ headers: headersOf(request) });
  });
  return app;
}

/** httpbin spells names so: `X-Envoy-Attempt-Count`. */
function headersOf(request: Request): Record<string, string> {
  const entries = Object.entries(request.headers).map(([name, value]): [string, string] => [
    name.replace(/(^|-)[a-z]/g, (start) => start.toUpperCase()),
    String(value),
  ]);
  return Object.fromEntries(entries);
}
