import { parseDurationMs } from '../../common/duration.ts';
import { MeshError } from '../../common/errors.ts';
import type { RetrySafety } from '../../route/model.ts';

/** On a VirtualService: retries of its rules only where they do no harm. */
export const SAFE_RETRIES = 'ts-mesh.dev/safe-retries';
export const SAFE_RETRIES_EXPECTED = 'must be true, false, or a list of budget N% (0 to 100), least N/s (0 to 1000) and time DURATION (1ms to 1h), such as budget 10%, least 1/s, time 50ms';

/** What `true` means. */
export const DEFAULT_SAFETY: RetrySafety = Object.freeze({ budgetPercent: 20, leastPerSecond: 3, leastTimeMs: 1 });

const PART = /^(?:budget\s+(\d{1,3}(?:\.\d{1,4})?)\s?%|least\s+(\d{1,4}(?:\.\d{1,4})?)\s?\/s|time\s+(\S{1,20}))$/i;

/** `false`: not here, whatever the mesh's option says. `undefined`: `text` is not what is expected. */
export function parseSafeRetries(text: string): RetrySafety | false | undefined {
  const word = text.toLowerCase();
  if (word === 'true') return DEFAULT_SAFETY;
  if (word === 'false') return false;
  let { budgetPercent, leastPerSecond, leastTimeMs } = DEFAULT_SAFETY;
  for (const part of text.split(',')) {
    const found = PART.exec(part.trim());
    if (found === null) return undefined;
    const [, budget, least, time] = found;
    if (budget !== undefined) budgetPercent = Number(budget);
    if (least !== undefined) leastPerSecond = Number(least);
    if (time !== undefined) leastTimeMs = parseDurationMs(time) ?? 0;
  }
  const safety = { budgetPercent, leastPerSecond, leastTimeMs };
  return isRetrySafety(safety) ? safety : undefined;
}

/**
 * What a mesh's option asks for; `undefined`: nothing.
 *
 * @throws {MeshError} `ERR_INVALID_ARGUMENT` for figures out of bounds.
 */
export function retrySafety(option: boolean | Partial<RetrySafety> | undefined): RetrySafety | undefined {
  if (option === undefined || option === false) return undefined;
  const given = Object(option) as Partial<RetrySafety>;
  const { budgetPercent = DEFAULT_SAFETY.budgetPercent, leastPerSecond = DEFAULT_SAFETY.leastPerSecond, leastTimeMs = DEFAULT_SAFETY.leastTimeMs } = given;
  const safety = { budgetPercent, leastPerSecond, leastTimeMs };
  if ((option === true || typeof option === 'object') && isRetrySafety(safety)) return safety;
  const expected = 'budgetPercent from 0 to 100, leastPerSecond from 0 to 1000, leastTimeMs from 1 to 3600000';
  throw new MeshError('ERR_INVALID_ARGUMENT', `safeRetries must be true, false or an object with ${expected}, got ${JSON.stringify(option)}`);
}

/** Whether all of it is within bounds. */
function isRetrySafety({ budgetPercent, leastPerSecond, leastTimeMs }: RetrySafety): boolean {
  return isWithin(budgetPercent, 0, 100) && isWithin(leastPerSecond, 0, 1000) && isWithin(leastTimeMs, 1, 3_600_000);
}

function isWithin(value: number, from: number, to: number): boolean {
  return typeof value === 'number' && value >= from && value <= to;
}
