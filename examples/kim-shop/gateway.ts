import express, { type Express, type Request, type Response } from 'express';
import type { Fetch } from '../demo/pod.ts';
import { forwardHeaders } from '../demo/forward-headers.ts';
import { failed } from './answer.ts';

export interface GatewayOptions {
  /** The mesh's fetch. */
  readonly fetch: Fetch;
  /** How long it waits for an answer, whatever the mesh does. */
  readonly readTimeoutMs: number;
  /** What an answer takes it besides the call it makes. Default: nothing. */
  readonly work?: () => Promise<unknown>;
}

const ROUTES = { '/payment': 'kim-payment-service', '/auth': 'kim-auth-service', '/uc': 'kim-uc-service' };

/** The shop's own gateway: the first path segment names the service, the rest goes there, its answer comes back as it is. */
export function createGateway({ fetch, readTimeoutMs, work }: GatewayOptions): Express {
  const app = express();
  for (const [prefix, service] of Object.entries(ROUTES)) {
    app.use(prefix, express.text({ type: '*/*' }), (request, response) => forward(service, request, response));
  }

  async function forward(service: string, request: Request, response: Response): Promise<void> {
    await work?.();
    const headers = forwardHeaders(request.headers);
    const type = request.headers['content-type'];
    if (type !== undefined) headers['content-type'] = type;
    const body = typeof request.body === 'string' ? request.body : undefined;
    try {
      const signal = AbortSignal.timeout(readTimeoutMs);
      const answer = await fetch(`http://${service}:8080${request.url}`, { method: request.method, headers, body, signal });
      response.status(answer.status).type(answer.headers.get('content-type') ?? 'text/plain').send(await answer.text());
    } catch (error) {
      const message = error instanceof Error && error.name === 'TimeoutError' ? 'Read timed out' : String(error);
      response.status(500).json(failed(500, message));
    }
  }

  return app;
}
