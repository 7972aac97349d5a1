/** `path` up to its query or fragment: the part that `uri` conditions and rewrites see. Source: Envoy `removeQueryAndFragment`. */
export function withoutQuery(path: string): string {
  const end = pathEnd(path);
  return end === path.length ? path : path.slice(0, end);
}

/** Where query or fragment of `path` begin, or where it ends. */
export function pathEnd(path: string): number {
  for (let i = 0; i < path.length; i++) {
    const code = path.charCodeAt(i);
    if (code === 63 /* ? */ || code === 35 /* # */) return i;
  }
  return path.length;
}

/**
 * The first value of query parameter `name`, or `undefined` when it is not there; a parameter without `=` is empty. Nothing is
 * decoded and only `&` separates.
 *
 * Source: Envoy `QueryParamsMulti::parseQueryString`, `getFirstValue`.
 */
export function queryParameter(path: string, name: string): string | undefined {
  let start = path.indexOf('?') + 1;
  if (start === 0) return undefined;
  while (start < path.length) {
    let end = path.indexOf('&', start);
    if (end === -1) end = path.length;
    if (path.startsWith(name, start)) {
      const after = start + name.length;
      if (after === end) return '';
      if (after < end && path.charCodeAt(after) === 61 /* = */) return path.slice(after + 1, end);
    }
    start = end + 1;
  }
  return undefined;
}
