import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { expect, it } from 'vitest';
import { createMesh, type Mesh, type MeshOptions } from '../../src/index.ts';
import { pageOf, ROOT } from './page.ts';

const FILE = join(ROOT, 'README.md');

/** Runs a snippet with `names` in place of what it imports or takes from its surroundings. */
async function run(code: string, names: Readonly<Record<string, unknown>>): Promise<void> {
  const { outputText } = ts.transpileModule(code.replaceAll(/^import .*$/gm, ''), { compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023 } });
  await (new Function(...Object.keys(names), `return (async () => { ${outputText.replace('export {};', '')} })()`)(...Object.values(names)) as Promise<void>);
}

it('README.md shows a first use that works, and why its request goes where it goes', async () => {
  const text = readFileSync(FILE, 'utf8');
  const { blocks } = pageOf('README.md', text);
  const [first, why] = blocks.filter(({ language }) => language === 'ts');
  const yaml = blocks.find(({ language }) => language === 'yaml')!;
  const shown = blocks.find(({ language }) => language === 'text')!;
  let mesh: Mesh | undefined;
  const printed: string[] = [];
  const configureMesh = async (options: MeshOptions): Promise<void> => {
    mesh = await createMesh({ ...options, config: { text: yaml.text, file: 'mesh/reviews.yaml' } });
  };

  await run(first!.text, { configureMesh, meshFetch: () => new Response() });
  await run(why!.text, { mesh, console: { log: (line: string) => printed.push(`${line}\n`) } });
  await mesh!.close();

  const expected = text.replace(`\`\`\`text\n${shown.text}\`\`\``, () => `\`\`\`text\n${printed.join('')}\`\`\``);
  if (process.env['UPDATE_DOCS'] === '1') writeFileSync(FILE, expected);
  else expect(text).toBe(expected);
  expect(printed.join('')).toContain('endpoint 10.0.0.12:9080');
});
