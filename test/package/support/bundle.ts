import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'tsdown';

/** A program with all that it imports in one file, minified. */
export interface Bundle {
  readonly file: string;
  readonly bytes: number;
  readonly gzipped: number;
  /** Packages of which something is inside. */
  readonly packages: readonly string[];
  /** Files of ts-mesh of which something is inside. */
  readonly files: readonly string[];
}

/** Bundles `text`, a module of the project in `folder`, whose `package.json` must not name what is to be inside. */
export async function bundle(folder: string, name: string, text: string, platform: 'node' | 'browser' | 'neutral' = 'node', conditions: readonly string[] = []): Promise<Bundle> {
  mkdirSync(join(folder, 'entries'), { recursive: true });
  writeFileSync(join(folder, 'entries', `${name}.mjs`), text);
  const [{ chunks }] = (await build({
    config: false,
    cwd: folder,
    entry: [`entries/${name}.mjs`],
    outDir: 'bundles',
    clean: false,
    dts: false,
    minify: true,
    platform,
    format: 'esm',
    logLevel: 'silent',
    deps: { alwaysBundle: [/./], onlyBundle: false },
    inputOptions: conditions.length === 0 ? {} : { resolve: { conditionNames: [...conditions, 'import', 'default'] } },
  })) as [Awaited<ReturnType<typeof build>>[number]];
  const chunk = chunks.find((one) => one.type === 'chunk' && one.isEntry);
  if (chunk?.type !== 'chunk') throw new Error(`${name} gave no bundle`);
  const inside = Object.entries(chunk.modules).filter(([, { renderedLength }]) => renderedLength > 0);
  const paths = inside.map(([id]) => /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\/(.*)/.exec(id.replaceAll('\\', '/'))).filter((match) => match !== null);
  const file = join(folder, 'bundles', chunk.fileName);
  const code = readFileSync(file);
  return {
    file,
    bytes: code.length,
    gzipped: gzipSync(code).length,
    packages: [...new Set(paths.map(([, name]) => name!))].filter((one) => one !== 'ts-mesh').sort(),
    files: paths.filter(([, name]) => name === 'ts-mesh').map(([, , path]) => path!),
  };
}
