import type { Difference } from './difference.ts';

/** Milliseconds that a call may take longer than recorded. */
const LATER_MS = 250;
/** Milliseconds that it may take less, where the recorded time is long enough to be waited on purpose. */
const EARLIER_MS = 120;
const ON_PURPOSE_MS = 250;

/** Whether `got` is about as long as `expected`, or later by `slackMs`; recordings carry Envoy's cold start. */
export function compareElapsed(what: string, expected: number, got: number, slackMs: number): Difference[] {
  const least = expected >= ON_PURPOSE_MS ? expected - EARLIER_MS : 0;
  return compareRange(what, [least, expected + LATER_MS + slackMs], got);
}

/** Whether `got` lies between two values, both included. */
export function compareRange(what: string, [least, most]: readonly [number, number], got: number): Difference[] {
  return got >= least && got <= most ? [] : [{ what, expected: `${least} to ${most}`, got: String(got) }];
}
