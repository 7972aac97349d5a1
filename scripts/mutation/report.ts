/** What is read of Stryker's JSON report (mutation-testing-report-schema). */
export interface StrykerReport {
  /** By path, such as `src/route/cors.ts`. */
  readonly files: Readonly<Record<string, { readonly source: string; readonly mutants: readonly StrykerMutant[] }>>;
}

interface StrykerMutant {
  readonly mutatorName: string;
  readonly replacement?: string;
  readonly status: 'Killed' | 'Timeout' | 'Survived' | 'NoCoverage' | 'Ignored' | 'CompileError' | 'RuntimeError' | 'Pending';
  /** Lines and columns from 1; the end is exclusive. */
  readonly location: { readonly start: Position; readonly end: Position };
}

interface Position {
  readonly line: number;
  readonly column: number;
}

/** A change of the code that no test noticed. */
export interface Survivor {
  readonly file: string;
  readonly line: number;
  /** The line it begins on, without indentation. */
  readonly lineText: string;
  /** What stood there. */
  readonly from: string;
  /** What took its place. */
  readonly to: string;
}

/** How well the tests of a file, or of several, notice changes. */
export interface Score {
  readonly mutants: number;
  /** Those that a test failed for, or ran into its timeout. */
  readonly noticed: number;
  readonly survived: number;
  readonly uncovered: number;
  readonly ignored: number;
  /** Share of those noticed, in percent; ignored ones count as unnoticed. 100 for a file without mutants. */
  readonly percent: number;
}

/** One file's score and what its tests missed. */
export interface FileScore {
  readonly file: string;
  readonly score: Score;
  readonly survivors: readonly Survivor[];
}

/** The files of `report` that have mutants, by name. Mutants that break the program by themselves are left out, as in Stryker's own score. */
export function scoreFiles({ files }: StrykerReport): FileScore[] {
  return Object.entries(files)
    .map(([file, { source, mutants }]) => {
      const valid = mutants.filter(({ status }) => status !== 'CompileError' && status !== 'RuntimeError');
      const missed = valid.filter(({ status }) => status !== 'Killed' && status !== 'Timeout');
      const count = (wanted: StrykerMutant['status']): number => missed.filter(({ status }) => status === wanted).length;
      const score = { mutants: valid.length, survived: count('Survived'), uncovered: count('NoCoverage'), ignored: count('Ignored') };
      const lines = source.split('\n');
      return { file, score: withShare(score, valid.length - missed.length), survivors: missed.map((mutant) => survivor(file, lines, mutant)) };
    })
    .filter(({ score }) => score.mutants > 0)
    .sort((a, b) => (a.file < b.file ? -1 : 1));
}

/** All files as one. */
export function total(files: readonly FileScore[]): Score {
  const sum = (key: keyof Score): number => files.reduce((all, { score }) => all + score[key], 0);
  return withShare({ mutants: sum('mutants'), survived: sum('survived'), uncovered: sum('uncovered'), ignored: sum('ignored') }, sum('noticed'));
}

function withShare(score: Omit<Score, 'noticed' | 'percent'>, noticed: number): Score {
  return { ...score, noticed, percent: score.mutants === 0 ? 100 : (noticed / score.mutants) * 100 };
}

function survivor(file: string, lines: readonly string[], { location: { start, end }, replacement = '' }: StrykerMutant): Survivor {
  const covered = lines.slice(start.line - 1, end.line);
  covered[covered.length - 1] = covered.at(-1)!.slice(0, end.column - 1);
  covered[0] = covered[0]!.slice(start.column - 1);
  return { file, line: start.line, lineText: lines[start.line - 1]!.trim(), from: oneLine(covered.join('\n')), to: oneLine(replacement) };
}

/** A long piece of code is known by its beginning. */
function oneLine(code: string): string {
  const text = code.replaceAll(/\s+/g, ' ').trim();
  return text.length <= 60 ? text : `${text.slice(0, 59)}…`;
}
