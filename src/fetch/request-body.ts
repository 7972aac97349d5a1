/**
 * The bytes of a request body that is in memory, copied as fetch copies them: what the caller does to its buffer
 * afterwards doesn't change the request. `undefined` for every kind that has to be read (streams, blobs, forms).
 */
export function bytesOf(body: unknown): Buffer | undefined {
  if (typeof body === 'string') return Buffer.from(body);
  if (body instanceof URLSearchParams) return Buffer.from(body.toString());
  if (body instanceof ArrayBuffer) return isUsual(body) ? Buffer.from(body.slice(0)) : undefined;
  if (ArrayBuffer.isView(body) && body.buffer instanceof ArrayBuffer && isUsual(body.buffer)) {
    return Buffer.from(new Uint8Array(body.buffer, body.byteOffset, body.byteLength));
  }
  return undefined;
}

// What fetch makes of a buffer that is resizable, shared, or detached (given away) differs between versions.
function isUsual(buffer: ArrayBuffer): boolean {
  return !buffer.resizable && !buffer.detached;
}

/** The content type that fetch gives a body of this kind when the caller names none. Source: fetch, "extract a body". */
export function typeOf(body: unknown): string | undefined {
  if (typeof body === 'string') return 'text/plain;charset=UTF-8';
  if (body instanceof URLSearchParams) return 'application/x-www-form-urlencoded;charset=UTF-8';
  return undefined;
}
