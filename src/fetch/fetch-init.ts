/** The init of fetch, with the members that the types leave out. */
export type FetchInit = RequestInit & { priority?: unknown; window?: unknown };

// All that fetch reads, except undici's own `dispatcher`. Source: fetch, "RequestInit".
const MEMBERS = [
  'method', 'headers', 'body', 'referrer', 'referrerPolicy', 'mode', 'credentials', 'cache', 'redirect', 'integrity',
  'keepalive', 'signal', 'window', 'duplex', 'priority',
] as const;

/** A plain copy of what `init` says, also of members that a class gives it by getters. */
export function membersOf(init: FetchInit): FetchInit {
  const members: Record<string, unknown> = {};
  for (const name of MEMBERS) {
    if (init[name] !== undefined) members[name] = init[name];
  }
  return members;
}

/** Whether `init` says nothing at all. */
export function isEmptyInit(init: unknown): boolean {
  if (init === undefined || init === null) return true;
  if (typeof init !== 'object') return false;
  const given = init as FetchInit;
  return given.dispatcher === undefined && MEMBERS.every((name) => given[name] === undefined);
}
