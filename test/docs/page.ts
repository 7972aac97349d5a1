import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** A fenced block of a page. */
export interface Block {
  /** From the repository's root. */
  readonly page: string;
  /** Of its first line of text, from 1. */
  readonly line: number;
  /** `yaml`, `ts`, …; empty for none. */
  readonly language: string;
  readonly text: string;
  /** The text of a comment that ends on the line before, such as `wrong: ERR_UNKNOWN_FIELD`; empty for none. */
  readonly remark: string;
}

/** A page of documentation. */
export interface Page {
  readonly name: string;
  readonly text: string;
  readonly blocks: readonly Block[];
}

export const ROOT = join(import.meta.dirname, '../..');

/** README.md and everything in docs/ that people write. */
export function pages(): Page[] {
  const inDocs = readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .map((name) => name.replaceAll('\\', '/'))
    .filter((name) => name.endsWith('.md') && !name.startsWith('api/'));
  return ['README.md', ...inDocs.map((name) => `docs/${name}`).sort()].map((name) => pageOf(name, readFileSync(join(ROOT, name), 'utf8')));
}

/** The page `text` makes. Fences may be indented, as in lists; what they hold is taken without that. */
export function pageOf(name: string, text: string): Page {
  const blocks: Block[] = [];
  const lines = text.split('\n');
  for (let at = 0; at < lines.length; at++) {
    const fence = /^( *)```(\w*)\s*$/.exec(lines[at]!);
    if (fence === null) continue;
    const end = lines.findIndex((line, index) => index > at && line === `${fence[1]!}\`\`\``);
    if (end < 0) throw new Error(`${name}:${at + 1}: a fence without end`);
    const inside = lines.slice(at + 1, end).map((line) => (line.startsWith(fence[1]!) ? line.slice(fence[1]!.length) : line));
    blocks.push({ page: name, line: at + 2, language: fence[2]!, text: inside.map((line) => `${line}\n`).join(''), remark: remarkBefore(lines, at) });
    at = end;
  }
  return { name, text, blocks };
}

function remarkBefore(lines: readonly string[], fence: number): string {
  const before = lines.slice(Math.max(0, fence - 40), fence).join('\n');
  return /<!--((?:(?!-->)[^])*)-->\s*$/.exec(before)?.[1]?.trim() ?? '';
}

/** The files that a page shows before its block `end`: YAML that begins with `# mesh/name.yaml`, the last of a name. */
export function filesBefore({ blocks }: Page, end: number): ReadonlyMap<string, string> {
  const named = blocks.slice(0, end).map(({ language, text }) => [language === 'yaml' ? /^# (\S+\.yaml)\b/.exec(text)?.[1] : undefined, text] as const);
  return new Map(named.filter((file): file is readonly [string, string] => file[0] !== undefined));
}

/** Puts `files` into the folder `cwd`. */
export function writeFiles(cwd: string, files: ReadonlyMap<string, string>): void {
  for (const [name, text] of files) {
    mkdirSync(dirname(join(cwd, name)), { recursive: true });
    writeFileSync(join(cwd, name), text);
  }
}

/** Where a block is, for messages. */
export function placeOf({ page, line }: Block): string {
  return `${page}:${line}`;
}
