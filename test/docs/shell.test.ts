import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { tsMesh } from '../cli/test-terminal.ts';
import { pages, placeOf, ROOT } from './page.ts';
import { words } from './words.ts';

/** Programs of others, of which nothing is checked. */
const OTHERS = new Set(['kubectl', 'istioctl', 'curl', 'git', 'export', 'cd', 'vitest', 'jest', 'deno', 'bun']);

interface Line {
  readonly where: string;
  readonly text: string;
}

/** The lines of shell blocks, and what is told to be run in the text. */
const lines: Line[] = pages().flatMap((page) => [
  ...page.blocks.filter(({ language }) => language === 'sh').flatMap((block) => block.text.replaceAll('\\\n', ' ').split('\n').map((text) => ({ where: placeOf(block), text }))),
  ...[...page.text.replaceAll(/^```[^]*?^```/gm, '').matchAll(/`((?:npx |npm (?:run|test|start))[^`]*)`/g)].map(([, text]) => ({ where: page.name, text: text! })),
]);

const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: Record<string, string> };

/** What `ts-mesh COMMAND --help` says, by command. */
const helps = new Map<string, string>();

beforeAll(async () => {
  const { out } = await tsMesh(['--help']);
  for (const [, command] of out.matchAll(/^ {2}(\w+) /gm)) helps.set(command!, (await tsMesh([command!, '--help'])).out);
});

/** What is wrong with one command. */
function problemOf(command: readonly string[]): string | undefined {
  const [program, ...rest] = command[0] === 'npx' ? command.slice(1) : command;
  if (program === 'ts-mesh') return problemOfOurs(rest);
  if (program === 'node') return existsSync(join(ROOT, rest[0]!)) ? undefined : `there is no ${rest[0]}`;
  if (program === 'npm') return problemOfNpm(rest);
  return OTHERS.has(program!) ? undefined : `what is ${program}?`;
}

function problemOfOurs([command, ...args]: readonly string[]): string | undefined {
  if (command === 'COMMAND') return undefined;
  const help = helps.get(command!);
  if (help === undefined) return `ts-mesh has no command ${command}`;
  const unknown = args.filter((arg) => /^-\w|^--\w/.test(arg)).find((arg) => !new RegExp(`(^|[ ,])${arg.split('=')[0]}\\b`, 'm').test(help));
  return unknown === undefined ? undefined : `ts-mesh ${command} has no option ${unknown}`;
}

function problemOfNpm([verb, name]: readonly string[]): string | undefined {
  if (['ci', 'i', 'install'].includes(verb!)) return undefined;
  const script = verb === 'run' ? name! : verb!;
  return Object.hasOwn(scripts, script) ? undefined : `package.json has no script ${script}`;
}

describe('the commands of the pages', () => {
  it.each(lines.map((line) => [line.where, line.text] as const).filter(([, text]) => !/^\s*(#|$)/.test(text)))('%s: %s', (_, text) => {
    expect(words(text).map(problemOf).filter((problem) => problem !== undefined)).toEqual([]);
  });
});
