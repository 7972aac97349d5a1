import type { Survivor } from './report.ts';

/** Changes of one line that no test can notice, since what the program does stays the same. */
export interface Equivalent {
  readonly file: string;
  /** A piece of the line, enough to know it by. */
  readonly line: string;
  /** What stands there and what takes its place. */
  readonly changes: readonly (readonly [from: string, to: string])[];
  readonly why: string;
}

/** Known ones. They count as unnoticed all the same: a reason explains a score, it does not raise it. */
export const EQUIVALENT: readonly Equivalent[] = [];

/** The entry that knows `survivor`, if any. */
export function equivalentOf(survivor: Survivor, known: readonly Equivalent[] = EQUIVALENT): Equivalent | undefined {
  return known.find(
    ({ file, line, changes }) =>
      file === survivor.file && survivor.lineText.includes(line) && changes.some(([from, to]) => from === survivor.from && to === survivor.to),
  );
}

/** Entries for `files` with a change that did not survive: a test notices it, or the code has changed. */
export function outdated(files: readonly string[], survivors: readonly Survivor[], known: readonly Equivalent[] = EQUIVALENT): Equivalent[] {
  return known
    .filter(({ file }) => files.includes(file))
    .filter((entry) =>
      entry.changes.some((change) => !survivors.some((survivor) => equivalentOf(survivor, [{ ...entry, changes: [change] }]) !== undefined)),
    );
}
