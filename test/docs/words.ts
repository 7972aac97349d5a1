/**
 * The commands of a shell line, each as its words: split at `|`, `&&` and `;`, without comments, redirections and `A=b` before them.
 * As much of a shell as pages use.
 */
export function words(line: string): string[][] {
  const tokens = [...line.matchAll(/"([^"]*)"|'([^']*)'|(#.*$)|(&&|[|;]|>>?)|([^\s"'|;>&]+)/g)];
  const commands: string[][] = [[]];
  let isTarget = false;
  for (const [, double, single, comment, sign, word] of tokens) {
    if (comment !== undefined) break;
    if (sign === '>' || sign === '>>') isTarget = true;
    else if (sign !== undefined) commands.push([]);
    else if (isTarget) isTarget = false;
    else commands.at(-1)!.push(double ?? single ?? word!);
  }
  return commands.map((command) => command.slice(command.findIndex((word) => !/^[A-Z_]+=/.test(word)))).filter(({ length }) => length > 0);
}
