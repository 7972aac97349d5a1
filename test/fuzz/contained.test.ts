import { describe, expect, it } from 'vitest';
import { contain, type Containment } from './support/contained.ts';

/** At size 1 these take an hour. */
const FULL = process.env['PROPERTY_FACTOR'] !== undefined;

/** Nothing takes a tenth of it; what is quadratic takes hours. */
const DEADLINE_MS = FULL ? 300_000 : 90_000;

const TIMEOUT_MS = FULL ? 3_600_000 : 600_000;

describe('in a process that may not grow, nothing crashes or hangs:', { timeout: TIMEOUT_MS }, () => {
  it.each<[string, Pick<Containment, 'module' | 'size' | 'megabytes'>]>([
    ['texts that were written to do harm', { module: 'hostile-texts', size: FULL ? 0.3 : 0.01, megabytes: FULL ? 1536 : 256 }],
    ['rules that were written to do harm', { module: 'hostile-rules', size: FULL ? 0.3 : 0.02, megabytes: FULL ? 1536 : 256 }],
    ['requests of a megabyte', { module: 'large-requests', size: FULL ? 1 : 0.05, megabytes: FULL ? 512 : 256 }],
  ])('%s', async (_, containment) => {
    const outcomes = await contain({ ...containment, deadlineMs: DEADLINE_MS });

    expect(outcomes.length).toBeGreaterThan(50);
    expect(outcomes.filter(({ verdict }) => !/^(?:ok|ERR_[A-Z_]+(?: ERR_[A-Z_]+)*)$/.test(verdict))).toEqual([]);
  });
});
