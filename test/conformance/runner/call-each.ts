/** Calls `call` with 0, 1, 2 and so on, `times` times, as many at once as `concurrency` says. Results in order of number. */
export async function callEach<Result>(times: number, concurrency: number, call: (n: number) => Promise<Result>): Promise<Result[]> {
  const results: Result[] = [];
  let next = 0;
  const caller = async (): Promise<void> => {
    while (next < times) {
      const n = next++;
      results[n] = await call(n);
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, times) }, caller));
  return results;
}
