/** One thing that is not as recorded. */
export interface Difference {
  /** Such as `status` or `attempts[0].path`. */
  readonly what: string;
  readonly expected: string;
  readonly got: string;
}

/** `status: expected 503, got 200` */
export function formatDifference({ what, expected, got }: Difference): string {
  return `${what}: expected ${expected}, got ${got}`;
}

/** A difference when `got` is not `expected`, both plain data. */
export function differenceOf(what: string, expected: unknown, got: unknown): Difference[] {
  return canonical(expected) === canonical(got) ? [] : [{ what, expected: show(expected), got: show(got) }];
}

/** `value` on one line, shortened. */
export function show(value: unknown): string {
  const text = value === undefined ? 'nothing' : JSON.stringify(value);
  return text.length > 160 ? `${text.slice(0, 157)}...` : text;
}

// The order of keys says nothing; that of lists does.
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  ) ?? 'undefined';
}
