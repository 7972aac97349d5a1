/** What every server of the benchmarks answers by default: a Bookinfo review, 300 bytes and some. */
export const BODY = JSON.stringify({
  id: '0',
  podname: 'reviews-v1-545db77b95-2vr8d',
  clustername: 'null',
  reviews: [
    { reviewer: 'Reviewer1', text: 'An extremely entertaining play by Shakespeare. The slapstick humour is refreshing!' },
    { reviewer: 'Reviewer2', text: 'Absolutely fun and entertaining. The play lacks thematic depth when compared to other plays by Shakespeare.' },
  ],
});

export const CONTENT_TYPE = 'application/json';

/** A request for this path is taken and not answered. */
export const HELD_PATH = '/held';

/** Before the number of bytes that the server shall answer with. */
export const BYTES_PATH = '/bytes/';

/** One kind of call: what comes back, and how its caller reads it. */
export interface CallKind {
  /** Of the answer's body; none said: the review. */
  readonly bytes?: number;
  /** What is asked for, where it is neither of these. */
  readonly path?: string;
  /** As one text, or chunk by chunk. */
  readonly read: 'text' | 'stream';
}

/** What most races ask for. */
export const USUAL: CallKind = { read: 'text' };

/** What a call of this kind asks the server for. */
export function pathOf({ bytes, path }: CallKind): string {
  return path ?? (bytes === undefined ? '/reviews/0' : `${BYTES_PATH}${bytes}`);
}

/** Whether a contestant got all of the answer: status, one header, the whole body of `size` characters or bytes (all of them are ASCII). */
export function isAnswer({ bytes = BODY.length }: CallKind, status: number, contentType: unknown, size: number): boolean {
  return status === 200 && contentType === CONTENT_TYPE && size === bytes;
}
