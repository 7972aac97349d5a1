import { soon } from '../engine/soon.ts';
import type { IncomingBody } from './incoming-body.ts';

const reason = (): DOMException =>
  new DOMException('The Response was garbage collected before its body was read', 'AbortError');

const responses = new FinalizationRegistry<IncomingBody>((body) => {
  if (!body.claimed && !body.streamed) body.cancel(reason());
});
const streams = new FinalizationRegistry<IncomingBody>((body) => body.cancel(reason()));

/** Releases the connection of `body` when its stream was collected before its end. */
export function watchStream(stream: ReadableStream, body: IncomingBody): void {
  streams.register(stream, body);
}

// Most responses are read at once by the code that awaited them. Watching costs more than that, so it waits until
// that code has run: a microtask later, and only for bodies that nobody has begun to read.
let waiting: (readonly [response: object, body: IncomingBody, abortable: boolean])[] = [];

/**
 * Releases the connection of `body` when `response` was collected unread.
 *
 * @param abortable a signal is listened to until the body is read, so that even a complete body holds something.
 */
export function watchResponse(response: object, body: IncomingBody, abortable: boolean): void {
  if (waiting.push([response, body, abortable]) === 1) soon(watchWaiting);
}

function watchWaiting(): void {
  const batch = waiting;
  waiting = [];
  for (const [response, body, abortable] of batch) {
    if (!body.claimed && !body.streamed && (abortable || !body.closed)) responses.register(response, body);
  }
}
