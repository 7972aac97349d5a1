import type { Location } from '../common/origin.ts';
import type { LineMap } from './line-map.ts';

/**
 * Where a place within a text that a YAML scalar holds stands in the outer text. Only literal blocks (`key: |`) keep line
 * for line; for any other scalar it is the scalar's start.
 */
export function locateInScalar(outer: string, offset: number, lines: LineMap, line: number, column: number): Location {
  const start = lines.locate(offset);
  if (outer[offset] !== '|') return start;
  const outerLine = start.line + line;
  const from = lines.offsetOf(outerLine);
  if (from === undefined) return start;
  return { file: start.file, line: outerLine, column: column + indentOf(outer, offset, lines, start.line + 1) };
}

/** Blanks that the block has before each of its lines: those of its first line that is not blank. */
function indentOf(outer: string, offset: number, lines: LineMap, firstLine: number): number {
  const explicit = /^\|[-+]?([1-9])/.exec(outer.slice(offset, offset + 3));
  for (let line = firstLine; ; line++) {
    const from = lines.offsetOf(line);
    if (from === undefined) return 0;
    const end = outer.indexOf('\n', from);
    const text = outer.slice(from, end === -1 ? outer.length : end);
    const blanks = text.length - text.trimStart().length;
    // With an explicit indent the first line may be deeper; counting it all is at most some columns off.
    if (text.trim() !== '') return explicit === null ? blanks : Math.min(blanks, Number(explicit[1]) + blanks - 1);
  }
}
