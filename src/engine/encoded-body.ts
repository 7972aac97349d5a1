import type { Dispatcher } from 'undici';

/** A request body as Node's clients can send it. */
export interface EncodedBody {
  /** Absent: there is none, and the request ends with its headers. */
  readonly body?: Uint8Array | AsyncIterable<unknown>;
  readonly contentType?: string;
  readonly length?: number;
}

/** Bytes, or something that gives them; forms and Blobs as fetch encodes them. */
export function encodeBody(body: Dispatcher.DispatchOptions['body']): EncodedBody {
  if (body === undefined || body === null || body === '') return {};
  if (typeof body === 'string') return whole(Buffer.from(body));
  if (ArrayBuffer.isView(body)) return whole(Buffer.from(body.buffer, body.byteOffset, body.byteLength));
  if ((body as unknown) instanceof ArrayBuffer) return whole(new Uint8Array(body as unknown as ArrayBuffer));
  if (Symbol.asyncIterator in body) return { body: body as AsyncIterable<unknown> };
  const response = new Response(body as never);
  const contentType = response.headers.get('content-type');
  return { body: response.body as AsyncIterable<unknown>, ...(contentType !== null && { contentType }) };
}

function whole(bytes: Uint8Array): EncodedBody {
  return { body: bytes, length: bytes.byteLength };
}
