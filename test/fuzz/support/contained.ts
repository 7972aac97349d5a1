import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** What a child process runs, by name; each says in a word what it came to, or throws. */
export type Contained = Readonly<Record<string, () => string | Promise<string>>>;

/** What became of one of them. */
export interface Outcome {
  readonly name: string;
  /** What it came to; `threw …`, `crashed …` or `hung` when it did not come to anything. */
  readonly verdict: string;
  /** Time of the processor. */
  readonly cpuMs: number;
}

export interface Containment {
  /** A module of this folder that exports `contents(size)`. */
  readonly module: string;
  readonly size: number;
  /** Of the child's heap. */
  readonly megabytes: number;
  /** Far above what anything takes: what takes longer hangs. */
  readonly deadlineMs: number;
}

const CHILD = join(import.meta.dirname, 'contained-child.ts');

/** Runs everything in `module`, in a process that may not grow. What crashes or hangs takes nothing else with it. */
export async function contain(containment: Containment): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (;;) {
    const { outcomes: further, done, complaint } = await runChild(containment, outcomes.length);
    outcomes.push(...further);
    if (done) return outcomes;
    if (further.length === 0) throw new Error(`the child process does not even start: ${complaint}`);
  }
}

interface Line {
  readonly begins?: string;
  readonly ends?: Outcome;
  readonly done?: true;
}

/** Skips what has been run; ends with the first that crashes or hangs, or with all done. */
function runChild({ module, size, megabytes, deadlineMs }: Containment, skip: number): Promise<{ outcomes: Outcome[]; done: boolean; complaint: string }> {
  const child = spawn(process.execPath, ['--no-warnings', `--max-old-space-size=${megabytes}`, CHILD, module, String(size), String(skip)], { stdio: ['ignore', 'pipe', 'pipe'] });
  const outcomes: Outcome[] = [];
  let current: string | undefined;
  let done = false;
  let hung = false;
  let complaint = '';
  let deadline: NodeJS.Timeout | undefined;
  const wait = (): void => {
    clearTimeout(deadline);
    deadline = setTimeout(() => {
      hung = true;
      child.kill('SIGKILL');
    }, deadlineMs);
  };
  wait();
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complaint = (complaint + text).slice(-4000)));
  createInterface({ input: child.stdout }).on('line', (text) => {
    wait();
    const line = JSON.parse(text) as Line;
    if (line.done === true) done = true;
    current = line.begins;
    if (line.ends !== undefined) outcomes.push(line.ends);
  });
  return new Promise((resolve) => {
    child.on('close', (code, signal) => {
      clearTimeout(deadline);
      const crash = /FATAL ERROR: .*/.exec(complaint)?.[0] ?? `${signal ?? code}: ${complaint}`;
      if (current !== undefined) outcomes.push({ name: current, verdict: hung ? 'hung' : `crashed: ${crash}`, cpuMs: NaN });
      resolve({ outcomes, done, complaint });
    });
  });
}
