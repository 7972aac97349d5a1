import express, { type Express } from 'express';
import type { Fetch } from '../demo/pod.ts';
import { forwardHeaders } from '../demo/forward-headers.ts';

export type ReviewsVersion = 'v1' | 'v2' | 'v3';

/** What the reviews service answers. */
export interface Reviews {
  readonly id: number;
  readonly version: ReviewsVersion;
  readonly reviews: readonly Review[];
}

export interface Review {
  readonly reviewer: string;
  readonly text: string;
  /** Absent in v1, which knows no ratings. */
  readonly rating?: Rating;
}

export type Rating = { readonly stars: number; readonly color: 'black' | 'red' } | { readonly error: string };

export interface ReviewsOptions {
  /** v1 shows no stars, v2 black ones, v3 red ones. */
  readonly version: ReviewsVersion;
  /** The mesh's fetch. */
  readonly fetch: Fetch;
  /** How long it waits for ratings. */
  readonly ratingsTimeoutMs: number;
}

const TEXTS = [
  { reviewer: 'Reviewer1', text: 'An extremely entertaining play by Shakespeare. The slapstick humour is refreshing!' },
  { reviewer: 'Reviewer2', text: 'Absolutely fun and entertaining. The play lacks thematic depth when compared to others.' },
];

/** The reviews service. v2 and v3 ask ratings, through the mesh. */
export function createReviews({ version, fetch, ratingsTimeoutMs }: ReviewsOptions): Express {
  const app = express();

  app.get('/reviews/:productId', async (request, response) => {
    const id = Number(request.params.productId);
    if (version === 'v1') {
      response.json({ id, version, reviews: TEXTS } satisfies Reviews);
      return;
    }
    const stars = await findStars(id, forwardHeaders(request.headers));
    const color = version === 'v2' ? 'black' : 'red';
    const rate = (reviewer: string): Rating =>
      stars?.[reviewer] === undefined ? { error: 'Ratings service is currently unavailable' } : { stars: stars[reviewer], color };
    response.json({ id, version, reviews: TEXTS.map((text) => ({ ...text, rating: rate(text.reviewer) })) } satisfies Reviews);
  });

  async function findStars(id: number, headers: Record<string, string>): Promise<Record<string, number> | undefined> {
    try {
      const answer = await fetch(`http://ratings:9080/ratings/${id}`, { headers, signal: AbortSignal.timeout(ratingsTimeoutMs) });
      if (answer.ok) return ((await answer.json()) as { ratings: Record<string, number> }).ratings;
      await answer.body?.cancel();
    } catch {
      // No answer in time, or none at all: the page says so.
    }
    return undefined;
  }

  return app;
}
