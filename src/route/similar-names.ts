const AT_MOST = 3;

/** Up to three of `names` that someone who wrote `name` may have meant, the nearest first. */
export function similarNames(name: string, names: Iterable<string>): string[] {
  const near: { readonly candidate: string; readonly distance: number }[] = [];
  const limit = Math.max(1, Math.floor(name.length / 3));
  for (const candidate of names) {
    if (candidate === name || candidate.includes('*')) continue;
    const distance = sharesFirstLabel(name, candidate) ? 1 : editDistance(name, candidate, limit);
    if (distance <= limit) near.push({ candidate, distance });
  }
  near.sort((a, b) => a.distance - b.distance || a.candidate.length - b.candidate.length || (a.candidate < b.candidate ? -1 : 1));
  return near.slice(0, AT_MOST).map(({ candidate }) => candidate);
}

// `reviews` or `reviews.prod` for `reviews.default.svc.cluster.local`: the usual slip is the namespace.
function sharesFirstLabel(a: string, b: string): boolean {
  return a.split('.', 1)[0] === b.split('.', 1)[0];
}

/** Levenshtein's distance, or anything above `limit` if the lengths alone tell that it exceeds it. */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
