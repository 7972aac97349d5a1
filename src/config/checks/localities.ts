/** What is wrong with the entry `index` of a list of localities. */
export interface LocalityProblem {
  readonly index: number;
  readonly message: string;
}

/**
 * The first thing wrong with localities (`region/zone/subzone`, a trailing `*` for any) that may not overlap.
 *
 * Source: istio `validateLocalities`.
 */
export function localitiesProblem(localities: readonly string[]): LocalityProblem | undefined {
  // Every place named so far, and every place at or above one: "is covered by" and "covers" are one look-up each.
  const named = new Set<string>();
  const above = new Set<string>();
  for (const [index, locality] of localities.entries()) {
    const message = shapeProblem(locality) ?? overlapProblem(locality, named, above);
    if (message !== undefined) return { index, message };
  }
  return undefined;
}

function shapeProblem(locality: string): string | undefined {
  const wildcard = locality.indexOf('*');
  if (wildcard !== -1 && wildcard !== locality.length - 1) {
    return `has the locality ${JSON.stringify(locality)}, where only the end may be a wildcard`;
  }
  return locality.split('/', 3).includes('')
    ? `has the locality ${JSON.stringify(locality)}, which has an empty part`
    : undefined;
}

/** A wildcard after the places it covers passes, as it does for Istio; before them it does not. */
function overlapProblem(locality: string, named: Set<string>, above: Set<string>): string | undefined {
  const isWildcard = locality.endsWith('*');
  const parts = locality.split('/', 3).slice(0, isWildcard ? locality.split('/').length - 1 : 3);
  const lineage = ['', ...parts.map((_, at) => parts.slice(0, at + 1).join('/'))];
  const place = parts.join('/');
  if (lineage.some((step) => named.has(step)) || (!isWildcard && above.has(place))) {
    return `has the locality ${JSON.stringify(locality)}, which overlaps with one before it`;
  }
  named.add(place);
  for (const parent of lineage) above.add(parent);
  return undefined;
}
