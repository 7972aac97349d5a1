import type { ResponseHeaders } from './local-reply.ts';

/** `headers` as undici's parser hands raw ones over: names and values in turn, as bytes. */
export function rawHeadersOf(headers: ResponseHeaders | undefined): Buffer[] | null {
  if (headers === undefined) return null;
  const raw: Buffer[] = [];
  for (const [name, value] of Object.entries(headers)) {
    for (const line of Array.isArray(value) ? value : [value]) raw.push(Buffer.from(name, 'latin1'), Buffer.from(line, 'latin1'));
  }
  return raw;
}
