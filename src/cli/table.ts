/** Rows under a heading, columns as wide as they need; the last one takes what is left of the line. */
export function table(heading: readonly string[], rows: readonly (readonly string[])[], columns: number): string {
  const all = [heading, ...rows];
  const widths = heading.map((_, column) => Math.max(...all.map((row) => row[column]!.length)));
  const before = widths.slice(0, -1).reduce((sum, width) => sum + width + 2, 0);
  const last = Math.max(20, columns - before);
  return all
    .map((row) => row.map((cell, column) => (column === row.length - 1 ? shorten(cell, last) : cell.padEnd(widths[column]!))).join('  ').trimEnd())
    .join('\n');
}

function shorten(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}
