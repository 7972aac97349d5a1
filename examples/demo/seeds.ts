import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A file and what it says, as `mesh.apply` takes it. */
export interface RuleFile {
  /** Below `examples/`. */
  readonly file: string;
  readonly text: string;
}

/** Changes the text of a rule file before it is used. Tests break rules so. */
export type Tamper = (file: string, text: string) => string;

/**
 * The YAML files of the examples, with their times divided by one common factor: a delay of 7 s and the budgets of 6 s
 * and 10 s around it keep their proportions, and nobody waits for minutes.
 */
export class Seeds {
  /** What times are divided by; 1: the walk-throughs' own. */
  readonly divisor: number;
  readonly #tamper: Tamper;

  constructor(divisor: number, tamper: Tamper = (_file, text) => text) {
    this.divisor = divisor;
    this.#tamper = tamper;
  }

  /** A file below `examples/`. `edit` is what a reader of the walk-through does to it by hand. */
  async read(file: string, edit: (text: string) => string = (text) => text): Promise<RuleFile> {
    const text = await readFile(join(import.meta.dirname, '..', file), 'utf8');
    return { file, text: this.#shrink(this.#tamper(file, edit(text))) };
  }

  /** An original time, divided. */
  ms(originalMs: number): number {
    return originalMs / this.divisor;
  }

  /** `7 s`, or `7 s ÷ 10 = 0.7 s`. */
  describe(originalMs: number): string {
    const original = `${originalMs / 1000} s`;
    return this.divisor === 1 ? original : `${original} ÷ ${this.divisor} = ${this.ms(originalMs) / 1000} s`;
  }

  /** Injected delays and route timeouts: the times that a caller waits for. */
  #shrink(yaml: string): string {
    return yaml.replace(/^(\s*(?:fixedDelay|timeout): )([\d.]+)s/gm, (_match, key: string, seconds: string) => `${key}${this.ms(Number(seconds) * 1000)}ms`);
  }
}
