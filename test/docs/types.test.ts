import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { NAMES } from './names.ts';
import { pages, placeOf, ROOT, type Block } from './page.ts';

/** Examples that are parts of tests are compiled there. */
const blocks = pages().flatMap((page) => page.blocks.filter(({ language, remark }) => /^(ts|js)$/.test(language) && !remark.startsWith('example ')));

/** Lines before the snippet's own. */
const withOf = ({ remark }: Block): string => (remark.startsWith('with:') ? `${remark.slice('with:'.length).trim()}\n` : '');
const headOf = (block: Block): string => `export {};\n${withOf(block)}`;
const fileOf = (block: Block): string => join(ROOT, 'docs', `${block.page.replaceAll(/\W/g, '-')}-${block.line}.${block.language}`);

const NAMES_FILE = join(ROOT, 'docs', 'names-of-snippets.ts');
const FILES = new Map([[NAMES_FILE, NAMES], ...blocks.map((block) => [fileOf(block), headOf(block) + block.text] as const)]);

/** `ts-mesh/testing` → `src/testing/index.ts`, for every entry of package.json. */
function entries(): Record<string, string[]> {
  const { exports } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { exports: Record<string, unknown> };
  const names = Object.keys(exports).filter((entry) => entry !== './package.json').map((entry) => entry.slice(1));
  const places = (name: string): string[] => [`src${name}/index.ts`, `src/adapters${name}.ts`].map((file) => join(ROOT, file));
  return Object.fromEntries(names.map((name) => [`ts-mesh${name}`, places(name)]));
}

/** One program of all snippets. Those in JavaScript have no types to give. */
function check(): ReadonlyMap<string, readonly string[]> {
  const { config } = ts.readConfigFile(join(ROOT, 'tsconfig.json'), ts.sys.readFile) as { config: { compilerOptions: object } };
  const { options } = ts.convertCompilerOptionsFromJson(
    { ...config.compilerOptions, allowJs: true, checkJs: true, experimentalDecorators: true, erasableSyntaxOnly: false, verbatimModuleSyntax: false, noUnusedLocals: false, noUnusedParameters: false, paths: entries() },
    ROOT,
  );
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists, readFile } = host;
  host.getSourceFile = (name, ...rest) => (FILES.has(name) ? ts.createSourceFile(name, FILES.get(name)!, rest[0]) : getSourceFile(name, ...rest));
  host.fileExists = (name) => FILES.has(name) || fileExists(name);
  host.readFile = (name) => FILES.get(name) ?? readFile(name);
  const program = ts.createProgram([...FILES.keys()], options, host);
  return new Map([...FILES.keys()].map((name) => [name, problemsOf(program, name)]));
}

/** Parameters of JavaScript that say nothing of their type. */
const UNTYPED = new Set([7005, 7006, 7031, 7034]);

function problemsOf(program: ts.Program, name: string): string[] {
  const file = program.getSourceFile(name);
  return [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)]
    .filter(({ code }) => !(name.endsWith('.js') && UNTYPED.has(code)))
    .map(({ messageText, start = 0, code }) => `line ${file!.getLineAndCharacterOfPosition(start).line + 1}: TS${code} ${ts.flattenDiagnosticMessageText(messageText, '\n')}`);
}

describe('the code of the pages', () => {
  const problems = check();

  it('has names that exist', () => {
    expect(problems.get(NAMES_FILE)).toEqual([]);
  });

  it.each(blocks.map((block) => [placeOf(block), block] as const))('%s', (_, block) => {
    expect(problems.get(fileOf(block)), headOf(block) + block.text).toEqual([]);
  });
});
