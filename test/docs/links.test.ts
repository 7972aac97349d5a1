import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { pageOf, pages, ROOT, type Page } from './page.ts';

const others = ['CONTRIBUTING.md', 'SECURITY.md', 'examples/README.md', 'benchmarks/README.md'].map((name) => pageOf(name, readFileSync(join(ROOT, name), 'utf8')));
const all: readonly Page[] = [...pages(), ...others];

/** What GitHub calls the headings of a page. */
function anchorsOf(text: string): Set<string> {
  const anchors = new Set<string>();
  for (const [, heading] of withoutBlocks(text).matchAll(/^#+ (.+)$/gm)) {
    const plain = heading!.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    const slug = plain.replaceAll(/[^\p{L}\p{N}\s_-]/gu, '').trim().replaceAll(/\s/g, '-');
    let anchor = slug;
    for (let count = 1; anchors.has(anchor); count++) anchor = `${slug}-${count}`;
    anchors.add(anchor);
  }
  return anchors;
}

const withoutBlocks = (text: string): string => text.replaceAll(/^ *```[^]*?^ *```$/gm, '');

/** Links to files of the repository; `[text](path#anchor)`, not those in code. */
function linksOf({ text }: Page): string[] {
  return [...withoutBlocks(text).replaceAll(/`[^`\n]*`/g, '').matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target!).filter((target) => !/^\w+:/.test(target));
}

function problemOf(page: Page, link: string): string | undefined {
  const [path = '', anchor] = link.split('#');
  const file = path === '' ? page.name : relative(ROOT, join(ROOT, dirname(page.name), path));
  if (!existsSync(join(ROOT, file))) return `${link}: there is no ${file}`;
  if (anchor === undefined || !file.endsWith('.md')) return undefined;
  return anchorsOf(readFileSync(join(ROOT, file), 'utf8')).has(anchor) ? undefined : `${link}: ${file} has no such heading`;
}

describe('the links of the pages', () => {
  it.each(all.map((page) => [page.name, page] as const))('%s', (_, page) => {
    expect(linksOf(page).map((link) => problemOf(page, link)).filter((problem) => problem !== undefined)).toEqual([]);
  });

  it.each(['docs/guide', 'docs/resources'])('lead to every page of %s from its index', (folder) => {
    const index = readFileSync(join(ROOT, folder, 'README.md'), 'utf8');
    expect(readdirSync(join(ROOT, folder)).filter((name) => name !== 'README.md' && !index.includes(`](${name})`))).toEqual([]);
  });
});
