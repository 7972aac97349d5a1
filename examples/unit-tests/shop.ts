/** What the shop shows of a product. */
export interface Page {
  readonly reviews: string;
  /** Absent where ratings are not to be had. */
  readonly stars?: number;
}

/** The page of a product; `fetch` is that of a mesh. */
export async function pageOf(fetch: typeof globalThis.fetch, id: number, user = 'anybody'): Promise<Page> {
  const ask = (url: string): Promise<Response> => fetch(url, { headers: { 'end-user': user } });
  const [reviews, ratings] = await Promise.all([ask(`http://reviews:9080/reviews/${id}`), ask(`http://ratings:9080/ratings/${id}`)]);
  const page = { reviews: reviews.ok ? await reviews.text() : 'not available' };
  return ratings.ok ? { ...page, stars: ((await ratings.json()) as { stars: number }).stars } : page;
}
