import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT, type Packed } from './packed.ts';

const run = promisify(execFile);

interface Manifest {
  readonly version?: string;
  readonly bin?: string | Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

/** A project outside of the repository, with nothing but what its `package.json` names. */
export interface Project extends Disposable {
  readonly folder: string;
  /** `npm test` on this Node, by the text of the script. */
  test(): Promise<{ readonly code: number; readonly output: string }>;
}

/** Where the repository has a package, more than one version of some. */
const SHELVES = (name: string): string[] => [join(ROOT, 'node_modules', name), join(ROOT, 'test', 'adapters', 'nest-11', 'node_modules', name), join(ROOT, 'node_modules', `${name}4`)];

/**
 * What `npm install` makes of `fixtures/projects/<name>`, without a registry: ts-mesh comes out of the tarball, everything else is linked from where
 * the repository has it. Packages that a project does not name are not there, the optional peers of ts-mesh least of all.
 */
export async function freshProject(packed: Packed, name: string): Promise<Project> {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), `ts-mesh-${name}-`));
  cpSync(join(import.meta.dirname, '..', 'fixtures', 'projects', name), folder, { recursive: true });
  await installPackage(packed, folder);
  const { dependencies = {}, devDependencies = {} } = manifestOf(folder);
  for (const [dependency, range] of Object.entries({ ...dependencies, ...devDependencies })) {
    if (dependency !== 'ts-mesh') link(folder, dependency, folderOf(dependency, range));
  }
  return { folder, test: () => runScript(folder), [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
}

/** Puts ts-mesh, and what it can't do without, into the `node_modules` of a folder. */
export async function installPackage(packed: Packed, folder: string): Promise<void> {
  const installed = join(folder, 'node_modules', 'ts-mesh');
  mkdirSync(installed, { recursive: true });
  await run('tar', ['-xzf', packed.tarball, '-C', installed, '--strip-components', '1']);
  for (const [dependency, range] of Object.entries(manifestOf(installed).dependencies ?? {})) link(folder, dependency, folderOf(dependency, range));
}

function manifestOf(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
}

/** The installed version with the major number of `range`. */
function folderOf(name: string, range: string): string {
  const major = /\d+/.exec(range)?.[0];
  const found = SHELVES(name).find((shelf) => existsSync(shelf) && manifestOf(shelf).version?.split('.')[0] === major);
  if (found === undefined) throw new Error(`the repository has no ${name}@${range}`);
  return found;
}

function link(folder: string, name: string, target: string): void {
  const path = join(folder, 'node_modules', name);
  mkdirSync(dirname(path), { recursive: true });
  symlinkSync(target, path, 'junction');
  const { bin = {} } = manifestOf(target);
  const programs = typeof bin === 'string' ? { [name]: bin } : bin;
  mkdirSync(join(folder, 'node_modules', '.bin'), { recursive: true });
  for (const [program, file] of Object.entries(programs)) symlinkSync(join(target, file), join(folder, 'node_modules', '.bin', program));
}

/** By Node's own `--run`, which reads the script as npm does, and on the Node that runs us whatever version npm would take. */
function runScript(cwd: string): Promise<{ code: number; output: string }> {
  const PATH = [dirname(process.execPath), process.env['PATH']].join(delimiter);
  const inherited = Object.entries(process.env).filter(([name]) => !/^(VITEST|NODE_|JEST_|npm_|TEST$|FORCE_COLOR)/.test(name));
  const env = { ...Object.fromEntries(inherited), PATH, NO_COLOR: '1', CI: '1' };
  return new Promise((resolve) => {
    execFile(process.execPath, ['--run', 'test'], { cwd, env, maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : -1, output: `${stdout}\n${stderr}` });
    });
  });
}
