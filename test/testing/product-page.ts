// #region page
type Fetch = typeof fetch;

/** What a page shows of a book, with or without its stars. */
export async function productPage(fetch: Fetch, id: number): Promise<{ stars: number | undefined }> {
  try {
    const response = await fetch(`http://ratings:9080/ratings/${id}`, { signal: AbortSignal.timeout(3000) });
    return { stars: response.ok ? ((await response.json()) as { stars: number }).stars : undefined };
  } catch {
    return { stars: undefined };
  }
}
// #endregion
