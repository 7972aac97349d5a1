import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A folder of a test's own, with what tests do to files. Names are relative to it. */
export class TempFolder implements AsyncDisposable {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  static async with(files: Readonly<Record<string, string>> = {}): Promise<TempFolder> {
    const folder = new TempFolder(join(await mkdtemp(join(tmpdir(), 'ts-mesh-')), 'mesh'));
    await mkdir(folder.path);
    for (const [name, text] of Object.entries(files)) await folder.write(name, text);
    return folder;
  }

  at(name: string): string {
    return join(this.path, name);
  }

  /** In place, as `>` and many editors do; folders are made. */
  async write(name: string, text: string): Promise<void> {
    await mkdir(dirname(this.at(name)), { recursive: true });
    await writeFile(this.at(name), text);
  }

  /** As a whole, by putting a finished file in its place. */
  async replace(name: string, text: string): Promise<void> {
    await writeFile(this.at(`${name}.tmp`), text);
    await rename(this.at(`${name}.tmp`), this.at(name));
  }

  async rename(from: string, to: string): Promise<void> {
    await rename(this.at(from), this.at(to));
  }

  async remove(name = ''): Promise<void> {
    await rm(this.at(name), { recursive: true });
  }

  async link(name: string, target: string): Promise<void> {
    await symlink(target, this.at(name));
  }

  /**
   * As the kubelet updates a mounted ConfigMap: a new folder with all files, to which `..data` is turned at one stroke; then
   * links for new names, none for those that are gone, and the old folder is removed.
   */
  async mountConfigMap(version: string, files: Readonly<Record<string, string>>, before?: { readonly version: string; readonly names: readonly string[] }): Promise<void> {
    for (const [name, text] of Object.entries(files)) await this.write(`..${version}/${name}`, text);
    await this.link('..data_tmp', `..${version}`);
    await this.rename('..data_tmp', '..data');
    const tops = new Set(Object.keys(files).map((name) => name.split('/')[0]!));
    const known = new Set(before?.names.map((name) => name.split('/')[0]!));
    for (const top of tops) if (!known.has(top)) await this.link(top, join('..data', top));
    for (const top of known) if (!tops.has(top)) await this.remove(top);
    if (before !== undefined) await this.remove(`..${before.version}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(dirname(this.path), { recursive: true, force: true });
  }
}
