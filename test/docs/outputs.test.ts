import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { tsMesh } from '../cli/test-terminal.ts';
import { filesBefore, pages, ROOT, writeFiles, type Block, type Page } from './page.ts';
import { words } from './words.ts';

/**
 * A `text` block right after a `sh` block with one `ts-mesh` command is what that prints, with the YAML that stands above it on the page as its
 * files: each block that begins with `# mesh/name.yaml`, the last of a name. UPDATE_DOCS=1 writes them.
 */
interface Output {
  readonly command: readonly string[];
  readonly files: ReadonlyMap<string, string>;
  readonly block: Block;
}

function outputsOf(page: Page): Output[] {
  const outputs: Output[] = [];
  for (const [at, block] of page.blocks.entries()) {
    const before = page.blocks[at - 1];
    if (block.language !== 'text' || before?.language !== 'sh' || before.line + before.text.split('\n').length + 2 < block.line) continue;
    const [command, ...more] = words(before.text.replaceAll('\\\n', ' ').trim());
    if (command?.[1] === 'ts-mesh' && more.length === 0) outputs.push({ command: command.slice(2), files: filesBefore(page, at), block });
  }
  return outputs;
}

async function printed({ command, files }: Output): Promise<string> {
  const cwd = mkdtempSync(join(tmpdir(), 'ts-mesh-docs-'));
  try {
    writeFiles(cwd, files);
    const { out, err } = await tsMesh(command, { cwd });
    // Paths are shown from where the process is.
    return `${[out, err].filter((text) => text !== '').join('\n').trimEnd()}\n`.replaceAll(`${relative(process.cwd(), cwd)}/`, '');
  } finally {
    rmSync(cwd, { recursive: true });
  }
}

const withOutputs = pages().filter((page) => outputsOf(page).length > 0);

describe('what pages say that commands print', () => {
  it('is on every page of a resource', () => {
    const without = pages().filter((page) => page.name.startsWith('docs/resources/') && !page.name.endsWith('README.md') && outputsOf(page).length === 0);
    expect(without.map(({ name }) => name)).toEqual([]);
  });

  it.each(withOutputs.map((page) => [page.name, page] as const))('%s', async (_, page) => {
    const lines = page.text.split('\n');
    // From the last to the first, so that lines before keep their numbers.
    for (const output of outputsOf(page).reverse()) {
      lines.splice(output.block.line - 1, output.block.text.split('\n').length - 1, ...(await printed(output)).trimEnd().split('\n'));
    }
    const expected = lines.join('\n');
    if (process.env['UPDATE_DOCS'] === '1') writeFileSync(join(ROOT, page.name), expected);
    else expect(page.text).toBe(expected);
  });
});
