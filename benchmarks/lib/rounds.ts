/**
 * Measures everyone once per round and reverses the order each time, so that neither a place in the order nor a change of
 * the machine's mood favours anyone. Results are by name, in the order of the rounds. Says on stderr how far it is.
 */
export async function inRounds<T>(names: readonly string[], rounds: number, measure: (name: string) => Promise<T>): Promise<Map<string, T[]>> {
  const results = new Map<string, T[]>(names.map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    process.stderr.write(`round ${round + 1} of ${rounds}:`);
    const order = round % 2 === 0 ? names : names.toReversed();
    for (const [at, name] of order.entries()) {
      results.get(name)!.push(await measure(name));
      process.stderr.write(`${at === 0 ? '' : ','} ${name}`);
    }
    process.stderr.write('\n');
  }
  return results;
}
