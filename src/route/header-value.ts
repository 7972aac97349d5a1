import type { RequestHead } from './model.ts';

/**
 * The value of a pseudo-header such as `:path`, or of `host`, which is `:authority` to Envoy; `undefined` for any other name.
 *
 * Source: Envoy `HeaderMapImpl`, where the legacy name `host` is an alias.
 */
export function pseudoHeader(head: RequestHead, name: string): string | undefined {
  switch (name) {
    case ':method':
      return head.method;
    case ':path':
      return head.path;
    case ':scheme':
      return head.scheme;
    case ':authority':
    case 'host':
      return head.authority;
    default:
      return undefined;
  }
}

/** Whether `name` (lower case) is a part of the request line rather than a line of its own. */
export function isPseudoHeader(name: string): boolean {
  return name === 'host' || name.startsWith(':');
}
