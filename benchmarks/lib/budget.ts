import { showSpread, type Spread } from './statistics.ts';
import { formatTable } from './table.ts';

/** Something the project has set itself, and what was measured of it. */
export interface Budget {
  readonly what: string;
  /** Its median is what counts. */
  readonly measured: Spread;
  /** `≥ 3` */
  readonly bound: string;
  readonly met: boolean;
}

/** A budget that is met from `least` on. */
export function atLeast(what: string, measured: Spread, least: number): Budget {
  return { what, measured, bound: `≥ ${least}`, met: measured.median >= least };
}

/** A budget that is met up to `most`. */
export function atMost(what: string, measured: Spread, most: number): Budget {
  return { what, measured, bound: `≤ ${most}`, met: measured.median <= most };
}

/** Budgets as a table. */
export function describeBudgets(budgets: readonly Budget[]): string {
  const rows = budgets.map(({ what, measured, bound, met }) => [what, showSpread(measured), bound, met ? 'met' : 'not met']);
  return formatTable(['budget', 'measured', 'bound', ''], rows);
}
