/** What lies between the items that two lists both begin and end with: from `start` to `endA` in `a`, to `endB` in `b`. */
export function between<T>(a: readonly T[], b: readonly T[]): { readonly start: number; readonly endA: number; readonly endB: number } {
  let start = 0;
  let endA = a.length;
  let endB = b.length;
  while (start < endA && start < endB && a[start] === b[start]) start++;
  while (endA > start && endB > start && a[endA - 1] === b[endB - 1]) {
    endA--;
    endB--;
  }
  return { start, endA, endB };
}
