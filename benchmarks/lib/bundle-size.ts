import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { tmpdir } from 'node:os';
import { gzipSync } from 'node:zlib';
import { packageFile } from './package.ts';

const ROOT = join(import.meta.dirname, '..', '..');

/** Of a file, in bytes. */
export interface Size {
  readonly bytes: number;
  readonly gzipped: number;
}

/** What an app has that only calls. */
const APP = `import { configureMesh, meshFetch } from ${JSON.stringify(packageFile())};\nawait configureMesh({ config: './mesh' });\nawait meshFetch('http://reviews:9080/');\n`;

/** The files of an `import 'ts-mesh'`, as they are installed, and what a bundler leaves of them in an app that uses `configureMesh` and `meshFetch`. */
export async function bundleSizes(): Promise<Record<string, Size>> {
  const folder = mkdtempSync(join(tmpdir(), 'ts-mesh-bundle-'));
  try {
    writeFileSync(join(folder, 'app.mjs'), APP);
    // Loaded where it is needed: it brings a whole bundler.
    const { build } = await import('tsdown');
    const { dependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { dependencies: Record<string, string> };
    const bundled = async (neverBundle: string[]): Promise<Size> => {
      const bundles = await build({
        config: false,
        cwd: folder,
        entry: { app: 'app.mjs' },
        format: 'esm',
        platform: 'node',
        target: 'node22.19',
        minify: true,
        dts: false,
        write: false,
        logLevel: 'silent',
        deps: { neverBundle },
      });
      return sizeOf(bundles.flatMap(({ chunks }) => chunks.map((chunk) => (chunk.type === 'chunk' ? chunk.code : ''))));
    };
    return {
      'as installed': sizeOf(imported(packageFile())),
      'in an app, minified': await bundled(Object.keys(dependencies)),
      'the same with its dependencies': await bundled([]),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The texts of a file and of all that it imports from beside it. */
function imported(file: string, seen: Set<string> = new Set()): string[] {
  if (seen.has(file)) return [];
  seen.add(file);
  const text = readFileSync(file, 'utf8');
  const neighbours = [...text.matchAll(/(?:from|import)\s*"(\.\/[^"]+)"/g)].map(([, name]) => join(dirname(file), name!));
  return [text, ...neighbours.flatMap((neighbour) => imported(neighbour, seen))];
}

function sizeOf(texts: readonly string[]): Size {
  const all = texts.map((text) => Buffer.from(text));
  return { bytes: all.reduce((sum, { length }) => sum + length, 0), gzipped: all.reduce((sum, text) => sum + gzipSync(text).length, 0) };
}
