import { isJoinedInRequests, joinLines } from './joined-headers.ts';

/**
 * Header lines as a flat list `[name, value, name, value, …]`, names in lower case, in order, repeats kept.
 * It is what undici takes without conversion, and cheap to scan at the sizes real requests have.
 */
export type HeaderList = string[];

/** The first value of `name` (lower case), or `undefined`. */
export function getHeader(headers: readonly string[], name: string): string | undefined {
  for (let i = 0; i < headers.length; i += 2) {
    if (headers[i] === name) return headers[i + 1];
  }
  return undefined;
}

/** Whether a line `name` (lower case) is there, whatever its value. */
export function hasHeader(headers: readonly string[], name: string): boolean {
  return getHeader(headers, name) !== undefined;
}

/** Removes every line `name` (lower case). */
export function removeHeader(headers: HeaderList, name: string): void {
  let to = 0;
  for (let from = 0; from < headers.length; from += 2) {
    if (headers[from] === name) continue;
    if (to !== from) {
      headers[to] = headers[from]!;
      headers[to + 1] = headers[from + 1]!;
    }
    to += 2;
  }
  headers.length = to;
}

/** Makes `name: value` the only line of that name; a first present line keeps its place. */
export function setHeader(headers: HeaderList, name: string, value: string): void {
  for (let i = 0; i < headers.length; i += 2) {
    if (headers[i] !== name) continue;
    headers[i + 1] = value;
    for (let j = headers.length - 2; j > i; j -= 2) {
      if (headers[j] === name) headers.splice(j, 2);
    }
    return;
  }
  headers.push(name, value);
}

/** Appends a further line to a request's, or to the line of a header that has only one. */
export function addHeader(headers: HeaderList, name: string, value: string): void {
  if (isJoinedInRequests(name)) {
    for (let i = 0; i < headers.length; i += 2) {
      if (headers[i] !== name) continue;
      headers[i + 1] = joinLines(headers[i + 1]!, value);
      return;
    }
  }
  headers.push(name, value);
}
