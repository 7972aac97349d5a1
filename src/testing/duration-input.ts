import { parseDurationMs } from '../common/duration.ts';
import { MeshError } from '../common/errors.ts';

/** Milliseconds, or a duration as rules write it: `7s`, `250ms`, `1h30m`. */
export type DurationInput = number | string;

/** @throws {MeshError} `ERR_INVALID_ARGUMENT` unless it is one, and not negative. */
export function durationMs(input: DurationInput): number {
  const ms = typeof input === 'string' ? parseDurationMs(input) : input;
  if (ms === undefined || !(ms >= 0)) throw new MeshError('ERR_INVALID_ARGUMENT', `a duration must be milliseconds or such as '7s', '250ms', '1h30m', got ${JSON.stringify(input)}`);
  return ms;
}
