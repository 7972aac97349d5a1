import type { Location } from '../common/origin.ts';

/** Lines and columns of one text. */
export class LineMap {
  readonly #file: string;
  readonly #starts: number[] = [0];

  constructor(text: string, file: string) {
    this.#file = file;
    for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) this.#starts.push(at + 1);
  }

  /** Line and column, both from 1, of an offset into the text. */
  locate(offset: number): Location {
    const starts = this.#starts;
    let low = 0;
    let high = starts.length;
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if (starts[middle]! <= offset) low = middle;
      else high = middle;
    }
    return { file: this.#file, line: low + 1, column: offset - starts[low]! + 1 };
  }

  /** Where a line (from 1) starts; `undefined` when there is no such line. */
  offsetOf(line: number): number | undefined {
    return this.#starts[line - 1];
  }
}
