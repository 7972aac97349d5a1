import { isAnswer, type CallKind } from '../answer.ts';

/** What a client gives whose answers are as fetch's. */
interface FetchAnswer {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  readonly body: AsyncIterable<Uint8Array> | null;
  text(): Promise<string>;
}

/** What a client gives whose answers are as those of undici.request. */
interface RequestAnswer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: AsyncIterable<Uint8Array> & { text(): Promise<string> };
}

/** Adds up what is read chunk by chunk. */
export async function sizeOf(chunks: AsyncIterable<Uint8Array>): Promise<number> {
  let size = 0;
  for await (const chunk of chunks) size += chunk.length;
  return size;
}

/** Reads an answer of fetch to its end. */
export async function readFetched(response: FetchAnswer, kind: CallKind): Promise<boolean> {
  const { status, headers } = response;
  const size = kind.read === 'text' ? (await response.text()).length : await sizeOf(response.body!);
  return isAnswer(kind, status, headers.get('content-type'), size);
}

/** Reads an answer of undici.request to its end. */
export async function readRequested({ statusCode, headers, body }: RequestAnswer, kind: CallKind): Promise<boolean> {
  const size = kind.read === 'text' ? (await body.text()).length : await sizeOf(body);
  return isAnswer(kind, statusCode, headers['content-type'], size);
}
