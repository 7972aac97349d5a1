import { randomUUID } from 'node:crypto';
import express, { type Express, type Request } from 'express';
import type { Fetch } from '../demo/pod.ts';
import { forwardHeaders } from '../demo/forward-headers.ts';
import { renderPage } from './page.ts';
import type { Reviews } from './reviews.ts';

export interface ProductpageOptions {
  /** The mesh's fetch. */
  readonly fetch: Fetch;
  /** How long it waits for reviews, and for details. */
  readonly reviewsTimeoutMs: number;
}

/** What one page shows; `Accept: application/json` gets it as data. */
export interface Page {
  readonly user: string | undefined;
  readonly details: Part<Record<string, unknown>>;
  readonly reviews: Part<Reviews>;
}

/** A part of the page, or why it is missing. */
export type Part<Data> = { readonly status: number; readonly data: Data } | { readonly status: number; readonly error: string };

/** The page that people see. Who has logged in goes to the other services as the header `end-user`. */
export function createProductpage({ fetch, reviewsTimeoutMs }: ProductpageOptions): Express {
  const users = new Map<string, string>();
  const app = express();
  app.use(express.urlencoded());

  app.post('/login', (request, response) => {
    const session = randomUUID();
    users.set(session, String((request.body as { username?: unknown }).username));
    response.cookie('session', session, { httpOnly: true }).redirect('/productpage');
  });

  app.get('/productpage', async (request, response) => {
    const user = userOf(request);
    const headers = { ...forwardHeaders(request.headers), ...(user === undefined ? {} : { 'end-user': user }) };
    const [details, reviews] = await Promise.all([
      ask<Record<string, unknown>>('http://details:9080/details/0', headers, 'Sorry, product details are currently unavailable'),
      ask<Reviews>('http://reviews:9080/reviews/0', headers, 'Sorry, product reviews are currently unavailable'),
    ]);
    const page: Page = { user, details, reviews };
    response.format({ html: () => response.send(renderPage(page)), json: () => response.json(page) });
  });

  async function ask<Data>(url: string, headers: Record<string, string>, sorry: string): Promise<Part<Data>> {
    try {
      const answer = await fetch(url, { headers, signal: AbortSignal.timeout(reviewsTimeoutMs) });
      if (answer.ok) return { status: answer.status, data: (await answer.json()) as Data };
      await answer.body?.cancel();
      return { status: answer.status, error: sorry };
    } catch {
      return { status: 0, error: sorry };
    }
  }

  function userOf(request: Request): string | undefined {
    const session = /(?:^|;\s*)session=([^;]+)/.exec(request.headers.cookie ?? '')?.[1];
    return session === undefined ? undefined : users.get(session);
  }

  return app;
}
