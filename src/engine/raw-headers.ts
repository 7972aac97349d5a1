import type { ResponseHeaders } from './local-reply.ts';

/**
 * `headers` as a controller has them for handlers that ask for raw ones.
 *
 * @param asLines - as undici's parser hands them over: names and values in turn, as bytes
 */
export function rawHeadersOf(headers: ResponseHeaders | undefined, asLines: boolean): ResponseHeaders | Buffer[] | null {
  if (headers === undefined) return null;
  if (!asLines) return headers;
  const raw: Buffer[] = [];
  for (const [name, value] of Object.entries(headers)) {
    for (const line of Array.isArray(value) ? value : [value]) raw.push(Buffer.from(name, 'latin1'), Buffer.from(line, 'latin1'));
  }
  return raw;
}
