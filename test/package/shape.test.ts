import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { publint } from 'publint';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runNode } from './support/node.ts';
import { pack, ROOT, type Packed } from './support/packed.ts';

interface Manifest {
  readonly exports: Readonly<Record<string, unknown>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  /** All of them optional. */
  readonly peerDependencies: Readonly<Record<string, string>>;
}

const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Manifest;

/** Packages that a text of the bundle imports, in any of the ways there are. */
function packagesIn(text: string): string[] {
  const specifiers = text.matchAll(/\b(?:from\s*|import\s*|import\(\s*|require\(\s*)["']([^"'.][^"']*)["']/g);
  const names = [...specifiers].map(([, specifier]) => specifier!.split('/', specifier!.startsWith('@') ? 2 : 1).join('/'));
  return [...new Set(names)].filter((name) => !name.startsWith('node:') && !builtinModules.includes(name)).sort();
}

describe('the package', { timeout: 120_000 }, () => {
  let packed: Packed;
  let installed: string;
  beforeAll(async () => {
    packed = await pack();
    installed = join(packed.consumer, 'node_modules', 'ts-mesh');
  }, 180_000);
  afterAll(() => packed?.[Symbol.dispose]());

  const bundle = (...endings: string[]): string =>
    readdirSync(join(installed, 'dist'))
      .filter((name) => endings.some((ending) => name.endsWith(ending)))
      .map((name) => readFileSync(join(installed, 'dist', name), 'utf8'))
      .join('\n');

  it('has nothing for publint to remark', async () => {
    const { messages } = await publint({ pkgDir: installed, level: 'suggestion', strict: true });

    expect(messages).toEqual([]);
  });

  it('gives every kind of importer the right types', async () => {
    const attw = join(ROOT, 'node_modules', '@arethetypeswrong', 'cli', 'dist', 'index.js');
    // By every way of resolution, node10 too: it knows no `exports`, and is that of `module: commonjs`, which older Nest applications have.
    const { code, stdout } = await runNode(packed.consumer, [attw, packed.tarball, '--format', 'json', '--no-definitely-typed']);

    const { analysis, problems } = JSON.parse(stdout) as { analysis: { readonly entrypoints: object }; problems: object };
    expect(Object.keys(analysis.entrypoints).sort()).toEqual(Object.keys(manifest.exports).sort());
    expect(problems).toEqual({});
    expect(code).toBe(0);
  });

  it('contains what users need and nothing else', () => {
    const others = packed.files.map(({ path }) => path).filter((path) => !/^dist\/[\w-]+\.(mjs|cjs|d\.mts|d\.cts)(\.map)?$/.test(path));

    expect(others.filter((path) => !/^docs\/(?!api\/)([\w-]+\/)*[\w-]+\.md$/.test(path)).sort()).toEqual(['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json']);
  });

  it('names the files of every entry in `exports`, for both module systems, and one instead of all where Node is not', () => {
    const { exports } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as { exports: Record<string, unknown> };
    const entries = Object.keys(exports).filter((path) => path !== './package.json');
    const conditions = (file: string, ending: string, types: string) => ({
      types: `./dist/${file}.${types}`,
      'edge-light': `./dist/unsupported.${ending}`,
      workerd: `./dist/unsupported.${ending}`,
      browser: `./dist/unsupported.${ending}`,
      default: `./dist/${file}.${ending}`,
    });

    for (const entry of entries) {
      const file = entry === '.' ? 'index' : entry.slice(2);
      expect(exports[entry]).toEqual({ import: conditions(file, 'mjs', 'd.mts'), require: conditions(file, 'cjs', 'd.cts') });
    }
    const named = JSON.stringify(exports).match(/\.\/dist\/[\w.-]+/g)!;
    expect(named.filter((path) => !existsSync(join(installed, path)))).toEqual([]);
  });

  it('imports its dependencies, all of them and nothing else', () => {
    const runtime = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies }).filter((name) => !name.startsWith('@types/'));

    expect(packagesIn(bundle('.mjs'))).toEqual(runtime.sort());
  });

  it('carries what is ESM only inside its CJS files, where Jest could not require it', () => {
    const imported = packagesIn(bundle('.cjs'));

    expect(imported).not.toContain('p-limit');
    expect(imported.filter((name) => !(name in manifest.dependencies) && !(name in manifest.peerDependencies))).toEqual([]);
  });

  it('declares the types that its types need', () => {
    // Examples in comments import the package itself.
    const typed = packagesIn(bundle('.d.mts', '.d.cts')).filter((name) => name !== 'ts-mesh');
    const provided = typed.filter((name) => name in { ...manifest.dependencies, ...manifest.peerDependencies } && (shipsTypes(name) || `@types/${name}` in manifest.dependencies));

    expect(typed).toEqual(provided);
  });

  it('reports its size', () => {
    const rows = readdirSync(join(installed, 'dist'))
      .filter((name) => /\.(mjs|cjs)$/.test(name))
      .map((name) => ({ name, bytes: readFileSync(join(installed, 'dist', name)) }))
      .map(({ name, bytes }) => `  ${name.padEnd(24)} ${kilobytes(bytes.length)}   ${kilobytes(gzipSync(bytes).length)} gzipped`);
    const total = packed.files.reduce((sum, { size }) => sum + size, 0);

    console.log(`the package, ${packed.files.length} files, ${kilobytes(total)} unpacked, ${kilobytes(statSync(packed.tarball).size)} packed\n${rows.join('\n')}`);
    expect(rows.length).toBeGreaterThanOrEqual(6);
  });
});

describe('docs/dependencies.md', () => {
  const page = readFileSync(join(ROOT, 'docs', 'dependencies.md'), 'utf8');

  it.each(Object.keys({ ...manifest.dependencies, ...manifest.devDependencies }))('says what %s is for', (name) => {
    expect(page).toMatch(new RegExp(`(^|[^\\w/-])${name}([^\\w/-]|$)`, 'm'));
  });
});

// npm writes no entry for a platform's binary that the registry at hand does not offer, and then `npm ci` refuses.
describe('the lock file', () => {
  it('knows every optional dependency, those of other platforms too', () => {
    const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as { packages: Record<string, { optionalDependencies?: object }> };
    const known = new Set(Object.keys(packages).map((path) => path.replace(/^.*node_modules\//, '')));
    const wanted = Object.values(packages).flatMap(({ optionalDependencies = {} }) => Object.keys(optionalDependencies));

    expect(wanted.length).toBeGreaterThan(50);
    expect(wanted.filter((name) => !known.has(name))).toEqual([]);
  });
});

/** It says where, or has them where TypeScript looks by itself. */
function shipsTypes(name: string): boolean {
  const folder = join(ROOT, 'node_modules', name);
  return /"(types|typings)"\s*:/.test(readFileSync(join(folder, 'package.json'), 'utf8')) || existsSync(join(folder, 'index.d.ts'));
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1024).toFixed(1).padStart(7)} KiB`;
}
