/** One header line; names in lower case. */
export type HeaderLine = readonly [name: string, value: string];

/** A call as it leaves the application. */
export interface CallerRequest {
  readonly method: string;
  /** Host with port, as the caller wrote it. */
  readonly authority: string;
  /** Port of the listener that it reaches. */
  readonly port: number;
  /** With the query, as on the wire. */
  readonly path: string;
  /** Without `host`. */
  readonly headers: readonly HeaderLine[];
  /** The address that was dialled, if that is of interest. */
  readonly dialled?: string;
}

/** The same, as rules see it. */
export interface Request extends CallerRequest {
  readonly scheme: string;
}

export function linesOf(headers: readonly HeaderLine[], name: string): string[] {
  return headers.filter(([own]) => own === name.toLowerCase()).map(([, value]) => value);
}

export function pathOnly(path: string): string {
  return path.split('?')[0] ?? '';
}

/** With its question mark, or empty. */
export function queryOf(path: string): string {
  const mark = path.indexOf('?');
  return mark < 0 ? '' : path.slice(mark);
}

/** §3: what the proxy has done to a call before it looks at rules. `undefined`: refused, the path has a fragment. */
export function admitted(call: CallerRequest, normalization: string): Request | undefined {
  if (call.path.includes('#')) return undefined;
  const [proto] = linesOf(call.headers, 'x-forwarded-proto');
  const headers: HeaderLine[] = [...call.headers];
  if (proto === undefined) headers.push(['x-forwarded-proto', 'http']);
  if (linesOf(headers, 'x-request-id').length === 0) headers.push(['x-request-id', GENERATED]);
  return { ...call, headers, scheme: proto === 'https' ? 'https' : 'http', path: normalized(call.path, normalization) };
}

/** Stands for an id that the proxy makes up. */
export const GENERATED = '<generated>';

function normalized(path: string, normalization: string): string {
  if (normalization === 'NONE') return path;
  let bare = pathOnly(path).replaceAll('\\', '/');
  // Escapes of characters that need none; %2F and the like stay.
  bare = bare.replaceAll(/%[0-9a-fA-F]{2}/g, (escape) => {
    const character = String.fromCharCode(Number.parseInt(escape.slice(1), 16));
    return /[A-Za-z0-9\-._~]/.test(character) ? character : escape;
  });
  if (normalization === 'DECODE_AND_MERGE_SLASHES') bare = bare.replaceAll(/%2f/gi, '/').replaceAll(/%5c/gi, '/');
  bare = withoutDotSegments(bare);
  if (normalization === 'MERGE_SLASHES' || normalization === 'DECODE_AND_MERGE_SLASHES') {
    // Nothing but slashes stays two of them (Envoy's source; the page does not tell).
    bare = /^\/\/+$/.test(bare) ? '//' : bare.replaceAll(/\/+/g, '/');
  }
  return bare + queryOf(path);
}

function withoutDotSegments(path: string): string {
  const kept: string[] = [];
  const segments = path.split('/').slice(1);
  segments.forEach((segment, index) => {
    const isLast = index === segments.length - 1;
    if (segment === '..') kept.pop();
    if (segment !== '.' && segment !== '..') kept.push(segment);
    else if (isLast) kept.push('');
  });
  return `/${kept.join('/')}`;
}
