import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const ROOT = join(import.meta.dirname, '..', '..');
const run = promisify(execFile);

/** A commit of this repository in a folder of its own, built. It goes when it is disposed of, and also when the program ends before. */
export class Checkout implements Disposable {
  /** Its root. */
  readonly root: string;
  /** The commit that it is of, abbreviated. */
  readonly commit: string;
  readonly #ended = (): void => this[Symbol.dispose]();

  private constructor(root: string, commit: string) {
    this.root = root;
    this.commit = commit;
    process.once('exit', this.#ended);
  }

  /** @param reference - whatever git takes for a commit */
  static async of(reference: string): Promise<Checkout> {
    const { stdout } = await run('git', ['rev-parse', '--short', '--verify', `${reference}^{commit}`], { cwd: ROOT }).catch((error: unknown) => {
      throw new Error(`git knows no commit ${reference}`, { cause: error });
    });
    const checkout = new Checkout(join(mkdtempSync(join(tmpdir(), 'ts-mesh-compare-')), 'tree'), stdout.trim());
    try {
      await run('git', ['worktree', 'add', '--detach', checkout.root, checkout.commit], { cwd: ROOT });
      symlinkSync(join(ROOT, 'node_modules'), join(checkout.root, 'node_modules'));
      await run(process.execPath, [join(ROOT, 'node_modules', 'tsdown', 'dist', 'run.mjs'), '--logLevel', 'error'], { cwd: checkout.root });
      return checkout;
    } catch (error) {
      checkout[Symbol.dispose]();
      throw error;
    }
  }

  /** Whether it asks for other versions of dependencies than are installed, which it is run with all the same. */
  get wantsOtherDependencies(): boolean {
    const dependencies = (root: string): string => JSON.stringify((JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { dependencies: object }).dependencies);
    return dependencies(this.root) !== dependencies(ROOT);
  }

  [Symbol.dispose](): void {
    process.off('exit', this.#ended);
    // The link first, so that nothing that removes folders can take what it leads to for a part of them.
    const link = join(this.root, 'node_modules');
    if (existsSync(link)) unlinkSync(link);
    rmSync(join(this.root, '..'), { recursive: true, force: true });
    execFileSync('git', ['worktree', 'prune'], { cwd: ROOT });
  }
}
