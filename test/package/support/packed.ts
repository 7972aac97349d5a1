import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { withBuild } from '../../../scripts/ensure-build.ts';

const run = promisify(execFile);

/** The repository. */
export const ROOT = join(import.meta.dirname, '..', '..', '..');

/** What `npm pack` says of one file. */
export interface PackedFile {
  readonly path: string;
  readonly size: number;
}

/** The package as a registry would hand it out, and a project that has installed it. */
export interface Packed extends Disposable {
  readonly tarball: string;
  readonly files: readonly PackedFile[];
  /** A project with `node_modules/ts-mesh` unpacked from the tarball, and everything of `fixtures/consumer`. */
  readonly consumer: string;
}

/**
 * Builds if needed, packs and unpacks. The project lies inside the repository, so that the package's dependencies are
 * found there without a registry; the package itself is found nowhere but in the project.
 */
export async function pack(): Promise<Packed> {
  mkdirSync(join(ROOT, 'reports'), { recursive: true });
  const folder = mkdtempSync(join(ROOT, 'reports', 'package-'));
  const { stdout } = await withBuild(() => run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], { cwd: ROOT, maxBuffer: 1 << 26 }));
  const [{ filename, files }] = JSON.parse(stdout) as [{ filename: string; files: PackedFile[] }];
  const consumer = join(folder, 'consumer');
  const installed = join(consumer, 'node_modules', 'ts-mesh');
  mkdirSync(installed, { recursive: true });
  await run('tar', ['-xzf', join(folder, filename), '-C', installed, '--strip-components', '1']);
  cpSync(join(import.meta.dirname, '..', 'fixtures', 'consumer'), consumer, { recursive: true });
  return { tarball: join(folder, filename), files, consumer, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
}
