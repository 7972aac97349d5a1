/** What every server of the benchmarks answers: a Bookinfo review, 300 bytes and some. */
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

/** Whether a contestant got all of the answer: status, one header, the whole body. */
export function isAnswer(status: number, contentType: unknown, body: string): boolean {
  return status === 200 && contentType === CONTENT_TYPE && body.length === BODY.length;
}
