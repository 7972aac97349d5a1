import { watchStream } from './abandoned.ts';
import type { IncomingBody } from './incoming-body.ts';

// The stream holds its source and the source holds the body, never the other way round (see IncomingBody).
class BodySource {
  readonly type = 'bytes' as const;
  readonly #body: IncomingBody;

  constructor(body: IncomingBody) {
    this.#body = body;
  }

  start(controller: ReadableByteStreamController): void {
    this.#body.attach(controller);
  }

  pull(controller: ReadableByteStreamController): void {
    this.#body.pull(controller);
  }

  cancel(reason: unknown): void {
    this.#body.cancel(reason);
  }
}

/** The body as fetch gives it: a byte stream that takes from the connection no more than is asked for. */
export function streamOf(body: IncomingBody): ReadableStream {
  const stream = new ReadableStream(new BodySource(body));
  watchStream(stream, body);
  return stream;
}
